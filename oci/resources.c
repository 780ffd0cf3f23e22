/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "oci/resources_parts.h"

enum { TEXT_MAX = 64, CONTROL_MAX = 4096 };

/* How a number is written. */
enum form {
	FORM_PLAIN,			/* in decimal, -1 too */
	FORM_MAX,			/* the same, "max" below 0 */
	FORM_WEIGHT,			/* cpu.shares as cpu.weight */
};

/* A number of its own file. */
struct knob {
	const char *name;		/* in messages */
	size_t section;			/* of the pointer in struct oci_resources */
	size_t field;			/* of the json_number in that section */
	bool skips_zero;		/* 0 means: not set */
	bool is_idle_on_v2;		/* v2 has none, and nothing is lost without it */
	const char *v2, *v2_file;	/* controller and file, or NULL */
	enum form v2_form;
	const char *v1, *v1_file;
};

#define KNOB(section_, struct_, field_, name_) \
	.name = name_, .section = offsetof(struct oci_resources, section_), \
	.field = offsetof(struct struct_, field_)
#define V2(controller, file, form) .v2 = controller, .v2_file = file, .v2_form = form
#define V1(controller, file) .v1 = controller, .v1_file = file

/* In the order of writing; memory and swap and the processor's quota are written by functions of
 * their own. kernel memory is no limit of its own any more (Linux 5.16) and is not written. */
/* clang-format off */
static const struct knob knobs[] = {
	{ KNOB(cpu, oci_cpu, shares, "cpu.shares"), true, false,
	  V2("cpu", "cpu.weight", FORM_WEIGHT), V1("cpu", "cpu.shares") },
	{ KNOB(cpu, oci_cpu, idle, "cpu.idle"), false, false,
	  V2("cpu", "cpu.idle", FORM_PLAIN), V1("cpu", "cpu.idle") },
	{ KNOB(cpu, oci_cpu, realtime_period, "cpu.realtimePeriod"), true, false,
	  V1("cpu", "cpu.rt_period_us") },
	{ KNOB(cpu, oci_cpu, realtime_runtime, "cpu.realtimeRuntime"), true, false,
	  V1("cpu", "cpu.rt_runtime_us") },
	{ KNOB(memory, oci_memory, reservation, "memory.reservation"), true, false,
	  V2("memory", "memory.low", FORM_MAX), V1("memory", "memory.soft_limit_in_bytes") },
	{ KNOB(memory, oci_memory, kernel_tcp, "memory.kernelTCP"), true, true,
	  V1("memory", "memory.kmem.tcp.limit_in_bytes") },
	{ KNOB(memory, oci_memory, swappiness, "memory.swappiness"), false, true,
	  V1("memory", "memory.swappiness") },
	{ KNOB(pids, oci_pids, limit, "pids.limit"), true, false,
	  V2("pids", "pids.max", FORM_MAX), V1("pids", "pids.max") },
	{ KNOB(block_io, oci_block_io, leaf_weight, "blockIO.leafWeight"), true, false,
	  V1("blkio", "blkio.leaf_weight") },
	{ KNOB(network, oci_network, class_id, "network.classID"), true, false,
	  V1("net_cls", "net_cls.classid") },
};
/* clang-format on */

uint64_t resources_weight(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + (shares - 2) * 9999 / 262142;
}

static void number_text(char out[TEXT_MAX], enum form form, int64_t value)
{
	switch (form) {
	case FORM_MAX:
		if (value < 0) {
			strcpy(out, "max");
			return;
		}
		break;
	case FORM_WEIGHT:
		value = (int64_t)resources_weight((uint64_t)value);
		break;
	case FORM_PLAIN:
		break;
	}
	snprintf(out, TEXT_MAX, "%" PRId64, value);
}

