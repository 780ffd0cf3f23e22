/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_USAGE_H
#define RUNTIME_USAGE_H

/*
 * What zones use: a sample of many at once, and what happened between two
 * samples. For those who show it (stat, top); nothing here waits or prints.
 *
 * Read without any lock: a zone that comes or goes meanwhile is in the sample or
 * is not. Nothing of a zone's own files is looked at, and no process of a zone is
 * asked, so that one that is frozen or hostile holds nobody up.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cgroups/stats.h"
#include "disks/disk.h"
#include "netns/plan.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/site.h"
#include "runtime/state.h"

/* What is wanted beside the name and the state. */
struct usage_want {
	unsigned int stats;		/* bits of enum cgroup_stats_part */
	bool net, disk;
	bool drops;			/* with net, those of rates too */
	bool before;			/* what was counted in boots that are over */
	bool is_up;			/* zones that are up alone */
};

/* Whatever can't be had is not known: has_... false, or CGROUP_UNKNOWN. */
struct usage {
	char name[ZONE_NAME_MAX + 1];
	enum zone_state state;
	bool is_up;
	struct proc_id init;		/* of a zone that is up */
	uint64_t started_usec;		/* of usage_now(); 0 for one that is not up */
	uint64_t at_usec;		/* when stats was read, by usage_now() */
	bool has_stats, has_net, has_disk, has_before;
	struct cgroup_stats stats;
	struct net_stats net;
	struct disk_usage disk;
	struct counters before;
};

struct usage_sample {
	struct usage *list;		/* owned, in the order of the names */
	size_t n;
	/* Zones that could not be looked at: names and why, as long as each other; owned. */
	char **failed, **reasons;
};

#define AUTO_USAGE __attribute__((cleanup(usage_clear)))

/* Samples the zones of these names, which are sorted. A zone that is gone is left out. Many are
 * shared out among processes, as the time goes into the kernel's answers. */
int usage_read(struct site *site, char *const *names, const struct usage_want *want,
	       struct usage_sample *out, struct error *err);
void usage_clear(struct usage_sample *s);
/* The zone of that name in a sample, or NULL. */
const struct usage *usage_find(const struct usage_sample *s, const char *name);
/* CLOCK_BOOTTIME in microseconds, which goes on while the host sleeps. */
uint64_t usage_now(void);

/* What happened a second. */
struct usage_rates {
	bool has_cpu, has_io, has_net;
	uint64_t cpu;			/* thousandths of a percent of one processor */
	uint64_t io_read, io_written, io_reads, io_writes;	/* bytes and operations */
	uint64_t net_in, net_out, net_in_packets, net_out_packets;
};

/* From before to now; with before NULL, or of another boot of the zone, since it was booted. */
void usage_rates(const struct usage *before, const struct usage *now, struct usage_rates *out);
/* All of one direction. */
struct net_count usage_net_in(const struct net_stats *s);
struct net_count usage_net_out(const struct net_stats *s);
/* How often any limit of the zone said no in its present boot; CGROUP_UNKNOWN if no figure is
 * known. */
uint64_t usage_hits(const struct cgroup_refusals *r);

#endif
