/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/group.h"
#include "cgroups/limits.h"
#include "cgroups/members.h"

enum {
	TEXT_MAX = 16 << 10,		/* memory.stat has 3 KiB, io.stat a line a device */
	FILE_MAX = 64, PATH_ROOM = GROUP_PATH_MAX + FILE_MAX,
	LOOP_MAJOR = 7,
	HUGE_INFO_MAX = 8192,
	NO_LIMIT_BITS = 62,		/* v1 has no word for "none", but a huge number */
};

/* How a figure stands in its file. */
enum form {
	NUMBER,				/* the file is one number, or "max" */
	KEYED,				/* lines of "key number" */
	NANO,				/* the same, in nanoseconds where microseconds are wanted */
	PERCENT,			/* "some avg10=1.23 ...": the key is "some avg10=" */
	PRESSED,			/* the same with a whole number, further on in the line */
	DEVICES,			/* the sum over lines that begin with a device */
};

/* Where a figure is that needs no controller. */
#define NOBODY CGROUP_CONTROLLERS

struct place {
	const char *file;		/* NULL: this hierarchy has no such figure */
	const char *key;
	enum form form;
};

struct row {
	unsigned int parts;		/* enum cgroup_stats_part, any of them */
	enum cgroup_controller controller;
	size_t offset;
	struct place v2, v1;
};

