/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "cgroups/cgroup.h"

enum {
	PERIOD_US = 100000, LONG_PERIOD_US = 1000000, QUOTA_MIN_US = 1000,
	SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 10000,
	CPU_MAX = 8192, CPUS_TEXT_MAX = 4096, TEXT_MAX = 64,
};

/* Where a row writes. */
struct target {
	int fd;			/* the group */
	bool is_v2;
	bool is_new;		/* just made: everything is still unlimited */
	const char *file;
};

struct limit_row {
	const char *property;
	enum cgroup_controller controller;
	const char *v2_file, *v1_file;		/* NULL: it can't be had there */
	bool (*is_set)(const struct cgroup_limits *l);
	int (*write)(const struct target *t, const struct cgroup_limits *l, struct error *err);
};

struct limits_quota limits_quota(uint64_t cpus_milli)
{
	uint64_t period = PERIOD_US;

	if (cpus_milli * (PERIOD_US / 1000) < QUOTA_MIN_US)
		period = LONG_PERIOD_US;
	return (struct limits_quota){ cpus_milli * (period / 1000), period };
}

uint64_t limits_shares(uint64_t weight)
{
	uint64_t shares = weight * 1024 / WEIGHT_DEFAULT;

	if (shares < SHARES_MIN)
		return SHARES_MIN;
	return shares > SHARES_MAX ? SHARES_MAX : shares;
}

void limits_page_size(uint64_t bytes, char out[16])
{
	if (bytes >= 1U << 30)
		snprintf(out, 16, "%u%s", (unsigned int)(bytes >> 30), "GB");
	else if (bytes >= 1U << 20)
		snprintf(out, 16, "%u%s", (unsigned int)(bytes >> 20), "MB");
	else
		snprintf(out, 16, "%u%s", (unsigned int)(bytes >> 10), "KB");
}

/* One number of a processor list; -1 if there is none or it is out of all reason. */
static int list_number(const char **at)
{
	int n = 0;

	if (**at < '0' || **at > '9')
		return -1;
	for (; **at >= '0' && **at <= '9'; ++*at) {
		n = n * 10 + (**at - '0');
		if (n >= CPU_MAX)
			return -1;
	}
	return n;
}

static bool list_parse(const char *list, bool out[CPU_MAX])
{
	const char *at = list;

	memset(out, 0, CPU_MAX * sizeof(*out));
	for (;;) {
		int first = list_number(&at), last = first;

		if (*at == '-') {
			at++;
			last = list_number(&at);
		}
		if (first < 0 || last < first)
			return false;
		memset(out + first, 1, (size_t)(last - first) + 1);
		if (!*at)
			return true;
		if (*at++ != ',')
			return false;
	}
}

int limits_cpuset_check(const char *list, const char *present, struct error *err)
{
	bool wanted[CPU_MAX], there[CPU_MAX];

	if (!list_parse(list, wanted))
		return error_set(err, ERR_USAGE,
				 "cpuset: '%.64s' is no list of processors (as 0-3,6)", list);
	if (!list_parse(present, there))
		return error_set(err, ERR_FAILED,
				 "cpuset: the host's processors '%.64s' make no sense", present);
	for (int i = 0; i < CPU_MAX; i++) {
		if (wanted[i] && !there[i])
			return error_set(err, ERR_USAGE,
					 "cpuset: no processor %d (this host has %.64s)", i,
					 present);
	}
	return 0;
}

static int put(const struct target *t, const char *file, const char *text, struct error *err)
{
	return fd_write_control(t->fd, file, text, err);
}

static int put_number(const struct target *t, const char *file, uint64_t value, struct error *err)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put(t, file, text, err);
}

/* 0 stands for no limit, which v2 spells "max" and v1 "-1". */
static int put_bytes(const struct target *t, const char *file, uint64_t value, struct error *err)
{
	if (value == CGROUP_NO_LIMIT)
		return put(t, file, t->is_v2 ? "max" : "-1", err);
	return put_number(t, file, value, err);
}

static bool has_burst(const struct cgroup_limits *l)
{
	return l->cpu_burst_ms != CGROUP_NO_LIMIT;
}

static bool has_cpus(const struct cgroup_limits *l)
{
	return l->cpus_milli != CGROUP_NO_LIMIT;
}

