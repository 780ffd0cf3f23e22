/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_STATS_H
#define CGROUPS_STATS_H

/*
 * What a zone uses, and how often a limit said no, read from its groups on
 * whichever hierarchy has the figure. One table in stats.c maps each field to its
 * v2 file and its v1 file. All counts are of the zone's present boot, as its
 * groups come and go with it.
 *
 * A figure costs some microseconds, so the caller says which parts it wants. A
 * file is opened by its path from the hierarchy's root, all of which is the host's
 * (group.h); nothing that the zone owns is looked at.
 */

#include <stdint.h>

#include "base/error.h"
#include "cgroups/host.h"

/* This host has no such figure or, of a limit, there is none. */
#define CGROUP_UNKNOWN UINT64_MAX

/* How much processes had to wait for something (Documentation/accounting/psi.rst): some of them,
 * and all of them at once. */
struct cgroup_pressure {
	uint64_t some_avg10, full_avg10;	/* of the last 10 s, in hundredths of a percent */
	uint64_t some_usec, full_usec;		/* since boot of the zone */
};

/* How often each limit said no. */
struct cgroup_refusals {
	uint64_t cpus;			/* periods in which the quota was used up */
	uint64_t memory;		/* the hard limit was met, and memory was reclaimed */
	uint64_t memory_high;		/* a process was slowed down above memory-high */
	uint64_t oom_kills;		/* processes ended, as nothing could be reclaimed */
	uint64_t swap;			/* no more swap */
	uint64_t hugepages;		/* a huge page was refused */
	uint64_t pids;			/* fork(2) was refused */
};

/* Only numbers of 64 bits: whoever wants none of them known fills it with 0xff. */
struct cgroup_stats {
	uint64_t cpu_usec;		/* processor time since boot of the zone */
	uint64_t cpu_user_usec, cpu_system_usec;
	uint64_t throttled_usec;	/* time for which the quota held processes back */
	uint64_t memory;		/* bytes now */
	uint64_t memory_peak;		/* bytes at most since boot of the zone */
	uint64_t memory_limit, memory_high, memory_low;
	uint64_t swap, swap_limit;	/* bytes of swap alone */
	uint64_t memory_anon, memory_file, memory_kernel;	/* parts of memory, in bytes */
	uint64_t pids, pids_peak, pids_limit;	/* processes and threads */
	uint64_t hugepages, hugepages_limit;	/* bytes, of the default size */
	/* Of block devices; those that stand on others (loop) are left out, as what passes them is
	 * counted below. v1 has figures only where a limit for I/O is set. */
	uint64_t io_read, io_written;		/* bytes */
	uint64_t io_reads, io_writes;		/* operations */
	struct cgroup_pressure cpu_pressure, memory_pressure, io_pressure;
	struct cgroup_refusals refusals;
};

/* Parts that can be asked for, bits. */
enum cgroup_stats_part {
	CGROUP_STATS_CPU = 1 << 0,	/* cpu_usec, user, system */
	CGROUP_STATS_THROTTLED = 1 << 1,
	CGROUP_STATS_MEMORY = 1 << 2,	/* memory alone */
	CGROUP_STATS_MEMORY_LIMITS = 1 << 3,	/* peak, limits, swap */
	CGROUP_STATS_MEMORY_KINDS = 1 << 4,	/* anon, file, kernel: the dearest one */
	CGROUP_STATS_PIDS = 1 << 5,
	CGROUP_STATS_PIDS_LIMITS = 1 << 6,	/* peak, limit */
	CGROUP_STATS_HUGEPAGES = 1 << 7,
	CGROUP_STATS_IO = 1 << 8,
	CGROUP_STATS_PRESSURE = 1 << 9,
	CGROUP_STATS_REFUSALS = 1 << 10,
	CGROUP_STATS_OOM = 1 << 11,	/* of the refusals, oom_kills alone */
	CGROUP_STATS_ALL = (1 << 12) - 1,
	/* The refusals for good, where kernels before 6.10 count what pids refused in the group of
	 * the process: all of the zone's groups are looked at, with others' limits in them. */
	CGROUP_STATS_BELOW = 1 << 12,
};

/* Reads parts of the zone's figures; what was not asked for, or is not there, is CGROUP_UNKNOWN.
 * ERR_NOT_FOUND when the zone has no groups. */
int cgroup_stats(const struct cgroup_host *host, const char *name, unsigned int parts,
		 struct cgroup_stats *out, struct error *err);

#endif
