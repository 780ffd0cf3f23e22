/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "runtime/state.h"

#define COUNTERS_JSON "counters.json"

enum { LOCK_WAIT_MS = 5000 };

struct counter {
	const char *name;
	size_t offset;
};

#define AT(field) offsetof(struct counters, field)

static const struct counter net_counters[] = {
	{ "in4_bytes", AT(net.in4.bytes) },
	{ "in4_packets", AT(net.in4.packets) },
	{ "out4_bytes", AT(net.out4.bytes) },
	{ "out4_packets", AT(net.out4.packets) },
	{ "in6_bytes", AT(net.in6.bytes) },
	{ "in6_packets", AT(net.in6.packets) },
	{ "out6_bytes", AT(net.out6.bytes) },
	{ "out6_packets", AT(net.out6.packets) },
	{ "dropped_packets", AT(net.dropped) },
	{ "rate_out_packets", AT(net.rate_out_drops) },
};

static const struct counter refusal_counters[] = {
	{ "refused_cpus", AT(refusals.cpus) },
	{ "refused_memory", AT(refusals.memory) },
	{ "refused_memory_high", AT(refusals.memory_high) },
	{ "oom_kills", AT(refusals.oom_kills) },
	{ "refused_swap", AT(refusals.swap) },
	{ "refused_hugepages", AT(refusals.hugepages) },
	{ "refused_pids", AT(refusals.pids) },
};

static const struct table {
	const struct counter *rows;
	size_t n;
} tables[] = {
	{ net_counters, N_ROWS(net_counters) },
	{ refusal_counters, N_ROWS(refusal_counters) },
};

static uint64_t *field(struct counters *c, const struct counter *row)
{
	return (uint64_t *)((char *)c + row->offset);
}

static void sum(struct counters *sum, struct counters *more, const struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		uint64_t add = *field(more, &t->rows[i]);

		if (add != CGROUP_UNKNOWN)
			*field(sum, &t->rows[i]) += add;
	}
}

void counters_sum_net(struct net_stats *total, const struct net_stats *more)
{
	struct counters a = { .net = *total }, b = { .net = *more };

	sum(&a, &b, &tables[0]);
	*total = a.net;
}

void counters_sum_refusals(struct cgroup_refusals *total, const struct cgroup_refusals *more)
{
	struct counters a = { .refusals = *total }, b = { .refusals = *more };

	sum(&a, &b, &tables[1]);
	*total = a.refusals;
}

static bool is_any(struct counters *c)
{
	struct counters total = { .net.dropped = 0 };
	uint64_t any = 0;

	for (size_t t = 0; t < N_ROWS(tables); t++) {
		sum(&total, c, &tables[t]);
		for (size_t i = 0; i < tables[t].n; i++)
			any |= *field(&total, &tables[t].rows[i]);
	}
	return any;
}

/*
 * The file
 */

/* One that is no boot is none: its figures were added, and are added again at worst. */
static void read_last(const struct json *j, struct proc_id *out)
{
	struct error spoilt = { 0 };
	const char *boot_id = NULL;
	uint64_t pid, start;

	if (json_u64(json_get(j, "pid"), COUNTERS_JSON, 1, INT32_MAX, &pid, &spoilt) < 0 ||
	    json_u64(json_get(j, "start"), COUNTERS_JSON, 0, UINT64_MAX, &start, &spoilt) < 0 ||
	    json_str(json_get(j, "boot-id"), COUNTERS_JSON, &boot_id, &spoilt) < 0 ||
	    strlen(boot_id) != PROC_BOOT_ID_LEN)
		return;
	out->pid = (pid_t)pid;
	out->start = start;
	strcpy(out->boot_id, boot_id);
}

