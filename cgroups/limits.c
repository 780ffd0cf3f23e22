/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/cgroup.h"
#include "cgroups/limits_rows.h"

enum { WEIGHT_MAX = 10000 };

struct limit_row {
	const char *property;
	enum cgroup_controller controller;
	const char *v2_file, *v1_file;		/* NULL: it can't be had there */
	bool (*is_set)(const struct cgroup_limits *l);
	int (*write)(const struct limits_target *t, const struct cgroup_limits *l,
		     struct error *err);
};

bool limits_has_burst(const struct cgroup_limits *l)
{
	return l->cpu_burst_ms != CGROUP_NO_LIMIT;
}

bool limits_has_cpus(const struct cgroup_limits *l)
{
	return l->cpus_milli != CGROUP_NO_LIMIT;
}

bool limits_has_weight(const struct cgroup_limits *l)
{
	return l->cpu_weight != CGROUP_NO_LIMIT;
}

bool limits_has_cpuset(const struct cgroup_limits *l)
{
	return l->cpuset && *l->cpuset;
}

bool limits_has_memory(const struct cgroup_limits *l)
{
	return l->memory != CGROUP_NO_LIMIT;
}

bool limits_has_high(const struct cgroup_limits *l)
{
	return l->memory_high != CGROUP_NO_LIMIT;
}

bool limits_has_low(const struct cgroup_limits *l)
{
	return l->memory_low != CGROUP_NO_LIMIT;
}

bool limits_has_swap(const struct cgroup_limits *l)
{
	return l->swap != CGROUP_SWAP_UNSET;
}

bool limits_has_hugepages(const struct cgroup_limits *l)
{
	return l->hugepages != CGROUP_NO_LIMIT;
}

bool limits_has_oom(const struct cgroup_limits *l)
{
	return l->oom == CGROUP_OOM_ZONE;
}

bool limits_has_pids(const struct cgroup_limits *l)
{
	return l->pids != CGROUP_NO_LIMIT;
}

bool limits_has_io_weight(const struct cgroup_limits *l)
{
	return l->io_weight != CGROUP_NO_LIMIT;
}

bool limits_has_io_read(const struct cgroup_limits *l)
{
	return l->io_read != CGROUP_NO_LIMIT;
}

bool limits_has_io_write(const struct cgroup_limits *l)
{
	return l->io_write != CGROUP_NO_LIMIT;
}

bool limits_has_io_read_ops(const struct cgroup_limits *l)
{
	return l->io_read_ops != CGROUP_NO_LIMIT;
}

bool limits_has_io_write_ops(const struct cgroup_limits *l)
{
	return l->io_write_ops != CGROUP_NO_LIMIT;
}

int limits_put(const struct limits_target *t, const char *file, const char *text,
	       struct error *err)
{
	return fd_write_control(t->fd, file, text, err);
}

