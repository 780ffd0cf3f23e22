/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_ADDR_H
#define NETNS_ADDR_H

/*
 * Addresses, routes and neighbours of the namespace that a struct nl was opened
 * in. What changes something is a request of a batch (nl.h); routes and
 * neighbours that are there already are replaced.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Who made a route or a proxy: a number of our own (rtnetlink(7), rtm_protocol), which `ip` shows
 * as "proto 122". */
enum { ADDR_PROTOCOL = 122 };

/* 4, 16, or 0 for another family. */
size_t addr_len(uint8_t family);
/* True if it is "", of no family. */
bool addr_is_none(const struct net_addr *a);
/* Text of the address without its prefix. Returns out. */
enum { ADDR_TEXT_MAX = 46 };
const char *addr_text(const struct net_addr *a, char out[ADDR_TEXT_MAX]);

/* Gives a link an address that is in use at once: nobody is asked whether he has it (IFA_F_NODAD).
 * Without is_onlink no route to its prefix comes with it. */
void addr_add(struct nl_batch *b, int index, const struct net_addr *a, bool is_onlink);
/* Route to exactly this address, directly on the link. */
void addr_add_host_route(struct nl_batch *b, int index, const struct net_addr *to);
/* Lets answers to ::1 in through the link, for connections of the host to its own ::1 that are led
 * to a zone: without it the kernel takes them from lo alone (rt6_need_strict()). What a zone
 * itself sends to ::1 is refused before any route is asked for (ip6_rcv_core()). */
void addr_add_localhost(struct nl_batch *b, int index);
/* The default route of gateway's family; gateway need not be on a subnet of the link. metric 0 is
 * the most preferred. source, which may be NULL, is what packets leave from by default. */
void addr_add_default_route(struct nl_batch *b, int index, const struct net_addr *gateway,
			    uint32_t metric, const struct net_addr *source);
/* Says for ever that mac is behind the address: nobody asks, and nobody can say otherwise. */
void addr_add_neighbour(struct nl_batch *b, int index, const struct net_addr *a,
			const uint8_t *mac);
/* Has the host answer ARP or neighbour discovery for the address on a link. */
void addr_add_proxy(struct nl_batch *b, int index, const struct net_addr *a);

/* Which links zones still have. */
struct addr_links {
	bool (*has)(int index, void *arg);
	void *arg;
};
/* Removes every such answer of ours whose address is not routed to one of them. */
int addr_remove_proxies(struct nl *nl, const struct addr_links *live, struct error *err);

/* Where a packet to the address would go. */
struct addr_route {
	int index;			/* of the link */
	bool has_gateway;
	bool is_ours;			/* to a zone */
};
/* ERR_NOT_FOUND when there is no route. */
int addr_route_to(struct nl *nl, const struct net_addr *to, struct addr_route *out,
		  struct error *err);
/* True if what is sent to the address on the link is for this namespace itself: an IPv6 address is
 * there a moment before the kernel's worker makes it so (addrconf_dad_work()). */
bool addr_is_served(struct nl *nl, int index, const struct net_addr *a);
/* True if the link has an address that is not link-local. */
int addr_is_on_link(struct nl *nl, int index, bool *out, struct error *err);

#endif