static bool has_controller(int fd, const char *name)
{
	char text[CONTROL_MAX];
	struct error ignored;
	char *save = NULL;

	if (fd_read_control(fd, "cgroup.controllers", text, sizeof(text), &ignored) <= 0)
		return false;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

int resources_v2(const struct span *span, const char *controller)
{
	int fd = span_v2(span);

	return fd >= 0 && has_controller(fd, controller) ? fd : -1;
}

int resources_missing(const char *name, const char *controller, struct error *err)
{
	error_set(err, ERR_UNSUPPORTED, "linux.resources.%s: this host has no cgroup controller"
		  " '%s'", name, controller);
	return error_hint(err, "leave it out, or mount the controller");
}

int resources_write(int fd, const char *file, const char *text, const char *name, struct error *err)
{
	if (fd_write_control(fd, file, text, err) < 0)
		return error_wrap(err, "linux.resources.%s", name);
	return 0;
}

/* Of a section that may be absent. */
static const struct json_number *number_of(const struct oci_resources *r, size_t section,
					   size_t field)
{
	const char *at = *(const char *const *)((const char *)r + section);

	return at ? (const struct json_number *)(at + field) : NULL;
}

static int apply_knob(const struct span *span, const struct knob *k, int64_t value,
		      struct error *err)
{
	char text[TEXT_MAX];
	int fd = k->v1 ? span_v1(span, k->v1) : -1;

	if (fd >= 0) {
		number_text(text, strcmp(k->v1_file, "pids.max") == 0 ? FORM_MAX : FORM_PLAIN,
			    value);
		return resources_write(fd, k->v1_file, text, k->name, err);
	}
	if (!k->v2 && k->is_idle_on_v2)
		return 0;
	if (!k->v2)
		return error_set(err, ERR_UNSUPPORTED, "linux.resources.%s: this host has no"
				 " controller '%s' of cgroup v1, and v2 has no such limit",
				 k->name, k->v1);
	fd = resources_v2(span, k->v2);
	if (fd < 0)
		return resources_missing(k->name, k->v2, err);
	number_text(text, k->v2_form, value);
	return resources_write(fd, k->v2_file, text, k->name, err);
}

/* A group that is idle takes no shares: one that shall not be any more is told so first. */
static int apply_busy(const struct span *span, const struct oci_cpu *cpu, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(knobs); i++)
		if (cpu && cpu->idle.is_set && cpu->idle.i == 0 &&
		    strcmp(knobs[i].name, "cpu.idle") == 0)
			return apply_knob(span, &knobs[i], 0, err);
	return 0;
}

