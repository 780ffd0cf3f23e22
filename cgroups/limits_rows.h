/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_LIMITS_ROWS_H
#define CGROUPS_LIMITS_ROWS_H

/*
 * What the rows of the table in limits.c are made of: whether a limit is set, and
 * how it is written. For the files limits*.c only.
 */

#include "cgroups/limits.h"

enum { LIMITS_TEXT_MAX = 64 };

/* Where a row writes. */
struct limits_target {
	int fd;				/* the group */
	bool is_v2;
	bool is_new;			/* just made: everything is still unlimited */
	const char *file;		/* of the row, or the part of a name that the row knows */
};

typeof(bool (const struct cgroup_limits *l)) limits_has_burst, limits_has_cpus, limits_has_weight,
	limits_has_cpuset, limits_has_memory, limits_has_high, limits_has_low, limits_has_swap,
	limits_has_hugepages, limits_has_oom, limits_has_pids, limits_has_io_weight,
	limits_has_io_read, limits_has_io_write, limits_has_io_read_ops, limits_has_io_write_ops;

int limits_put(const struct limits_target *t, const char *file, const char *text,
	       struct error *err);
int limits_put_number(const struct limits_target *t, const char *file, uint64_t value,
		      struct error *err);
/* 0 stands for no limit, which v2 spells "max" and v1 "-1". */
int limits_put_bytes(const struct limits_target *t, const char *file, uint64_t value,
		     struct error *err);

/* Each writes one limit, or takes it away where it is not set. */
typeof(int (const struct limits_target *t, const struct cgroup_limits *l, struct error *err))
	limits_drop_burst, limits_write_burst, limits_write_cpus, limits_write_weight,
	limits_write_cpuset, limits_write_memory, limits_write_swap, limits_write_high,
	limits_write_low, limits_write_oom, limits_write_hugepages, limits_write_pids,
	limits_write_io_weight, limits_write_io_read, limits_write_io_write,
	limits_write_io_read_ops, limits_write_io_write_ops;

/* ERR_USAGE for processors that this host has not. */
int limits_check_cpuset(const struct cgroup_limits *l, struct error *err);
/* ERR_UNSUPPORTED when an I/O limit is set and the disks are not known, or can't weigh. */
int limits_check_io(const struct cgroup_host *host, const struct cgroup_limits *l,
		    struct error *err);

#endif
