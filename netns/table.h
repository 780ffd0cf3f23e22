/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_TABLE_H
#define NETNS_TABLE_H

/*
 * The one nft table of a site, "zonectl" or "zonectl-ID", in the families inet,
 * arp and, for bridged zones, bridge: sets and maps, and a fixed handful of rules
 * that look things up in them (table_rules.c). A zone is a few elements, so that
 * a packet and a boot cost the same with one zone as with 2,000. Spoken over
 * nl.h, in batches; nobody else's tables are read or touched.
 *
 * Any number of processes may call these at once, for different zones. All look
 * at the table of the caller's network namespace. Where the kernel has no
 * nf_tables, only adding fails; there is nothing to read or to take away.
 */

#include "base/error.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Makes the table where it is missing and adds the zone's elements, in one transaction; what an
 * earlier boot left of the zone goes with it. From then on its links pass what has its addresses
 * alone: call it before they are raised. ERR_EXISTS naming the holder when another zone has a port
 * of the same address (every address counts as one of its own). ERR_UNSUPPORTED when the kernel
 * has no nf_tables, or not what the plan needs of it. */
int table_add(const struct net_plan *plan, struct error *err);
/* Removes every element of the zone; the table too when no zone has one any more. *last, which may
 * be NULL, is what was counted. Nothing there is success. */
int table_remove(const char *site, const char *zone, struct net_stats *last, struct error *err);
/* The same, but the sockets are left to *rest: to close one is to wait until no processor uses any
 * more what was removed (nft_rcv_nl_event()), some 8 ms. */
int table_leave(const char *site, const char *zone, struct net_stats *last, struct nl_rest *rest,
		struct error *err);
/* Replaces the published ports of a zone by those of the plan; connections that came by the old
 * ones stay. ERR_EXISTS as above, and the old ones stay; ERR_NOT_FOUND for ports of a zone that is
 * not in the table. */
int table_publish(const struct net_plan *plan, struct error *err);
/* What the host passed on from and to its interfaces, and what it dropped. On its way to the zone
 * a packet that came in fragments counts as one. All 0 for a zone that is not in the table. */
int table_stats(const char *site, const char *zone, struct net_stats *out, struct error *err);
/* The same of every zone in the table, sorted by name, in an array that the caller owns: one list
 * of each set, however many zones there are. */
int table_stats_all(const char *site, struct net_zone_stats **out, size_t *out_n,
		    struct error *err);
/* The names of the zones that have elements, as a strv that the caller owns. */
int table_list(const char *site, char ***out, struct error *err);

#endif
