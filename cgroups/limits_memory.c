/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "cgroups/limits_rows.h"

static int read_number(int fd, const char *file, uint64_t *out, struct error *err)
{
	char text[LIMITS_TEXT_MAX];

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
static int write_memory_v2(const struct limits_target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	char old_high[LIMITS_TEXT_MAX];
	struct error ignored;
	uint64_t usage;

	if (t->is_new || !limits_has_memory(l))
		return limits_put_bytes(t, t->file, l->memory, err);
	if (read_number(t->fd, "memory.current", &usage, err) < 0)
		return -1;
	if (usage <= l->memory / 2)
		return limits_put_bytes(t, t->file, l->memory, err);
	if (fd_read_control(t->fd, "memory.high", old_high, sizeof(old_high), err) < 0 ||
	    limits_put_number(t, "memory.high", l->memory, err) < 0 ||
	    read_number(t->fd, "memory.current", &usage, err) < 0)
		return -1;
	if (usage > l->memory)
		refuse_memory(t->fd, "memory.current", l->memory, err);
	else if (limits_put_number(t, t->file, l->memory, err) == 0)
		return limits_put(t, "memory.high", old_high, err);
	(void)limits_put(t, "memory.high", old_high, &ignored);	/* the refusal is what to tell */
	return -1;
}

/* v1 counts memory alone and memory with swap, and wants the first never above the second: what
 * order fits depends on what stands there. EBUSY means that the kernel could not reclaim enough;
 * it keeps the old limit then. */
static int write_memory_v1(const struct limits_target *t, const struct cgroup_limits *l,
			   struct error *err)
{
	static const char memsw[] = "memory.memsw.limit_in_bytes";
	uint64_t both =
		limits_has_memory(l) && limits_has_swap(l) ? l->memory + l->swap : CGROUP_NO_LIMIT;
	uint64_t old_both = UINT64_MAX, old;
	struct error trouble;
	bool has_memsw = faccessat(t->fd, memsw, F_OK, 0) == 0;
	bool memory_first;

	if (limits_has_swap(l) && !has_memsw)
		return error_set(err, ERR_UNSUPPORTED,
				 "swap: this kernel does not count swap (no '%s')", memsw);
	if (read_number(t->fd, t->file, &old, err) < 0 ||
	    (has_memsw && read_number(t->fd, memsw, &old_both, err) < 0))
		return -1;
	memory_first = limits_has_memory(l) && l->memory <= old_both;
	if (has_memsw && !memory_first && limits_put_bytes(t, memsw, both, err) < 0)
		return -1;
	if (limits_put_bytes(t, t->file, l->memory, &trouble) == 0 &&
	    (!has_memsw || !memory_first || both == old_both ||
	     limits_put_bytes(t, memsw, both, &trouble) == 0))
		return 0;
	*err = trouble;
	/* The first error is the one to tell. */
	(void)limits_put_number(t, t->file, old, &trouble);
	if (err->sys == EBUSY)
		return refuse_memory(t->fd, "memory.usage_in_bytes", l->memory, err);
	return -1;
}

int limits_write_memory(const struct limits_target *t, const struct cgroup_limits *l,
			struct error *err)
{
	return t->is_v2 ? write_memory_v2(t, l, err) : write_memory_v1(t, l, err);
}

int limits_write_swap(const struct limits_target *t, const struct cgroup_limits *l,
		      struct error *err)
{
	if (!t->is_v2)
		return 0;	/* written with memory */
	if (!limits_has_swap(l))
		return limits_put(t, t->file, "max", err);
	return limits_put_number(t, t->file, l->swap, err);
}

int limits_write_high(const struct limits_target *t, const struct cgroup_limits *l,
		      struct error *err)
{
	return limits_put_bytes(t, t->file, l->memory_high, err);
}

int limits_write_low(const struct limits_target *t, const struct cgroup_limits *l,
		     struct error *err)
{
	return limits_put_number(t, t->file, l->memory_low, err);
}

int limits_write_oom(const struct limits_target *t, const struct cgroup_limits *l,
		     struct error *err)
{
	return limits_put(t, t->file, limits_has_oom(l) ? "1" : "0", err);
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

/* The files' names hold the page size: "hugetlb.2MB.max"; the table has the last part. */
int limits_write_hugepages(const struct limits_target *t, const struct cgroup_limits *l,
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
	return limits_put_bytes(t, file, l->hugepages, err);
}