static int apply_knobs(const struct span *span, const struct oci_resources *r, struct error *err)
{
	if (apply_busy(span, r->cpu, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(knobs); i++) {
		const struct json_number *n = number_of(r, knobs[i].section, knobs[i].field);

		if (!n || !n->is_set || (knobs[i].skips_zero && n->i == 0))
			continue;
		if (apply_knob(span, &knobs[i], n->i, err) < 0)
			return -1;
	}
	return 0;
}

/* v2 has both in one file; what is not given stays as it is there. */
static int apply_quota_v2(int fd, const struct oci_cpu *cpu, struct error *err)
{
	char text[TEXT_MAX], quota[TEXT_MAX] = "max";
	AUTO_STR struct str both = { 0 };
	unsigned long long period = 100000;

	if (fd_read_control(fd, "cpu.max", text, sizeof(text), err) < 0)
		return -1;
	(void)sscanf(text, "%63s %llu", quota, &period); /* what it did not find stays */
	if (cpu->quota.is_set && cpu->quota.i != 0)
		number_text(quota, FORM_MAX, cpu->quota.i);
	if (cpu->period.is_set && cpu->period.u != 0)
		period = cpu->period.u;
	str_addf(&both, "%s %llu", quota, period);
	return resources_write(fd, "cpu.max", str_text(&both), "cpu.quota", err);
}

/* The kernel refuses a quota that does not fit the present period, or the other way round: the
 * period first, and once more after the quota if that failed. */
static int apply_quota_v1(int fd, const struct oci_cpu *cpu, struct error *err)
{
	bool has_period = cpu->period.is_set && cpu->period.u != 0;
	char text[TEXT_MAX];
	struct error first = { 0 };
	bool is_late = false;

	if (has_period) {
		number_text(text, FORM_PLAIN, (int64_t)cpu->period.u);
		is_late = resources_write(fd, "cpu.cfs_period_us", text, "cpu.period", &first) < 0;
		if (is_late && (first.sys != EINVAL || !cpu->quota.is_set)) {
			*err = first;
			return -1;
		}
	}
	if (cpu->quota.is_set && cpu->quota.i != 0) {
		number_text(text, FORM_PLAIN, cpu->quota.i);
		if (resources_write(fd, "cpu.cfs_quota_us", text, "cpu.quota", err) < 0)
			return -1;
	}
	number_text(text, FORM_PLAIN, (int64_t)cpu->period.u);
	return is_late ? resources_write(fd, "cpu.cfs_period_us", text, "cpu.period", err) : 0;
}

/* A burst is never above the quota, so a smaller one goes before it, a larger one after it. */
static int apply_burst(int fd, bool is_v1, const struct oci_cpu *cpu, struct error *err)
{
	char text[TEXT_MAX];

	if (!cpu->burst.is_set)
		return 0;
	number_text(text, FORM_PLAIN, (int64_t)cpu->burst.u);
	return resources_write(fd, is_v1 ? "cpu.cfs_burst_us" : "cpu.max.burst", text, "cpu.burst",
			       err);
}

static int apply_cpu(const struct span *span, const struct oci_cpu *cpu, struct error *err)
{
	bool has_any = (cpu->quota.is_set && cpu->quota.i != 0) ||
		       (cpu->period.is_set && cpu->period.u != 0) || cpu->burst.is_set;
	int fd = span_v1(span, "cpu");
	bool is_v1 = fd >= 0;
	struct error too_early;

	if (!has_any)
		return 0;
	if (!is_v1)
		fd = resources_v2(span, "cpu");
	if (fd < 0)
		return resources_missing("cpu.quota", "cpu", err);
	(void)apply_burst(fd, is_v1, cpu, &too_early);	/* once more below, where it counts */
	if ((is_v1 ? apply_quota_v1(fd, cpu, err) : apply_quota_v2(fd, cpu, err)) < 0)
		return -1;
	return apply_burst(fd, is_v1, cpu, err);
}

static int apply_cpuset(const struct span *span, const struct oci_cpu *cpu, struct error *err)
{
	int fd = span_v1(span, "cpuset");

	if ((!cpu->cpus || !*cpu->cpus) && (!cpu->mems || !*cpu->mems))
		return 0;
	if (fd < 0)
		fd = resources_v2(span, "cpuset");
	if (fd < 0)
		return resources_missing("cpu.cpus", "cpuset", err);
	if (cpu->cpus && *cpu->cpus &&
	    resources_write(fd, "cpuset.cpus", cpu->cpus, "cpu.cpus", err) < 0)
		return -1;
	if (cpu->mems && *cpu->mems)
		return resources_write(fd, "cpuset.mems", cpu->mems, "cpu.mems", err);
	return 0;
}

static int read_u64(int fd, const char *file, uint64_t *out, struct error *err)
{
	char text[TEXT_MAX];

	if (fd_read_control(fd, file, text, sizeof(text), err) < 0)
		return -1;
	if (strcmp(text, "max") == 0) {
		*out = UINT64_MAX;
		return 0;
	}
	return num_u64(text, 0, UINT64_MAX, out, err);
}

static int check_use(int fd, const char *file, const struct oci_memory *m, struct error *err)
{
	uint64_t used = 0;

	if (!m->checks_before_update || !m->limit.is_set || m->limit.i <= 0)
		return 0;
	if (read_u64(fd, file, &used, err) < 0)
		return -1;
	if (used <= (uint64_t)m->limit.i)
		return 0;
	return error_set(err, ERR_RESOURCE, "linux.resources.memory.limit: %" PRId64
			 " is below the %" PRIu64 " bytes in use", m->limit.i, used);
}

static bool has_number(const struct json_number *n)
{
	return n->is_set && n->i != 0;
}

/* What the specification calls swap is memory and swap together, and v2's is swap alone. */
static int swap_v2(const struct json_number *limit, int64_t swap, char out[TEXT_MAX],
		   struct error *err)
{
	if (swap < 0) {
		strcpy(out, "max");
		return 0;
	}
	if (!limit->is_set || limit->i <= 0)
		return error_set(err, ERR_USAGE, "linux.resources.memory.swap: it needs a limit of"
				 " memory");
	if (swap < limit->i)
		return error_set(err, ERR_USAGE, "linux.resources.memory.swap: memory and swap"
				 " together are less than memory");
	number_text(out, FORM_PLAIN, swap - limit->i);
	return 0;
}

static int apply_swap_v2(int fd, const struct oci_memory *m, bool is_update, struct error *err)
{
	struct json_number limit = m->limit, swap = m->swap;
	char text[TEXT_MAX];
	uint64_t now = 0;

	/* No limit of memory leaves none of both. */
	if (has_number(&limit) && limit.i == -1 && !has_number(&swap))
		swap = limit;
	if (!has_number(&swap))
		return 0;
	if (is_update && !has_number(&limit)) {
		if (read_u64(fd, "memory.max", &now, err) < 0)
			return -1;
		limit.is_set = now <= INT64_MAX;
		limit.i = (int64_t)now;
	}
	if (swap_v2(&limit, swap.i, text, err) < 0)
		return -1;
	/* A host without swap accounting can't be asked for none. */
	if (fd_write_control(fd, "memory.swap.max", text, err) < 0 &&
	    (err->sys != ENOENT || swap.i > 0))
		return error_wrap(err, "linux.resources.memory.swap");
	return 0;
}

static int apply_memory_v2(int fd, const struct oci_memory *m, bool is_update, struct error *err)
{
	char text[TEXT_MAX];

	if (is_update && check_use(fd, "memory.current", m, err) < 0)
		return -1;
	if (apply_swap_v2(fd, m, is_update, err) < 0)
		return -1;
	if (!has_number(&m->limit))
		return 0;
	number_text(text, FORM_MAX, m->limit.i);
	return resources_write(fd, "memory.max", text, "memory.limit", err);
}

static const char both_file[] = "memory.memsw.limit_in_bytes";

/* memory must never be above memory and swap together: which goes first depends on where both
 * are. */
static int apply_both_v1(int fd, const struct oci_memory *m, struct error *err)
{
	char limit[TEXT_MAX], swap[TEXT_MAX];
	uint64_t now = 0;
	bool swap_first;

	number_text(limit, FORM_PLAIN, m->limit.i);
	number_text(swap, FORM_PLAIN, m->swap.i);
	if (read_u64(fd, "memory.limit_in_bytes", &now, err) < 0)
		return -1;
	swap_first = m->swap.i < 0 || (uint64_t)m->swap.i > now;
	if (swap_first && resources_write(fd, both_file, swap, "memory.swap", err) < 0)
		return -1;
	if (resources_write(fd, "memory.limit_in_bytes", limit, "memory.limit", err) < 0)
		return -1;
	return swap_first ? 0 : resources_write(fd, both_file, swap, "memory.swap", err);
}

static int apply_memory_v1(int fd, const struct oci_memory *m, bool is_update, struct error *err)
{
	struct oci_memory both = *m;
	char text[TEXT_MAX];

	if (is_update && check_use(fd, "memory.usage_in_bytes", m, err) < 0)
		return -1;
	/* No limit of memory leaves none of both. */
	if (has_number(&m->limit) && m->limit.i == -1 && !has_number(&m->swap))
		both.swap = m->limit;
	if (has_number(&both.limit) && has_number(&both.swap)) {
		if (apply_both_v1(fd, &both, err) < 0)
			return -1;
	} else if (has_number(&m->limit)) {
		number_text(text, FORM_PLAIN, m->limit.i);
		if (resources_write(fd, "memory.limit_in_bytes", text, "memory.limit", err) < 0)
			return -1;
	} else if (has_number(&m->swap)) {
		number_text(text, FORM_PLAIN, m->swap.i);
		if (resources_write(fd, both_file, text, "memory.swap", err) < 0)
			return -1;
	}
	if (!m->disables_oom_killer)
		return 0;
	return resources_write(fd, "memory.oom_control", "1", "memory.disableOOMKiller", err);
}

static int apply_memory(const struct span *span, const struct oci_memory *m, bool is_update,
			struct error *err)
{
	int fd = span_v1(span, "memory");

	if (!has_number(&m->limit) && !has_number(&m->swap) && !m->disables_oom_killer)
		return 0;
	if (fd >= 0)
		return apply_memory_v1(fd, m, is_update, err);
	fd = resources_v2(span, "memory");
	return fd < 0 ? resources_missing("memory.limit", "memory", err)
		      : apply_memory_v2(fd, m, is_update, err);
}

/* What is used, and what is set aside before it is used; older kernels have no limit of that. */
static int apply_page_size(int fd, bool is_v1, const struct oci_hugepages *h, struct error *err)
{
	const char *suffix = is_v1 ? "limit_in_bytes" : "max";
	AUTO_FREE char *used = xasprintf("hugetlb.%s.%s", h->page_size, suffix);
	AUTO_FREE char *reserved = xasprintf("hugetlb.%s.rsvd.%s", h->page_size, suffix);
	struct error missing = { 0 };
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, h->limit.u);
	if (resources_write(fd, used, text, "hugepageLimits", err) < 0)
		return -1;
	if (resources_write(fd, reserved, text, "hugepageLimits", &missing) == 0 ||
	    missing.sys == ENOENT)
		return 0;
	*err = missing;
	return -1;
}

