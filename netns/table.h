/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_TABLE_H
#define NETNS_TABLE_H

/*
 * The one nft table of a site, "zonectl" or "zonectl-ID", in the families inet
 * and bridge: sets and maps, and a fixed handful of rules that look things up in
 * them. A zone is a few elements, so that a packet and a boot cost the same with
 * one zone as with 2,000. Spoken over libmnl, in batches, through nl.h; nobody
 * else's tables are read or touched.
 */

#include "base/error.h"
#include "netns/plan.h"

/* Makes the table where it is missing and adds the zone's elements, in one transaction.
 * ERR_EXISTS naming the holder when a published port has another zone. ERR_UNSUPPORTED when the
 * kernel has no nf_tables, or not what the plan needs of it. */
int table_add(const struct net_plan *plan, struct error *err);
/* Removes every element of the zone; the table too when no zone has one any more. *last, which may
 * be NULL, is what was counted. Nothing there is success. */
int table_remove(const char *site, const char *zone, struct net_stats *last, struct error *err);
/* Replaces the published ports of a zone by those of the plan. */
int table_publish(const struct net_plan *plan, struct error *err);
int table_stats(const char *site, const char *zone, struct net_stats *out, struct error *err);
/* The names of the zones that have elements, as a strv that the caller owns. */
int table_list(const char *site, char ***out, struct error *err);

#endif
