/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_STATS_H
#define CGROUPS_STATS_H

/* What a zone uses now, read from its groups on whichever hierarchy has the figure. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cgroups/cgroup.h"

struct cgroup_stats {
	uint64_t cpu_usec;		/* processor time since boot of the zone */
	bool has_memory, has_pids;	/* false: this host has no such controller */
	uint64_t memory;		/* bytes now */
	uint64_t memory_peak;		/* bytes at most since boot, 0: not known */
	uint64_t pids;			/* processes and threads now */
	uint64_t oom_kills;
};

int cgroup_stats(const struct cgroup *cg, struct cgroup_stats *out, struct error *err);

#endif
