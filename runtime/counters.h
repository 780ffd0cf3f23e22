/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_COUNTERS_H
#define RUNTIME_COUNTERS_H

/* zones/NAME/counters.json: bytes and packets of the zone's boots that are over. Written without
 * waiting for the disk: what a power cut takes is of the last minutes. */

#include "base/error.h"
#include "netns/plan.h"

/* All 0 when there is no file, or none that can be read as one: a file that somebody spoilt
 * is no reason not to boot. */
int counters_read(int zone_dirfd, struct net_stats *out, struct error *err);
/* Adds to the file; nothing to add leaves it alone. */
int counters_add(int zone_dirfd, const struct net_stats *more, struct error *err);
/* *sum += *more */
void counters_sum(struct net_stats *sum, const struct net_stats *more);

#endif