int counters_read(int zone_dirfd, struct counters *out, struct error *err)
{
	AUTO_CLOSE int fd = openat(zone_dirfd, COUNTERS_JSON,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_JSON struct json *root = NULL;
	struct error spoilt = { 0 };

	*out = (struct counters){ .net.dropped = 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open '%s'", COUNTERS_JSON);
	root = json_read(fd, COUNTERS_JSON, NULL, &spoilt);
	if (!root)
		return 0;
	for (size_t t = 0; t < N_ROWS(tables); t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct counter *row = &tables[t].rows[i];
			const struct json *value = json_get(root, row->name);

			if (value)	/* one that is no number counts from nothing */
				(void)json_u64(value, COUNTERS_JSON, 0, UINT64_MAX,
					       field(out, row), &spoilt);
		}
	}
	if (json_get(root, "last-boot"))
		read_last(json_get(root, "last-boot"), &out->last);
	return 0;
}

static int write_file(int zone_dirfd, struct counters *c, struct error *err)
{
	struct json_out out = { .depth = 0 };
	int status;

	json_out_object(&out, NULL);
	for (size_t t = 0; t < N_ROWS(tables); t++)
		for (size_t i = 0; i < tables[t].n; i++)
			json_out_u64(&out, tables[t].rows[i].name, *field(c, &tables[t].rows[i]));
	if (c->last.pid > 0) {
		json_out_object(&out, "last-boot");
		json_out_u64(&out, "pid", (uint64_t)c->last.pid);
		json_out_u64(&out, "start", c->last.start);
		json_out_str(&out, "boot-id", c->last.boot_id);
		json_out_end_object(&out);
	}
	json_out_end_object(&out);
	status = fd_replace_nosync(zone_dirfd, COUNTERS_JSON, 0600, str_text(&out.text),
				   out.text.len, err);
	json_out_clear(&out);
	return status;
}

int counters_copy(int zone_dirfd, int to_dirfd, struct error *err)
{
	struct counters c;

	return counters_read(zone_dirfd, &c, err) < 0 ? -1 : write_file(to_dirfd, &c, err);
}

/* The lock of the zone's run directory, which all hold who add of the same boot. (The zone's own
 * is held by a halt that waits for the keeper.) *out_fd is -1 where nothing of the boot is left. */
static int lock(const struct zone *z, int *out_fd, struct error *err)
{
	AUTO_CLOSE int fd = openat(z->site->runfd, z->name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*out_fd = -1;
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open the run directory");
	if (lock_take(fd, LOCK_ALONE, LOCK_WAIT_MS, err) < 0)
		return -1;
	*out_fd = TAKE_FD(fd);
	return 0;
}

static bool is_same(const struct proc_id *a, const struct proc_id *b)
{
	return a->pid == b->pid && a->start == b->start && strcmp(a->boot_id, b->boot_id) == 0;
}

static int add(const struct zone *z, const struct proc_id *boot, struct counters *more,
	       struct error *err)
{
	AUTO_CLOSE int lockfd = -1;
	struct counters total;

	if (!is_any(more))
		return 0;
	if (lock(z, &lockfd, err) < 0 || counters_read(z->dirfd, &total, err) < 0)
		return -1;
	if (boot && is_same(boot, &total.last))
		return 0;
	for (size_t t = 0; t < N_ROWS(tables); t++)
		sum(&total, more, &tables[t]);
	if (boot)
		total.last = *boot;
	return write_file(z->dirfd, &total, err);
}

int counters_add_net(const struct zone *z, const struct net_stats *more, struct error *err)
{
	struct counters c = { .net = *more };

	return add(z, NULL, &c, err);
}

int counters_add_refusals(const struct zone *z, const struct proc_id *init,
			  const struct cgroup_refusals *more, struct error *err)
{
	struct counters c = { .refusals = *more };

	return add(z, init, &c, err);
}

int counters_settle(const struct zone *z, struct error *err)
{
	struct counters c = { .net.dropped = 0 };
	struct cgroup_stats stats;
	struct zone_run run = { 0 };
	struct error none = { 0 };
	int ret = 0;

	if (z->config.is_ephemeral)
		return 0;
	/* Without groups, or a boot that got as far as a record, there is nothing to add. */
	if (cgroup_stats(&z->site->cgroups, z->name, CGROUP_STATS_REFUSALS | CGROUP_STATS_BELOW,
			 &stats, &none) < 0)
		return 0;
	c.refusals = stats.refusals;
	if (!is_any(&c) || zone_run_read(&run, z->site, z->name, &none) < 0)
		return 0;
	if (run.init.pid > 0)
		ret = counters_add_refusals(z, &run.init, &stats.refusals, err);
	zone_run_clear(&run);
	return ret < 0 ? error_wrap(err, "counters") : 0;
}
