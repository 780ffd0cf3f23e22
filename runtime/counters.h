/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_COUNTERS_H
#define RUNTIME_COUNTERS_H

/*
 * zones/NAME/counters.json: what was counted in the zone's boots that are over,
 * added up as each ends. Written without waiting for the disk: what a power cut
 * takes is of the last minutes.
 *
 * Keeper, halt and repair may all clean up after the same boot, at once or one
 * after the other killed one. The nft table gives its counters away with its
 * elements, to one of them. The groups' figures stay until the groups go: so the
 * file names the boot whose figures are in it, and they are added once.
 */

#include "base/error.h"
#include "base/proc.h"
#include "cgroups/stats.h"
#include "netns/plan.h"
#include "runtime/zone.h"

struct counters {
	struct net_stats net;
	struct cgroup_refusals refusals;
	struct proc_id last;		/* init of the boot that was added last; pid 0: none */
};

/* All 0 when there is no file, or none that can be read as one: a file that somebody spoilt
 * is no reason not to boot. */
int counters_read(int zone_dirfd, struct counters *out, struct error *err);
/* Add to the file; nothing to add leaves it alone. */
int counters_add_net(const struct zone *z, const struct net_stats *more, struct error *err);
/* Of the boot of this init, unless that was the last one. What is not known counts as 0. */
int counters_add_refusals(const struct zone *z, const struct proc_id *init,
			  const struct cgroup_refusals *more, struct error *err);
/* Adds what the groups of a boot that is over have, before they are removed. Fine without them, or
 * without a record of the boot; some 50 us where no limit ever said no. */
int counters_settle(const struct zone *z, struct error *err);

/* Writes what is in the zone's file into another directory, in place of what is there. */
int counters_copy(int zone_dirfd, int to_dirfd, struct error *err);

/* *sum += *more */
void counters_sum_net(struct net_stats *sum, const struct net_stats *more);
void counters_sum_refusals(struct cgroup_refusals *sum, const struct cgroup_refusals *more);

#endif
