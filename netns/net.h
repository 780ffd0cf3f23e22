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
#include "base/str.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Makes all that the plan says. zone is a route socket that was opened in the zone's network
 * namespace, zone_netns_fd that namespace. On failure nothing is left. ERR_NOT_FOUND for a device
 * that is not there, ERR_BUSY for one that is in use, ERR_UNSUPPORTED for what this kernel lacks,
 * naming it. *changed gets a line for each thing that is now switched on for the whole host
 * (forwarding), which the operator should read; mostly none. IPv6 addresses of the plan need
 * device_has_ipv6() (device.h). */
int net_up(const struct net_plan *plan, struct nl *zone, int zone_netns_fd, struct str *changed,
	   struct error *err);
/* Takes devices that were moved into the zone back to the caller's namespace, under the names they
 * had. For as long as zone is open: the kernel itself gives a device back to the first namespace
 * of the machine, under the name that the zone gave it, where net_down() looks for it. Nothing
 * there is success. */
int net_return(const struct net_plan *plan, struct nl *zone, struct error *err);
/* Takes the zone out of the table, adds up its counters into *last, which may be NULL, and lets go
 * of its links. Those whose other end is in an ending namespace go with that, and are not waited
 * for: their names are never used twice (net_host_name()), and net_list() knows them no more. The
 * caller keeps net_up() of other zones of the site out meanwhile: the bridge and the table go with
 * the last that uses them. */
int net_down(const char *site, const char *zone, struct net_stats *last, struct error *err);
/* The same, but the last wait is left to the caller: nl_rest_close(), when nothing else is left to
 * do and no lock held that others want. */
int net_leave(const char *site, const char *zone, struct net_stats *last, struct nl_rest *rest,
	      struct error *err);
/* Every zone of the site that has anything on this host, as a strv that the caller owns: what
 * repair compares with the zones that run. */
int net_list(const char *site, char ***out, struct error *err);
/* Counters of a running zone since it was booted. */
int net_stats(const char *site, const char *zone, struct net_stats *out, struct error *err);
/* The same of all zones that have a network, sorted by name, in an array that the caller owns. */
int net_stats_all(const char *site, struct net_zone_stats **out, size_t *out_n, struct error *err);
/* Adds what the rates of zones dropped to entries of that list. */
int net_drops_all(const char *site, struct net_zone_stats *list, size_t n, struct error *err);
/* The rates and published ports of a running zone become those of the plan; the rest stays. Its
 * links are found by themselves: host of the plan's nics need not be what it was at boot. */
int net_change(const struct net_plan *plan, struct error *err);
/* The name of a host's end: "zn", three characters of the site, the zone's slot, the interface and
 * a number that differs each time: a name that is new. */
void net_host_name(const char *site, uint32_t slot, unsigned int nic, char out[IFNAMSIZ]);

/* What a routed zone sends to, on the host's end of its pair: 169.254.1.1 and fe80::1, which are
 * the host's addresses there, and the sender of what the host itself sends by default. */
extern const struct net_addr net_gateway4, net_gateway6;

#endif