static bool has_weight(const struct cgroup_limits *l)
{
	return l->cpu_weight != CGROUP_NO_LIMIT;
}

static bool has_cpuset(const struct cgroup_limits *l)
{
	return l->cpuset && *l->cpuset;
}

static bool has_memory(const struct cgroup_limits *l)
{
	return l->memory != CGROUP_NO_LIMIT;
}

static bool has_high(const struct cgroup_limits *l)
{
	return l->memory_high != CGROUP_NO_LIMIT;
}

static bool has_low(const struct cgroup_limits *l)
{
	return l->memory_low != CGROUP_NO_LIMIT;
}

static bool has_swap(const struct cgroup_limits *l)
{
	return l->swap != CGROUP_SWAP_UNSET;
}

static bool has_hugepages(const struct cgroup_limits *l)
{
	return l->hugepages != CGROUP_NO_LIMIT;
}

static bool has_oom(const struct cgroup_limits *l)
{
	return l->oom == CGROUP_OOM_ZONE;
}

static bool has_pids(const struct cgroup_limits *l)
{
	return l->pids != CGROUP_NO_LIMIT;
}

/* The kernel refuses a quota smaller than the burst, so the burst is taken away before the quota
 * is written, and given after it. A kernel without bursts has none to take away. */
static int drop_burst(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	(void)l;	/* the row's next one writes the value */
	return t->is_new ? 0 : put(t, t->file, "0", err);
}

static int write_burst(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	return put_number(t, t->file, l->cpu_burst_ms * 1000, err);
}

static int write_cpus(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	struct limits_quota quota = limits_quota(l->cpus_milli);
	char text[TEXT_MAX];

	if (t->is_v2) {
		if (has_cpus(l))
			snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, quota.quota_us,
				 quota.period_us);
		return put(t, t->file, has_cpus(l) ? text : "max 100000", err);
	}
	/* Two files, and the kernel checks their ratio after each write: no quota stands while the
	 * period changes. */
	if (!t->is_new && put(t, t->file, "-1", err) < 0)
		return -1;
	if (!has_cpus(l))
		return 0;
	if (put_number(t, "cpu.cfs_period_us", quota.period_us, err) < 0)
		return -1;
	return put_number(t, t->file, quota.quota_us, err);
}

static int write_weight(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	uint64_t weight = has_weight(l) ? l->cpu_weight : WEIGHT_DEFAULT;

	return put_number(t, t->file, t->is_v2 ? weight : limits_shares(weight), err);
}

static int write_cpuset(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	char all[CPUS_TEXT_MAX];
	AUTO_CLOSE int parentfd = -1;
	struct error ignored;

	if (has_cpuset(l))
		return put(t, t->file, l->cpuset, err);
	/* Empty is what the group above has, on v2. But no group with processes can be given an
	 * empty set (ENOSPC), and on v1 an empty one takes none, so the set above is spelt out. */
	if (t->is_v2 && put(t, t->file, "\n", &ignored) == 0)
		return 0;
	parentfd = openat(t->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parentfd < 0)
		return error_sys(err, "open the group above");
	if (fd_read_control(parentfd, t->is_v2 ? "cpuset.cpus.effective" : t->file, all,
			    sizeof(all), err) < 0)
		return -1;
	return put(t, t->file, all, err);
}

static int read_number(int fd, const char *file, uint64_t *out, struct error *err)
{
	char text[TEXT_MAX];

	if (fd_read_control(fd, file, text, sizeof(text), err) < 0)
		return -1;
	*out = strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
	return 0;
}

static int refuse_memory(int fd, const char *usage_file, uint64_t wanted, struct error *err)
{
	char now[NUM_TEXT_MAX], asked[NUM_TEXT_MAX];
	uint64_t usage;

	if (read_number(fd, usage_file, &usage, err) < 0)
		return -1;
	return error_set(err, ERR_RESOURCE, "memory: %s is in use and can't be reclaimed to %s",
			 num_size_human(usage, now), num_size_human(wanted, asked));
}

/* Writing memory.max kills what does not fit. So memory.high is lowered first, which reclaims as
 * hard and holds back what grows meanwhile, and the hard limit follows only if all fits. */
