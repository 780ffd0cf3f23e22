/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_LIMITS_H
#define CGROUPS_LIMITS_H

/*
 * What a zone may use. One table in limits.c maps each field to its v2 file and
 * its v1 file, with the conversion. A field whose controller the host lacks is
 * refused by name, never dropped.
 *
 * I/O is limited on the disks that hold the zone's files, which the caller adds.
 *
 * v1 can't hold memory-high, memory-low (memory.soft_limit_in_bytes is advice, not
 * a guarantee) and oom=zone, which are refused there. It limits swap only together
 * with memory, so that swap needs memory.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cgroups/blocks.h"

struct cgroup;
struct cgroup_host;

enum cgroup_oom { CGROUP_OOM_PROCESS, CGROUP_OOM_ZONE };

enum { CGROUP_NO_LIMIT = 0 };	/* the value of every number that is not set */
/* swap 0 means "none at all", so unset is: */
#define CGROUP_SWAP_UNSET UINT64_MAX

struct cgroup_limits {
	uint64_t cpus_milli;		/* thousandths of a processor's time; v2 cpu.max */
	uint64_t cpu_weight;		/* 1..10000 */
	uint64_t cpu_burst_ms;		/* milliseconds of unused quota that may be saved up */
	char *cpuset;			/* "0-3,6", owned, or NULL */
	uint64_t memory;		/* bytes, hard */
	uint64_t memory_high;		/* bytes, throttled above */
	uint64_t memory_low;		/* bytes, protected below */
	uint64_t swap;			/* bytes of swap beside memory, or CGROUP_SWAP_UNSET */
	uint64_t hugepages;		/* bytes, of the default size */
	enum cgroup_oom oom;		/* what an out-of-memory kill ends */
	uint64_t pids;			/* processes and threads */
	uint64_t io_weight;		/* 1..10000 */
	uint64_t io_read, io_write;	/* bytes a second, of each disk */
	uint64_t io_read_ops, io_write_ops;	/* operations a second, of each disk */
	struct blocks disks;		/* by limits_add_disks(), where any of these is set */
};

/* Nothing is limited; an out-of-memory kill ends one process. */
void limits_init(struct cgroup_limits *limits);
void limits_clear(struct cgroup_limits *limits);
/* The name of the first I/O limit that is set, or NULL: then nobody needs to know the disks. */
const char *limits_io_wanted(const struct cgroup_limits *limits);
/* Adds the disks below a directory that the zone's files are in; nothing to do when no I/O limit
 * is set. ERR_UNSUPPORTED "io-read: no disk holds it: its filesystem is tmpfs". */
int limits_add_disks(struct cgroup_limits *limits, int dirfd, struct error *err);
/* Fails with ERR_UNSUPPORTED for the first field that is set and that this host cannot hold:
 * "memory-high: not possible with cgroup v1, which has this host's memory controller"; with
 * ERR_USAGE for values that no host can. */
int limits_check(const struct cgroup_host *host, const struct cgroup_limits *limits,
		 struct error *err);
/* Applies every field to the zone's groups (cg is open), in an order that also works for a running
 * zone: a lowered memory limit first tries to reclaim, then is refused with both numbers and the
 * old limit stays (ERR_RESOURCE). An unset field means no limit. May add controllers to cg. */
int limits_apply(struct cgroup *cg, const struct cgroup_limits *limits, struct error *err);
/* The same for groups just made: writes only what is set, as no limit is what they begin with. */
int limits_apply_new(struct cgroup *cg, const struct cgroup_limits *limits, struct error *err);

struct limits_quota {
	uint64_t quota_us, period_us;
};

/* The kernel takes no quota under a millisecond, so small shares get a longer period. */
struct limits_quota limits_quota(uint64_t cpus_milli);
/* v1's cpu.shares: weight 100 is 1024, held within what the kernel takes. */
uint64_t limits_shares(uint64_t weight);
/* bfq weighs from 1 to 1000: what is above 100 is scaled down. */
uint64_t limits_bfq_weight(uint64_t weight);
/* ERR_USAGE if list is no list of processors ("0-3,6") or names one that is not in present. */
int limits_cpuset_check(const char *list, const char *present, struct error *err);
/* The kernel's word for a page size in file names: "2MB" (hugetlb_cgroup.c, mem_fmt). */
void limits_page_size(uint64_t bytes, char out[16]);

#endif
