/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/stats_parts.h"

struct figures {
	uint64_t limit, usage, max, failures;
};

static void put_figures(struct json_out *out, const char *key, const struct figures *f)
{
	json_out_object(out, key);
	json_out_u64(out, "limit", f->limit);
	stats_put(out, "usage", f->usage);
	stats_put(out, "max", f->max);
	json_out_u64(out, "failcnt", f->failures);
	json_out_end_object(out);
}

/* "memory", "memory.memsw", "memory.kmem". */
static struct figures read_v1(int fd, const char *prefix)
{
	static const char *const names[] = {
		"limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt",
	};
	uint64_t numbers[N_ROWS(names)];

	for (size_t i = 0; i < N_ROWS(names); i++) {
		AUTO_FREE char *file = xasprintf("%s.%s", prefix, names[i]);

		numbers[i] = stats_number(fd, file);
	}
	return (struct figures){ numbers[0], numbers[1], numbers[2], numbers[3] };
}

static struct figures read_v2(int fd, const char *prefix)
{
	AUTO_FREE char *limit = xasprintf("%s.max", prefix);
	AUTO_FREE char *usage = xasprintf("%s.current", prefix);
	AUTO_FREE char *peak = xasprintf("%s.peak", prefix);

	return (struct figures){ stats_number(fd, limit), stats_number(fd, usage),
				 stats_number(fd, peak), 0 };
}

/* memory.stat, sorted as Go sorts a map. */
static void put_raw(struct json_out *out, const char *text)
{
	AUTO_STRV char **lines = strv_split(text, "\n");

	if (!lines || !*lines)
		return;
	strv_sort_unique(lines);
	json_out_object(out, "raw");
	for (char **line = lines; *line; line++) {
		char *space = strchr(*line, ' ');

		if (!space)
			continue;
		*space = '\0';
		json_out_u64(out, *line, strtoull(space + 1, NULL, 10));
	}
	json_out_end_object(out);
}

static void memory_v1(struct json_out *out, int fd)
{
	static const struct {
		const char *key, *prefix;
	} rows[] = {
		{ "usage", "memory" }, { "swap", "memory.memsw" }, { "kernel", "memory.kmem" },
		{ "kernelTCP", "memory.kmem.tcp" },
	};
	AUTO_FREE char *raw = stats_text(fd, "memory.stat");

	stats_put(out, "cache", stats_key(raw, "cache"));
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		const struct figures f = read_v1(fd, rows[i].prefix);

		put_figures(out, rows[i].key, &f);
	}
	put_raw(out, raw);
}

/* v1's swap is memory and swap together. */
static void memory_v2(struct json_out *out, int fd)
{
	static const struct figures none = { 0 };
	AUTO_FREE char *raw = stats_text(fd, "memory.stat");
	const struct figures memory = read_v2(fd, "memory");
	struct figures swap = read_v2(fd, "memory.swap");

	swap.usage += memory.usage;
	swap.max = 0;
	if (swap.limit != UINT64_MAX)
		swap.limit = memory.limit == UINT64_MAX ? UINT64_MAX : swap.limit + memory.limit;
	stats_put(out, "cache", stats_key(raw, "file"));
	put_figures(out, "usage", &memory);
	put_figures(out, "swap", &swap);
	put_figures(out, "kernel", &none);
	put_figures(out, "kernelTCP", &none);
	put_raw(out, raw);
}

void stats_memory(struct json_out *out, const struct span *span)
{
	int fd = span_v1(span, "memory");

	json_out_object(out, "memory");
	if (fd >= 0)
		memory_v1(out, fd);
	else
		memory_v2(out, span_v2(span));
	json_out_end_object(out);
}

/* "hugetlb.2MB.SUFFIX", not "hugetlb.2MB.rsvd.SUFFIX": the size's end, or NULL. */
static const char *size_end(const char *name, const char *suffix)
{
	const char *size = name + strlen("hugetlb."), *dot;

	if (strncmp(name, "hugetlb.", strlen("hugetlb.")) != 0)
		return NULL;
	dot = strchr(size, '.');
	return dot && strcmp(dot + 1, suffix) == 0 ? dot : NULL;
}

static void put_size(struct json_out *out, int fd, bool is_v1, const char *size)
{
	static const char *const v1[] = { "usage_in_bytes", "max_usage_in_bytes", "failcnt" };
	AUTO_FREE char *usage = xasprintf("hugetlb.%s.%s", size, is_v1 ? v1[0] : "current");
	AUTO_FREE char *max = xasprintf("hugetlb.%s.%s", size, is_v1 ? v1[1] : "max");
	AUTO_FREE char *failures = xasprintf("hugetlb.%s.%s", size, is_v1 ? v1[2] : "events");
	AUTO_FREE char *events = stats_text(fd, failures);

	json_out_object(out, size);
	stats_put(out, "usage", stats_number(fd, usage));
	/* On v2 runc has no figure of the most that there was. */
	stats_put(out, "max", is_v1 ? stats_number(fd, max) : 0);
	json_out_u64(out, "failcnt", is_v1 ? strtoull(events, NULL, 10) : stats_key(events, "max"));
	json_out_end_object(out);
}

void stats_hugepages(struct json_out *out, const struct span *span)
{
	int fd = span_v1(span, "hugetlb");
	bool is_v1 = fd >= 0;
	AUTO_CLOSEDIR DIR *dir = NULL;
	AUTO_STRV char **sizes = NULL;
	int listfd;

	fd = is_v1 ? fd : span_v2(span);
	listfd = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = listfd < 0 ? NULL : fdopendir(listfd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		const char *end = size_end(e->d_name, is_v1 ? "usage_in_bytes" : "current");

		if (end) {
			const char *from = e->d_name + strlen("hugetlb.");
			AUTO_FREE char *size = xstrndup(from, (size_t)(end - from));

			strv_add(&sizes, size);
		}
	}
	strv_sort_unique(sizes);
	json_out_object(out, "hugetlb");
	for (char **size = sizes; size && *size; size++)
		put_size(out, fd, is_v1, *size);
	json_out_end_object(out);
}