static int write_memory_v2(const struct target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	char old_high[TEXT_MAX];
	struct error ignored;
	uint64_t usage;

	if (t->is_new || !has_memory(l))
		return put_bytes(t, t->file, l->memory, err);
	if (read_number(t->fd, "memory.current", &usage, err) < 0)
		return -1;
	if (usage <= l->memory / 2)
		return put_bytes(t, t->file, l->memory, err);
	if (fd_read_control(t->fd, "memory.high", old_high, sizeof(old_high), err) < 0 ||
	    put_number(t, "memory.high", l->memory, err) < 0 ||
	    read_number(t->fd, "memory.current", &usage, err) < 0)
		return -1;
	if (usage > l->memory)
		refuse_memory(t->fd, "memory.current", l->memory, err);
	else if (put_number(t, t->file, l->memory, err) == 0)
		return put(t, "memory.high", old_high, err);
	(void)put(t, "memory.high", old_high, &ignored);	/* the refusal is what to tell */
	return -1;
}

/* v1 counts memory alone and memory with swap, and wants the first never above the second: what
 * order fits depends on what stands there. EBUSY means that the kernel could not reclaim enough;
 * it keeps the old limit then. */
static int write_memory_v1(const struct target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	static const char memsw[] = "memory.memsw.limit_in_bytes";
	uint64_t both = has_memory(l) && has_swap(l) ? l->memory + l->swap : CGROUP_NO_LIMIT;
	uint64_t old_both = UINT64_MAX, old;
	struct error trouble;
	bool has_memsw = faccessat(t->fd, memsw, F_OK, 0) == 0;
	bool memory_first;

	if (has_swap(l) && !has_memsw)
		return error_set(err, ERR_UNSUPPORTED,
				 "swap: this kernel does not count swap (no '%s')", memsw);
	if (read_number(t->fd, t->file, &old, err) < 0 ||
	    (has_memsw && read_number(t->fd, memsw, &old_both, err) < 0))
		return -1;
	memory_first = has_memory(l) && l->memory <= old_both;
	if (has_memsw && !memory_first && put_bytes(t, memsw, both, err) < 0)
		return -1;
	if (put_bytes(t, t->file, l->memory, &trouble) == 0 &&
	    (!has_memsw || !memory_first || both == old_both ||
	     put_bytes(t, memsw, both, &trouble) == 0))
		return 0;
	*err = trouble;
	(void)put_number(t, t->file, old, &trouble);	/* the first error is the one to tell */
	if (err->sys == EBUSY)
		return refuse_memory(t->fd, "memory.usage_in_bytes", l->memory, err);
	return -1;
}

static int write_memory(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	return t->is_v2 ? write_memory_v2(t, l, err) : write_memory_v1(t, l, err);
}

static int write_swap(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	if (!t->is_v2)
		return 0;	/* written with memory */
	if (!has_swap(l))
		return put(t, t->file, "max", err);
	return put_number(t, t->file, l->swap, err);
}

static int write_high(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	return put_bytes(t, t->file, l->memory_high, err);
}

static int write_low(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	return put_number(t, t->file, l->memory_low, err);
}

static int write_oom(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	return put(t, t->file, has_oom(l) ? "1" : "0", err);
}

static int write_pids(const struct target *t, const struct cgroup_limits *l, struct error *err)
{
	if (!has_pids(l))
		return put(t, t->file, "max", err);	/* on v1 too */
	return put_number(t, t->file, l->pids, err);
}

/* The files' names hold the page size: "hugetlb.2MB.max"; the table has the last part. */
static int write_hugepages(const struct target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	AUTO_CLOSE int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char info[8192], size[16], file[64];
	const char *line;

	if (procfd < 0)
		return error_sys(err, "open '/proc'");
	if (fd_read_control(procfd, "meminfo", info, sizeof(info), err) < 0)
		return -1;
	line = strstr(info, "\nHugepagesize:");
	if (!line)
		return error_set(err, ERR_UNSUPPORTED, "this kernel has no huge pages");
	limits_page_size(strtoull(line + strlen("\nHugepagesize:"), NULL, 10) << 10, size);
	snprintf(file, sizeof(file), "hugetlb.%s.%s", size, t->file);
	return put_bytes(t, file, l->hugepages, err);
}

/* In the order of writing: a burst fits below the quota that is already there, and memory-high
 * comes after memory, which uses that file while it lowers the limit. */
