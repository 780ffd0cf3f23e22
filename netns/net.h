/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NET_H
#define NETNS_NET_H

/*
 * A zone's network on this host, whole: links, addresses, routes (link.h, addr.h,
 * shape.h) and its elements of the nft table (table.h). The host's side is the
 * network namespace of the caller. Every "down" asks the kernel what is there,
 * so it may run twice, without its "up", and by another process.
 */

#include "base/error.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Makes all that the plan says. zone is a route socket that was opened in the zone's network
 * namespace, zone_netns_fd that namespace. On failure nothing is left. ERR_NOT_FOUND for a device
 * that is not there, ERR_BUSY for one that another zone has, ERR_UNSUPPORTED for what this kernel
 * lacks, naming it. */
int net_up(const struct net_plan *plan, struct nl *zone, int zone_netns_fd, struct error *err);
/* Takes the zone out of the table, adds up its counters into *last, which may be NULL, and lets go
 * of its links. Links whose other end is in an ending namespace go with that, and are not waited
 * for: their names are never used twice (net_host_name()). */
int net_down(const char *site, const char *zone, struct net_stats *last, struct error *err);
/* Every zone of the site that has anything on this host, as a strv that the caller owns: what
 * repair compares with the zones that run. */
int net_list(const char *site, char ***out, struct error *err);
/* Counters of a running zone since it was booted. */
int net_stats(const char *site, const char *zone, struct net_stats *out, struct error *err);
/* The rates and published ports of a running zone become those of the plan; the rest stays. */
int net_change(const struct net_plan *plan, struct nl *zone, struct error *err);
/* The name of a host's end: "zn", three characters of the site, the zone's slot, the interface and
 * a number that differs each time: a name that is new. */
void net_host_name(const char *site, uint32_t slot, unsigned int nic, char out[IFNAMSIZ]);

#endif