static int apply_hugepages(const struct span *span, const struct oci_resources *r,
			   struct error *err)
{
	int fd = span_v1(span, "hugetlb");
	bool is_v1 = fd >= 0;

	if (r->n_hugepages == 0)
		return 0;
	if (!is_v1)
		fd = resources_v2(span, "hugetlb");
	if (fd < 0)
		return resources_missing("hugepageLimits", "hugetlb", err);
	for (size_t i = 0; i < r->n_hugepages; i++)
		if (apply_page_size(fd, is_v1, &r->hugepages[i], err) < 0)
			return -1;
	return 0;
}

static int apply_rdma(const struct span *span, const struct oci_resources *r, struct error *err)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		AUTO_STR struct str text = { 0 };
		int fd = span_v1(span, "rdma");

		if (fd < 0)
			fd = resources_v2(span, "rdma");
		if (fd < 0)
			return resources_missing("rdma", "rdma", err);
		str_add(&text, r->rdma[i].key);
		if (r->rdma[i].handles.is_set)
			str_addf(&text, " hca_handle=%" PRId64, r->rdma[i].handles.i);
		if (r->rdma[i].objects.is_set)
			str_addf(&text, " hca_object=%" PRId64, r->rdma[i].objects.i);
		if (resources_write(fd, "rdma.max", str_text(&text), "rdma", err) < 0)
			return -1;
	}
	return 0;
}

