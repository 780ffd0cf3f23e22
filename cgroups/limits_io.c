/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O is limited at each device that holds the zone's files. v2 has one file, io.max, whose
 * lines are "MAJOR:MINOR rbps=N wbps=N riops=N wiops=N" (cgroup-v2.rst, "IO Interface Files"); v1
 * has a file for each, with lines "MAJOR:MINOR N" and 0 for no limit
 * (blkio-controller.rst). What v1 can't do: tell whose a page is that the kernel writes back
 * later, so that there only what is read, or written directly or synced, is held.
 *
 * Weights need who weighs: the scheduler bfq, or io.cost where the host's root has set it up.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/host.h"
#include "cgroups/limits_rows.h"

enum { IO_TEXT_MAX = 16 << 10, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 10000, BFQ_MAX = 1000 };

static bool is_kept(const struct blocks *disks, unsigned int major_no, unsigned int minor_no)
{
	for (size_t i = 0; i < disks->n_tops; i++)
		if (disks->tops[i] == makedev(major_no, minor_no))
			return true;
	return false;
}

/* file is the key on v2. */
static int put_device(const struct limits_target *t, dev_t dev, uint64_t value, struct error *err)
{
	char text[LIMITS_TEXT_MAX], number[24] = "max";

	if (value != CGROUP_NO_LIMIT || !t->is_v2)
		snprintf(number, sizeof(number), "%" PRIu64, value);
	snprintf(text, sizeof(text), "%u:%u %s%s%s", major(dev), minor(dev),
		 t->is_v2 ? t->file : "", t->is_v2 ? "=" : "", number);
	return limits_put(t, t->is_v2 ? "io.max" : t->file, text, err);
}

/* Takes the limit from devices that have one but hold the zone's files no more. */
static int free_others(const struct limits_target *t, const struct blocks *kept, struct error *err)
{
	char text[IO_TEXT_MAX], *save = NULL;

	if (fd_read_control(t->fd, t->is_v2 ? "io.max" : t->file, text, sizeof(text), err) < 0)
		return -1;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int major_no, minor_no;

		if (sscanf(line, "%u:%u", &major_no, &minor_no) != 2 ||
		    is_kept(kept, major_no, minor_no))
			continue;
		if (put_device(t, makedev(major_no, minor_no), CGROUP_NO_LIMIT, err) < 0)
			return -1;
	}
	return 0;
}

static int write_rate(const struct limits_target *t, const struct blocks *disks, uint64_t value,
		      struct error *err)
{
	static const struct blocks none;

	if (!t->is_new && free_others(t, value == CGROUP_NO_LIMIT ? &none : disks, err) < 0)
		return -1;
	for (size_t i = 0; value != CGROUP_NO_LIMIT && i < disks->n_tops; i++)
		if (put_device(t, disks->tops[i], value, err) < 0)
			return -1;
	return 0;
}

int limits_write_io_read(const struct limits_target *t, const struct cgroup_limits *l,
			 struct error *err)
{
	return write_rate(t, &l->disks, l->io_read, err);
}

int limits_write_io_write(const struct limits_target *t, const struct cgroup_limits *l,
			  struct error *err)
{
	return write_rate(t, &l->disks, l->io_write, err);
}

int limits_write_io_read_ops(const struct limits_target *t, const struct cgroup_limits *l,
			     struct error *err)
{
	return write_rate(t, &l->disks, l->io_read_ops, err);
}

int limits_write_io_write_ops(const struct limits_target *t, const struct cgroup_limits *l,
			      struct error *err)
{
	return write_rate(t, &l->disks, l->io_write_ops, err);
}

uint64_t limits_bfq_weight(uint64_t weight)
{
	if (weight <= WEIGHT_DEFAULT)
		return weight;
	return WEIGHT_DEFAULT + (weight - WEIGHT_DEFAULT) * (BFQ_MAX - WEIGHT_DEFAULT) /
					(WEIGHT_MAX - WEIGHT_DEFAULT);
}

/* A file is missing where nobody on this host weighs in that way. */
static int put_if_there(const struct limits_target *t, const char *file, uint64_t weight,
			struct error *err)
{
	struct error trouble;

	if (limits_put_number(t, file, weight, &trouble) == 0 || trouble.sys == ENOENT)
		return 0;
	*err = trouble;
	return -1;
}

/* Whatever weighs, on whichever of the disks, gets the same word: limits_check_io() has seen that
 * there is somebody on each. */
int limits_write_io_weight(const struct limits_target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	uint64_t weight = limits_has_io_weight(l) ? l->io_weight : WEIGHT_DEFAULT;

	if (put_if_there(t, t->is_v2 ? "io.bfq.weight" : t->file, limits_bfq_weight(weight),
			 err) < 0)
		return -1;
	return t->is_v2 ? put_if_there(t, t->file, weight, err) : 0;
}

/* Lines "MAJOR:MINOR enable=1 ..." of the root's io.cost.qos, which v2 alone has. */
static bool has_cost(int rootfd, dev_t queue)
{
	char text[IO_TEXT_MAX], *save = NULL;
	struct error ignored;

	if (rootfd < 0 ||
	    fd_read_control(rootfd, "io.cost.qos", text, sizeof(text), &ignored) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int major_no, minor_no;

		if (sscanf(line, "%u:%u", &major_no, &minor_no) == 2 &&
		    makedev(major_no, minor_no) == queue)
			return strstr(line, "enable=1") != NULL;
	}
	return false;
}

static int check_weight(const struct cgroup_host *host, const struct cgroup_limits *l,
			struct error *err)
{
	int rootfd = host->v1fd[CGROUP_IO] >= 0 ? -1 : host->v2fd;
	char name[64];

	for (size_t i = 0; i < l->disks.n_queues; i++) {
		dev_t queue = l->disks.queues[i];

		if (blocks_has_bfq(queue) || has_cost(rootfd, queue))
			continue;
		blocks_name(queue, name);
		error_set(err, ERR_UNSUPPORTED,
			  "io-weight: the I/O scheduler of disk '%s' does not weigh zones", name);
		return error_hint(err, "try: echo bfq >/sys/block/%s/queue/scheduler", name);
	}
	return 0;
}

int limits_check_io(const struct cgroup_host *host, const struct cgroup_limits *l,
		    struct error *err)
{
	const char *property = limits_io_wanted(l);

	if (!property)
		return 0;
	if (l->disks.n_tops == 0)
		return error_set(err, ERR_UNSUPPORTED, "%s: no disk holds the zone's files",
				 property);
	return limits_has_io_weight(l) ? check_weight(host, l, err) : 0;
}

const char *limits_io_wanted(const struct cgroup_limits *l)
{
	static const struct {
		const char *property;
		bool (*is_set)(const struct cgroup_limits *l);
	} rows[] = {
		{ "io-weight",    limits_has_io_weight },
		{ "io-read",      limits_has_io_read },
		{ "io-write",     limits_has_io_write },
		{ "io-read-ops",  limits_has_io_read_ops },
		{ "io-write-ops", limits_has_io_write_ops },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (rows[i].is_set(l))
			return rows[i].property;
	return NULL;
}

int limits_add_disks(struct cgroup_limits *l, int dirfd, struct error *err)
{
	const char *property = limits_io_wanted(l);

	if (!property)
		return 0;
	if (blocks_add(&l->disks, dirfd, err) < 0)
		return error_wrap(err, "%s", property);
	return 0;
}
