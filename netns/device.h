/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_DEVICE_H
#define NETNS_DEVICE_H

/*
 * What the host has: the namespace of the caller, of which the struct nl is a
 * route socket. What is switched on here for zones stays on, as it may since
 * serve others; each change is told in a line.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "netns/link.h"
#include "netns/nl.h"

/* False when the kernel has no IPv6, or it is switched off for every interface. */
bool device_has_ipv6(void);
/* The link that packets to the world leave by. ERR_NOT_FOUND when no route leads there. */
int device_uplink(struct nl *nl, uint8_t family, struct link *out, struct error *err);
/* ERR_BUSY when the host itself uses the link: it has an address, is a port or a bridge. */
int device_check_unused(struct nl *nl, const struct link *link, struct error *err);

/* Lets packets that arrive on the link go on to zones. Each change is added to changed as a line:
 * "IPv4 forwarding is on for 'eth0' now". */
int device_forward(struct nl *nl, uint8_t family, const struct link *uplink, struct str *changed,
		   struct error *err);
/* Lets the host answer on the link for addresses of zones (addr_add_proxy()), without delay. */
int device_announce(struct nl *nl, uint8_t family, const struct link *link, struct str *changed,
		    struct error *err);
/* Makes IPv6 of the host's end of a pair deaf to routers that a zone may play; with is_used
 * false, deaf to IPv6. link is as the kernel made it. */
int device_guard_ipv6(const struct link *link, bool is_used, struct error *err);

#endif