int limits_put_number(const struct limits_target *t, const char *file, uint64_t value,
		      struct error *err)
{
	char text[LIMITS_TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return limits_put(t, file, text, err);
}

int limits_put_bytes(const struct limits_target *t, const char *file, uint64_t value,
		     struct error *err)
{
	if (value == CGROUP_NO_LIMIT)
		return limits_put(t, file, t->is_v2 ? "max" : "-1", err);
	return limits_put_number(t, file, value, err);
}

int limits_write_pids(const struct limits_target *t, const struct cgroup_limits *l,
		      struct error *err)
{
	if (!limits_has_pids(l))
		return limits_put(t, t->file, "max", err);	/* on v1 too */
	return limits_put_number(t, t->file, l->pids, err);
}

/* In the order of writing: a burst fits below the quota that is already there, and memory-high
 * comes after memory, which uses that file while it lowers the limit. */
static const struct limit_row rows[] = {
	/* property      controller       v2 file             v1 file                       */
	{ "cpu-burst",   CGROUP_CPU,     "cpu.max.burst",     "cpu.cfs_burst_us",
	  limits_has_burst, limits_drop_burst },
	{ "cpus",        CGROUP_CPU,     "cpu.max",           "cpu.cfs_quota_us",
	  limits_has_cpus, limits_write_cpus },
	{ "cpu-burst",   CGROUP_CPU,     "cpu.max.burst",     "cpu.cfs_burst_us",
	  limits_has_burst, limits_write_burst },
	{ "cpu-weight",  CGROUP_CPU,     "cpu.weight",        "cpu.shares",
	  limits_has_weight, limits_write_weight },
	{ "cpuset",      CGROUP_CPUSET,  "cpuset.cpus",       "cpuset.cpus",
	  limits_has_cpuset, limits_write_cpuset },
	{ "memory",      CGROUP_MEMORY,  "memory.max",        "memory.limit_in_bytes",
	  limits_has_memory, limits_write_memory },
	{ "swap",        CGROUP_MEMORY,  "memory.swap.max",   "memory.memsw.limit_in_bytes",
	  limits_has_swap, limits_write_swap },
	{ "memory-high", CGROUP_MEMORY,  "memory.high",       NULL,
	  limits_has_high, limits_write_high },
	{ "memory-low",  CGROUP_MEMORY,  "memory.low",        NULL,
	  limits_has_low, limits_write_low },
	{ "oom-kill",    CGROUP_MEMORY,  "memory.oom.group",  NULL,
	  limits_has_oom, limits_write_oom },
	{ "hugepages",   CGROUP_HUGETLB, "max",               "limit_in_bytes",
	  limits_has_hugepages, limits_write_hugepages },
	{ "pids",        CGROUP_PIDS,    "pids.max",          "pids.max",
	  limits_has_pids, limits_write_pids },
	{ "io-weight",   CGROUP_IO,      "io.weight",         "blkio.bfq.weight",
	  limits_has_io_weight, limits_write_io_weight },
	/* On v2 a key of io.max. */
	{ "io-read",     CGROUP_IO,      "rbps",   "blkio.throttle.read_bps_device",
	  limits_has_io_read, limits_write_io_read },
	{ "io-write",    CGROUP_IO,      "wbps",   "blkio.throttle.write_bps_device",
	  limits_has_io_write, limits_write_io_write },
	{ "io-read-ops", CGROUP_IO,      "riops",  "blkio.throttle.read_iops_device",
	  limits_has_io_read_ops, limits_write_io_read_ops },
	{ "io-write-ops", CGROUP_IO,     "wiops",  "blkio.throttle.write_iops_device",
	  limits_has_io_write_ops, limits_write_io_write_ops },
};

static int check_row(const struct cgroup_host *host, const struct limit_row *row,
		     struct error *err)
{
	const char *name = cgroup_controller_name(row->controller);
	bool is_v1 = host->v1fd[row->controller] >= 0;