#define AT(field) offsetof(struct cgroup_stats, field)
#define NONE { NULL, NULL, NUMBER }
#define REFUSED(field) AT(refusals.field)
#define PRESSURE_ROWS(what) \
	{ CGROUP_STATS_PRESSURE, NOBODY, AT(what##_pressure.some_avg10), \
	  { #what ".pressure", "some avg10=", PERCENT }, NONE }, \
	{ CGROUP_STATS_PRESSURE, NOBODY, AT(what##_pressure.some_usec), \
	  { #what ".pressure", "some total=", PRESSED }, NONE }, \
	{ CGROUP_STATS_PRESSURE, NOBODY, AT(what##_pressure.full_avg10), \
	  { #what ".pressure", "full avg10=", PERCENT }, NONE }, \
	{ CGROUP_STATS_PRESSURE, NOBODY, AT(what##_pressure.full_usec), \
	  { #what ".pressure", "full total=", PRESSED }, NONE }

/*
 * Rows of the same file stand together: it is read once for all of them. "*" in a
 * name is the size of a huge page.
 *
 * The hard limit's events are those of the outer group itself (".local"), as one
 * that a system inside sets for a service of its own counts in "memory.events" too.
 * An out-of-memory kill counts where the process was, hence in the groups below.
 * v1's swap figures are of memory and swap together; split_swap() takes them apart.
 */
/* clang-format off */
static const struct row rows[] = {
	{ CGROUP_STATS_CPU, NOBODY, AT(cpu_usec), { "cpu.stat", "usage_usec", KEYED }, NONE },
	{ CGROUP_STATS_CPU, NOBODY, AT(cpu_user_usec), { "cpu.stat", "user_usec", KEYED }, NONE },
	{ CGROUP_STATS_CPU, NOBODY, AT(cpu_system_usec), { "cpu.stat", "system_usec", KEYED },
	  NONE },
	{ CGROUP_STATS_THROTTLED, CGROUP_CPU, AT(throttled_usec),
	  { "cpu.stat", "throttled_usec", KEYED }, { "cpu.stat", "throttled_time", NANO } },
	{ CGROUP_STATS_THROTTLED | CGROUP_STATS_REFUSALS, CGROUP_CPU, REFUSED(cpus),
	  { "cpu.stat", "nr_throttled", KEYED }, { "cpu.stat", "nr_throttled", KEYED } },

	{ CGROUP_STATS_MEMORY | CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(memory),
	  { "memory.current", NULL, NUMBER }, { "memory.usage_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(memory_peak),
	  { "memory.peak", NULL, NUMBER }, { "memory.max_usage_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(memory_limit),
	  { "memory.max", NULL, NUMBER }, { "memory.limit_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(memory_high),
	  { "memory.high", NULL, NUMBER }, NONE },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(memory_low),
	  { "memory.low", NULL, NUMBER }, NONE },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(swap),
	  { "memory.swap.current", NULL, NUMBER },
	  { "memory.memsw.usage_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_MEMORY_LIMITS, CGROUP_MEMORY, AT(swap_limit),
	  { "memory.swap.max", NULL, NUMBER }, { "memory.memsw.limit_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_MEMORY_KINDS, CGROUP_MEMORY, AT(memory_anon),
	  { "memory.stat", "anon", KEYED }, { "memory.stat", "total_rss", KEYED } },
	{ CGROUP_STATS_MEMORY_KINDS, CGROUP_MEMORY, AT(memory_file),
	  { "memory.stat", "file", KEYED }, { "memory.stat", "total_cache", KEYED } },
	{ CGROUP_STATS_MEMORY_KINDS, CGROUP_MEMORY, AT(memory_kernel),
	  { "memory.stat", "kernel", KEYED }, { "memory.kmem.usage_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_REFUSALS, CGROUP_MEMORY, REFUSED(memory),
	  { "memory.events.local", "max", KEYED }, { "memory.failcnt", NULL, NUMBER } },
	{ CGROUP_STATS_REFUSALS, CGROUP_MEMORY, REFUSED(memory_high),
	  { "memory.events.local", "high", KEYED }, NONE },
	{ CGROUP_STATS_REFUSALS | CGROUP_STATS_OOM, CGROUP_MEMORY, REFUSED(oom_kills),
	  { "memory.events", "oom_kill", KEYED }, { "memory.oom_control", "oom_kill", KEYED } },
	{ CGROUP_STATS_REFUSALS, CGROUP_MEMORY, REFUSED(swap),
	  { "memory.swap.events", "max", KEYED }, { "memory.memsw.failcnt", NULL, NUMBER } },

	{ CGROUP_STATS_PIDS, CGROUP_PIDS, AT(pids),
	  { "pids.current", NULL, NUMBER }, { "pids.current", NULL, NUMBER } },
	{ CGROUP_STATS_PIDS_LIMITS, CGROUP_PIDS, AT(pids_peak),
	  { "pids.peak", NULL, NUMBER }, { "pids.peak", NULL, NUMBER } },
	{ CGROUP_STATS_PIDS_LIMITS, CGROUP_PIDS, AT(pids_limit),
	  { "pids.max", NULL, NUMBER }, { "pids.max", NULL, NUMBER } },
	{ CGROUP_STATS_REFUSALS, CGROUP_PIDS, REFUSED(pids),
	  { "pids.events", "max", KEYED }, { "pids.events", "max", KEYED } },

	{ CGROUP_STATS_HUGEPAGES, CGROUP_HUGETLB, AT(hugepages),
	  { "hugetlb.*.current", NULL, NUMBER }, { "hugetlb.*.usage_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_HUGEPAGES, CGROUP_HUGETLB, AT(hugepages_limit),
	  { "hugetlb.*.max", NULL, NUMBER }, { "hugetlb.*.limit_in_bytes", NULL, NUMBER } },
	{ CGROUP_STATS_REFUSALS, CGROUP_HUGETLB, REFUSED(hugepages),
	  { "hugetlb.*.events", "max", KEYED }, { "hugetlb.*.failcnt", NULL, NUMBER } },

	{ CGROUP_STATS_IO, CGROUP_IO, AT(io_read), { "io.stat", " rbytes=", DEVICES },
	  { "blkio.throttle.io_service_bytes", " Read ", DEVICES } },
	{ CGROUP_STATS_IO, CGROUP_IO, AT(io_written), { "io.stat", " wbytes=", DEVICES },
	  { "blkio.throttle.io_service_bytes", " Write ", DEVICES } },
	{ CGROUP_STATS_IO, CGROUP_IO, AT(io_reads), { "io.stat", " rios=", DEVICES },
	  { "blkio.throttle.io_serviced", " Read ", DEVICES } },
	{ CGROUP_STATS_IO, CGROUP_IO, AT(io_writes), { "io.stat", " wios=", DEVICES },
	  { "blkio.throttle.io_serviced", " Write ", DEVICES } },

	PRESSURE_ROWS(cpu),
	PRESSURE_ROWS(memory),
	PRESSURE_ROWS(io),
};
/* clang-format on */

struct reader {
	const struct cgroup_host *host;
	char group[GROUP_PATH_MAX];	/* "SUBTREE/NAME" */
	char text[TEXT_MAX];		/* of the file that was read last */
	const char *file;		/* as the table names it, NULL: none */
	int rootfd;			/* the hierarchy that it is of */
	bool is_there;
};

/*
 * Forms
 */

/* "max" is no number, and v1's number for it is above all memory. */
static uint64_t parse_number(const char *text)
{
	uint64_t n = strtoull(text, NULL, 10);

	if (*text < '0' || *text > '9' || n >> NO_LIMIT_BITS)
		return CGROUP_UNKNOWN;
	return n;
}

/* "12.34" -> 1234 */
static uint64_t parse_percent(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10) * 100;

	if (end == text || end[0] != '.' || end[1] < '0' || end[1] > '9' || end[2] < '0' ||
	    end[2] > '9')
		return CGROUP_UNKNOWN;
	return n + (uint64_t)(end[1] - '0') * 10 + (uint64_t)(end[2] - '0');
}

/* Behind "key " at the start of a line, or NULL. */
static const char *find_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return line + len + 1;
	}
	return NULL;
}

/* The sum over all lines, none of which is known where no device was used: 0. */
static uint64_t sum_devices(const char *text, const char *key)
{
	uint64_t sum = 0;

	for (const char *at = text; (at = strstr(at, key)) != NULL; at++)
		sum += strtoull(at + strlen(key), NULL, 10);
	return sum;
}

/* key is a line's first word and one further on in it: "full total=". */
static const char *find_in_line(const char *text, const char *key)
{
	size_t first = strcspn(key, " ");
	const char *line = text, *at;

	while (line && strncmp(line, key, first) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	at = line ? strstr(line, key + first) : NULL;
	return at ? at + strlen(key + first) : NULL;
}

static uint64_t parse(const char *text, const struct place *p)
{
	const char *at;
	uint64_t n;

	switch (p->form) {
	case NUMBER:
		return parse_number(text);
	case KEYED:
	case NANO:
		at = find_line(text, p->key);
		n = at ? parse_number(at) : CGROUP_UNKNOWN;
		return n != CGROUP_UNKNOWN && p->form == NANO ? n / 1000 : n;
	case PERCENT:
	case PRESSED:
		at = find_in_line(text, p->key);
		if (!at)
			return CGROUP_UNKNOWN;
		return p->form == PERCENT ? parse_percent(at) : parse_number(at);
	case DEVICES:
		return sum_devices(text, p->key);
	}
	return CGROUP_UNKNOWN;
}

/*
 * Files
 */

/* A device that stands on others: what passes it is seen below once more. */
static bool is_stacked(const char *device)
{
	static const char *const marks[] = { "dm", "md" };
	char path[64];

	if (strtoul(device, NULL, 10) == LOOP_MAJOR)
		return true;
	for (size_t i = 0; i < N_ROWS(marks); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%s/%s", device, marks[i]);
		if (access(path, F_OK) == 0) /* host path */
			return true;
	}
	return false;
}

/* Lines begin with "MAJOR:MINOR "; those of one device stand together. */
static void drop_stacked(char *text)
{
	char device[32] = "";
	char *to = text, *next;
	bool drop = false;

	for (char *line = text; *line; line = next) {
		size_t len = strcspn(line, " \n");

		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (strlen(device) != len || strncmp(line, device, len) != 0) {
			snprintf(device, sizeof(device), "%.*s", (int)len, line);
			drop = is_stacked(device);
		}
		if (drop)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
}

/* The kernel's word for the default size of a huge page: "2MB". */
static int huge_page(char out[16], struct error *err)
{
	AUTO_CLOSE int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	char info[HUGE_INFO_MAX];
	const char *at;

	if (procfd < 0)
		return error_sys(err, "open '/proc'");
	if (fd_read_control(procfd, "meminfo", info, sizeof(info), err) < 0)
		return -1;
	at = strstr(info, "\nHugepagesize:");
	if (!at)
		return error_set(err, ERR_UNSUPPORTED, "this kernel has no huge pages");
	limits_page_size(strtoull(at + strlen("\nHugepagesize:"), NULL, 10) << 10, out);
	return 0;
}

void cgroup_host_huge_page(struct cgroup_host *host)
{
	struct error unknown;

	if (huge_page(host->huge_page, &unknown) < 0)
		*host->huge_page = '\0';
}

/* Writes "SUBTREE/NAME/FILE". */
static int path_of(const struct reader *r, const char *file, char out[PATH_ROOM],
		   struct error *err)
{
	const char *star = strchr(file, '*');
	char size[16];

	strcpy(size, r->host->huge_page);
	if (star && !*size && huge_page(size, err) < 0)
		return -1;
	if (star)
		snprintf(out, PATH_ROOM, "%s/%.*s%s%s", r->group, (int)(star - file), file, size,
			 star + 1);
	else
		snprintf(out, PATH_ROOM, "%s/%s", r->group, file);
	return 0;
}

/* A figure that can't be had is not known: the host lacks the controller, the kernel the file (it
 * comes and goes with versions), or the zone ended meanwhile. */
static bool read_file(struct reader *r, int rootfd, const struct place *p)
{
	char path[PATH_ROOM];
	struct error unknown;

	if (r->file && r->rootfd == rootfd && strcmp(r->file, p->file) == 0)
		return r->is_there;
	r->file = p->file;
	r->rootfd = rootfd;
	r->is_there = path_of(r, p->file, path, &unknown) == 0 &&
		      cgroup_host_read(r->host, rootfd, path,
				       &(struct cgroup_text){ r->text, sizeof(r->text) },
				       &unknown) >= 0;
	if (r->is_there && p->form == DEVICES)
		drop_stacked(r->text);
	return r->is_there;
}

static uint64_t read_row(struct reader *r, const struct row *row)
{
	bool is_v1 = row->controller != NOBODY && r->host->v1fd[row->controller] >= 0;
	bool is_v2 = row->controller == NOBODY || r->host->on_v2[row->controller];
	const struct place *p = is_v1 ? &row->v1 : &row->v2;
	int rootfd = is_v1 ? r->host->v1fd[row->controller] : r->host->v2fd;

	if (!p->file || !(is_v1 || is_v2) || !read_file(r, rootfd, p))
		return CGROUP_UNKNOWN;
	return parse(r->text, p);
}

/* What is counted together with memory, alone. */
static uint64_t beside(uint64_t both, uint64_t memory)
{
	if (both == CGROUP_UNKNOWN || memory == CGROUP_UNKNOWN)
		return CGROUP_UNKNOWN;
	return both > memory ? both - memory : 0;
}

static void split_swap(struct cgroup_stats *s)
{
	s->swap = beside(s->swap, s->memory);
	s->swap_limit = beside(s->swap_limit, s->memory_limit);
}

/* Without swap both limits are the same, and the kernel meets that of both first: what it refuses
 * is memory. (From 6.15 on it counts nothing there.) */
static void name_refusals(struct reader *r, const char *name, struct cgroup_stats *s)
{
	struct cgroup_stats limits;
	struct error ended;

	if (s->refusals.swap == 0 || s->refusals.swap == CGROUP_UNKNOWN ||
	    cgroup_stats(r->host, name, CGROUP_STATS_MEMORY_LIMITS, &limits, &ended) < 0 ||
	    limits.swap_limit != 0)
		return;
	s->refusals.memory += s->refusals.swap;
	s->refusals.swap = 0;
}

/* Since 6.10 the outer group has all that its own limit refused, and this file too. */
static void count_below(struct reader *r, const char *name, struct cgroup_stats *s)
{
	char path[PATH_ROOM];

	if (r->host->v1fd[CGROUP_PIDS] >= 0 || s->refusals.pids == CGROUP_UNKNOWN)
		return;
	snprintf(path, sizeof(path), "%s/pids.events.local", r->group);
	if (faccessat(r->host->v2fd, path, F_OK, 0) < 0)
		s->refusals.pids = members_sum(r->host, name, "pids.events", "max");
}

int cgroup_stats(const struct cgroup_host *host, const char *name, unsigned int parts,
		 struct cgroup_stats *out, struct error *err)
{
	struct cgroup_stats stats;
	struct reader r;

	/* Its text is 16 KiB, not to be cleared for each zone. */
	r.host = host;
	r.file = NULL;
	if (group_path(host->subtree, name, r.group, err) < 0)
		return -1;
	memset(&stats, 0xff, sizeof(stats));
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (rows[i].parts & parts)
			*(uint64_t *)((char *)&stats + rows[i].offset) = read_row(&r, &rows[i]);
	}
	/* Processor time is counted on every host, without any controller (cgroup-v2.rst). */
	if (parts & CGROUP_STATS_CPU && stats.cpu_usec == CGROUP_UNKNOWN)
		return error_set(err, ERR_NOT_FOUND, "no cgroup '%s'", r.group);
	if (host->v1fd[CGROUP_MEMORY] >= 0) {
		split_swap(&stats);
		name_refusals(&r, name, &stats);
	}
	if (parts & CGROUP_STATS_BELOW)
		count_below(&r, name, &stats);
	*out = stats;
	return 0;
}