static const struct limit_row rows[] = {
	/* property      controller       v2 file             v1 file                       */
	{ "cpu-burst",   CGROUP_CPU,     "cpu.max.burst",     "cpu.cfs_burst_us",
	  has_burst, drop_burst },
	{ "cpus",        CGROUP_CPU,     "cpu.max",           "cpu.cfs_quota_us",
	  has_cpus, write_cpus },
	{ "cpu-burst",   CGROUP_CPU,     "cpu.max.burst",     "cpu.cfs_burst_us",
	  has_burst, write_burst },
	{ "cpu-weight",  CGROUP_CPU,     "cpu.weight",        "cpu.shares",
	  has_weight, write_weight },
	{ "cpuset",      CGROUP_CPUSET,  "cpuset.cpus",       "cpuset.cpus",
	  has_cpuset, write_cpuset },
	{ "memory",      CGROUP_MEMORY,  "memory.max",        "memory.limit_in_bytes",
	  has_memory, write_memory },
	{ "swap",        CGROUP_MEMORY,  "memory.swap.max",   "memory.memsw.limit_in_bytes",
	  has_swap, write_swap },
	{ "memory-high", CGROUP_MEMORY,  "memory.high",       NULL,
	  has_high, write_high },
	{ "memory-low",  CGROUP_MEMORY,  "memory.low",        NULL,
	  has_low, write_low },
	{ "oom-kill",    CGROUP_MEMORY,  "memory.oom.group",  NULL,
	  has_oom, write_oom },
	{ "hugepages",   CGROUP_HUGETLB, "max",               "limit_in_bytes",
	  has_hugepages, write_hugepages },
	{ "pids",        CGROUP_PIDS,    "pids.max",          "pids.max",
	  has_pids, write_pids },
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
	return error_set(err, ERR_UNSUPPORTED,
			 "%s: no cgroup controller for it on this host (%s is missing)",
			 row->property, name);
}

static int check_cpuset(const struct cgroup_limits *l, struct error *err)
{
	AUTO_CLOSE int dirfd = open("/sys/devices/system/cpu", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char online[CPUS_TEXT_MAX];

	if (dirfd < 0)
		return error_sys(err, "open '/sys/devices/system/cpu'");
	if (fd_read_control(dirfd, "online", online, sizeof(online), err) < 0)
		return -1;
	return limits_cpuset_check(l->cpuset, online, err);
}

static int check_values(const struct cgroup_limits *l, struct error *err)
{
	struct limits_quota quota = limits_quota(l->cpus_milli);

	if (l->cpu_weight > WEIGHT_MAX)
		return error_set(err, ERR_USAGE, "cpu-weight: %" PRIu64 " is above %d",
				 l->cpu_weight, WEIGHT_MAX);
	if (has_burst(l) && !has_cpus(l))
		return error_set(err, ERR_USAGE, "cpu-burst: needs cpus");
	if (has_burst(l) && l->cpu_burst_ms > quota.quota_us / 1000)
		return error_set(err, ERR_USAGE,
				 "cpu-burst: at most %" PRIu64 "ms with these cpus",
				 quota.quota_us / 1000);
	if (has_high(l) && has_memory(l) && l->memory_high > l->memory)
		return error_set(err, ERR_USAGE, "memory-high: is above memory");
	return has_cpuset(l) ? check_cpuset(l, err) : 0;
}

int limits_check(const struct cgroup_host *host, const struct cgroup_limits *limits,
		 struct error *err)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (rows[i].is_set(limits) && check_row(host, &rows[i], err) < 0)
			return -1;
	}
	if (has_swap(limits) && !has_memory(limits) && host->v1fd[CGROUP_MEMORY] >= 0)
		return error_set(err, ERR_UNSUPPORTED,
				 "swap: needs memory on this host (v1 limits the two together)");
	return check_values(limits, err);
}

/* Writes one row. A file that is missing although its controller is there is a kernel without
 * that feature: then nothing is limited, which is right as long as nothing was asked. */
static int apply_row(struct cgroup *cg, const struct limit_row *row,
		     const struct cgroup_limits *limits, bool is_new, struct error *err)
{
	bool is_set = row->is_set(limits);
	struct target t = { .is_new = is_new };
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