	if (is_v1 && row->v1_file)
		return 0;
	if (is_v1)
		return error_set(err, ERR_UNSUPPORTED,
				 "%s: not possible with cgroup v1, which has this host's "
				 "%s controller", row->property, name);
	if (host->on_v2[row->controller])
		return 0;
	if (host->is_hidden[row->controller]) {
		const char *v1 = cgroup_controller_v1_name(row->controller);

		error_set(err, ERR_UNSUPPORTED,
			  "%s: the cgroup filesystem that has %s is not mounted", row->property,
			  v1);
		return error_hint(err, "try: mount -t cgroup -o %s cgroup /sys/fs/cgroup/%s", v1,
				  v1);
	}
	error_set(err, ERR_UNSUPPORTED,
		  "%s: no cgroup controller for it on this host (%s is missing)", row->property,
		  name);
	return error_hint(err, "zonectl features lists what this host's kernel has");
}

static int check_values(const struct cgroup_limits *l, struct error *err)
{
	struct limits_quota quota = limits_quota(l->cpus_milli);

	if (l->cpu_weight > WEIGHT_MAX)
		return error_set(err, ERR_USAGE, "cpu-weight: %" PRIu64 " is above %d",
				 l->cpu_weight, WEIGHT_MAX);
	if (limits_has_burst(l) && !limits_has_cpus(l))
		return error_set(err, ERR_USAGE, "cpu-burst: needs cpus");
	if (limits_has_burst(l) && l->cpu_burst_ms > quota.quota_us / 1000)
		return error_set(err, ERR_USAGE,
				 "cpu-burst: at most %" PRIu64 "ms with these cpus",
				 quota.quota_us / 1000);
	if (l->io_weight > WEIGHT_MAX)
		return error_set(err, ERR_USAGE, "io-weight: %" PRIu64 " is above %d",
				 l->io_weight, WEIGHT_MAX);
	if (limits_has_high(l) && limits_has_memory(l) && l->memory_high > l->memory)
		return error_set(err, ERR_USAGE, "memory-high: is above memory");
	return limits_has_cpuset(l) ? limits_check_cpuset(l, err) : 0;
}

int limits_check(const struct cgroup_host *host, const struct cgroup_limits *limits,
		 struct error *err)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (rows[i].is_set(limits) && check_row(host, &rows[i], err) < 0)
			return -1;
	}
	if (limits_has_swap(limits) && !limits_has_memory(limits) && host->v1fd[CGROUP_MEMORY] >= 0)
		return error_set(err, ERR_UNSUPPORTED,
				 "swap: needs memory on this host (v1 limits the two together)");
	if (limits_check_io(host, limits, err) < 0)
		return -1;
	return check_values(limits, err);
}

/* Writes one row. A file that is missing although its controller is there is a kernel without
 * that feature: then nothing is limited, which is right as long as nothing was asked. */
static int apply_row(struct cgroup *cg, const struct limit_row *row,
		     const struct cgroup_limits *limits, bool is_new, struct error *err)
{
	bool is_set = row->is_set(limits);
	struct limits_target t = { .is_new = is_new };
	struct error trouble;

	if (is_set && cgroup_add_controller(cg, row->controller, err) < 0)
		return -1;
	t.is_v2 = cg->v1fd[row->controller] < 0;
	t.fd = t.is_v2 ? cg->outerfd : cg->v1fd[row->controller];
	t.file = t.is_v2 ? row->v2_file : row->v1_file;
	if (!is_set && (is_new || !t.file || (t.is_v2 && !cg->on_v2[row->controller])))
		return 0;
	if (row->write(&t, limits, &trouble) == 0 || (trouble.sys == ENOENT && !is_set))
		return 0;
	if (trouble.sys == ENOENT)
		return error_set(err, ERR_UNSUPPORTED, "this kernel can't (%s)", trouble.text);
	*err = trouble;
	return -1;
}

static int apply(struct cgroup *cg, const struct cgroup_limits *limits, bool is_new,
		 struct error *err)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (apply_row(cg, &rows[i], limits, is_new, err) == 0)
			continue;
		/* Some texts begin with the property already. */
		if (strncmp(err->text, rows[i].property, strlen(rows[i].property)) == 0)
			return -1;
		return error_wrap(err, "%s", rows[i].property);
	}
	return 0;
}

int limits_apply(struct cgroup *cg, const struct cgroup_limits *limits, struct error *err)
{
	if (limits_check(cg->host, limits, err) < 0)
		return -1;
	return apply(cg, limits, false, err);
}

int limits_apply_new(struct cgroup *cg, const struct cgroup_limits *limits, struct error *err)
{
	return apply(cg, limits, true, err);
}

void limits_init(struct cgroup_limits *limits)
{
	*limits = (struct cgroup_limits){ .swap = CGROUP_SWAP_UNSET, .oom = CGROUP_OOM_PROCESS };
}

void limits_clear(struct cgroup_limits *limits)
{
	free(limits->cpuset);
	limits_init(limits);
}