static int apply_priorities(const struct span *span, const struct oci_network *network,
			    struct error *err)
{
	int fd = span_v1(span, "net_prio");

	for (size_t i = 0; i < network->n_priorities; i++) {
		AUTO_STR struct str text = { 0 };

		if (fd < 0)
			return resources_missing("network.priorities", "net_prio", err);
		str_addf(&text, "%s %" PRIu32, network->priorities[i].name,
			 network->priorities[i].priority);
		if (resources_write(fd, "net_prio.ifpriomap", str_text(&text), "network.priorities",
			     err) < 0)
			return -1;
	}
	return 0;
}

/* Over what the other keys wrote. */
static int apply_unified(const struct span *span, const struct oci_resources *r, struct error *err)
{
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *file = r->unified[i].key;
		AUTO_FREE char *controller = xstrndup(file, strcspn(file, "."));
		int fd = span_v2(span);

		if (strchr(file, '/') || !strchr(file, '.'))
			return error_set(err, ERR_USAGE, "linux.resources.unified: '%s' is no file"
					 " of a cgroup", file);
		if (fd < 0 || span_v1(span, controller) >= 0)
			return error_set(err, ERR_UNSUPPORTED, "linux.resources.unified: '%s':"
					 " this host has the controller on cgroup v1", file);
		if (resources_write(fd, file, r->unified[i].value, "unified", err) == 0)
			continue;
		if (err->sys != ENOENT || strcmp(controller, "cgroup") == 0 ||
		    resources_v2(span, controller) >= 0)
			return -1;
		return error_set(err, ERR_UNSUPPORTED, "linux.resources.unified: '%s' can't be set:"
				 " controller '%s' not available", file, controller);
	}
	return 0;
}

int resources_apply(const struct span *span, const struct oci_resources *r, bool is_update,
		    struct error *err)
{
	if (r->cpu && (apply_cpuset(span, r->cpu, err) < 0 || apply_cpu(span, r->cpu, err) < 0))
		return -1;
	if (r->memory && apply_memory(span, r->memory, is_update, err) < 0)
		return -1;
	if (apply_knobs(span, r, err) < 0)
		return -1;
	if (r->block_io && resources_block_io(span, r->block_io, err) < 0)
		return -1;
	if (r->network && apply_priorities(span, r->network, err) < 0)
		return -1;
	if (apply_hugepages(span, r, err) < 0 || apply_rdma(span, r, err) < 0 ||
	    apply_unified(span, r, err) < 0)
		return -1;
	/* Of v2 a program, which can't be put back when another limit fails (resources_undo.h). */
	return resources_devices(span, r, err);
}
