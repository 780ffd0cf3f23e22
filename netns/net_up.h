/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NET_UP_H
#define NETNS_NET_UP_H

/*
 * What the steps of net_up() share; each is a function here, in their order. For
 * netns/net*.c.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "netns/link.h"
#include "netns/nl.h"
#include "netns/plan.h"

struct end {
	struct link device;		/* bridge, parent or hardware; index 0 for routed */
	struct link host;		/* the host's end of a pair; index 0 until it is known */
	int zone_index;			/* inside; likewise */
	char funnel_name[IFNAMSIZ];	/* "" without a rate_out */
	int funnel;
	uint32_t mtu;			/* 0: the kernel's */
};

struct up {
	const struct net_plan *plan;
	struct nl host;
	struct nl *zone;		/* borrowed */
	int netns_fd;
	char alias[LINK_ALIAS_MAX];
	struct str *changed;		/* borrowed */
	struct link uplink4, uplink6;	/* index 0 without one */
	struct end ends[NET_NICS_MAX];
};

/* The MAC of every host's end of a routed pair. */
extern const uint8_t net_gateway_mac[NET_MAC_LEN];

/* True for the kinds with a veth pair. */
bool net_has_pair(const struct nic *nic);
/* True if it has an address of the family. */
bool net_has_family(const struct nic *nic, uint8_t family);

/* True if ports of the host's ::1 lead to an address of this routed interface. */
bool net_has_localhost(const struct net_plan *plan, const struct nic *nic);

/* Sends what each interface adds to a batch; a failure names the interface. take, which may be
 * NULL, reads the answers, with u as its arg. */
int net_for_each(struct up *u, struct nl *nl,
		 void (*add)(struct up *u, size_t i, struct nl_batch *b),
		 int (*take)(const struct nlmsghdr *msg, void *arg, struct error *err),
		 struct error *err);

/* Finds devices and uplinks, refuses what can't be; switches forwarding on. */
int net_look(struct up *u, struct error *err);
/* Makes the links, raised by nobody yet. */
int net_make_links(struct up *u, struct error *err);
/* Addresses and routes inside; the zone's links are up then, but have no carrier. */
int net_make_zone_side(struct up *u, struct error *err);
/* Ports, routes, neighbours and rates of the host; packets pass when it returns. */
int net_make_host_side(struct up *u, struct error *err);

#endif
