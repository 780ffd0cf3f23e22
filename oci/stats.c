/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/stats.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "oci/stats_parts.h"

enum { FILE_SIZE_MAX = 1 << 20, NSEC_PER_USEC = 1000, NSEC_PER_SEC = 1000000000 };

char *stats_text(int groupfd, const char *file)
{
	AUTO_CLOSE int fd = groupfd < 0 ? -1 : openat(groupfd, file, O_RDONLY | O_CLOEXEC);
	struct error ignored;
	char *text = NULL;

	if (fd < 0 || fd_read_all(fd, FILE_SIZE_MAX, &text, NULL, &ignored) < 0)
		return xstrdup("");
	return text;
}

uint64_t stats_number(int groupfd, const char *file)
{
	AUTO_FREE char *text = stats_text(groupfd, file);

	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

uint64_t stats_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	}
	return 0;
}

void stats_put(struct json_out *out, const char *key, uint64_t value)
{
	if (value != 0)
		json_out_u64(out, key, value);
}

/* Numbers between spaces. */
static void put_each(struct json_out *out, const char *key, const char *text)
{
	char *end;

	if (!*text)
		return;
	json_out_array(out, key);
	for (const char *at = text;; at = end) {
		unsigned long long value = strtoull(at, &end, 10);

		if (end == at)
			break;
		json_out_u64(out, NULL, value);
	}
	json_out_end_array(out);
}

/* A column of cpuacct.usage_all, which has a heading: "cpu user system". */
static void put_column(struct json_out *out, const char *key, const char *text, int column)
{
	AUTO_STR struct str numbers = { 0 };

	for (const char *line = strchr(text, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		unsigned long long user = 0, system = 0;

		if (sscanf(line + 1, "%*u %llu %llu", &user, &system) == 2)
			str_addf(&numbers, "%llu ", column == 1 ? user : system);
	}
	put_each(out, key, str_text(&numbers));
}

static void usage_v1(struct json_out *out, int fd)
{
	AUTO_FREE char *each = stats_text(fd, "cpuacct.usage_percpu");
	AUTO_FREE char *all = stats_text(fd, "cpuacct.usage_all");
	AUTO_FREE char *ticks = stats_text(fd, "cpuacct.stat");
	uint64_t tick = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);

	stats_put(out, "total", stats_number(fd, "cpuacct.usage"));
	put_each(out, "percpu", each);
	put_column(out, "percpu_kernel", all, 2);
	put_column(out, "percpu_user", all, 1);
	json_out_u64(out, "kernel", stats_key(ticks, "system") * tick);
	json_out_u64(out, "user", stats_key(ticks, "user") * tick);
}

static void usage_v2(struct json_out *out, const char *text)
{
	stats_put(out, "total", stats_key(text, "usage_usec") * NSEC_PER_USEC);
	json_out_u64(out, "kernel", stats_key(text, "system_usec") * NSEC_PER_USEC);
	json_out_u64(out, "user", stats_key(text, "user_usec") * NSEC_PER_USEC);
}

static void print_cpu(struct json_out *out, const struct span *span)
{
	int cpufd = span_v1(span, "cpu"), accountfd = span_v1(span, "cpuacct");
	AUTO_FREE char *text = stats_text(cpufd >= 0 ? cpufd : span_v2(span), "cpu.stat");
	AUTO_FREE char *own = accountfd >= 0 ? NULL : stats_text(span_v2(span), "cpu.stat");

	json_out_object(out, "cpu");
	json_out_object(out, "usage");
	if (accountfd >= 0)
		usage_v1(out, accountfd);
	else
		usage_v2(out, own);
	json_out_end_object(out);
	json_out_object(out, "throttling");
	stats_put(out, "periods", stats_key(text, "nr_periods"));
	stats_put(out, "throttledPeriods", stats_key(text, "nr_throttled"));
	stats_put(out, "throttledTime", cpufd >= 0
		  ? stats_key(text, "throttled_time")
		  : stats_key(text, "throttled_usec") * NSEC_PER_USEC);
	json_out_end_object(out);
	json_out_end_object(out);
}

/* "0-3,7", each of them. */
static void put_list(struct json_out *out, const char *key, const char *list)
{
	if (!*list || *list == '\n')
		return;
	json_out_array(out, key);
	for (const char *at = list; *at >= '0' && *at <= '9';) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && last < UINT16_MAX; first++)
			json_out_u64(out, NULL, first);
		at = end + (*end == ',');
	}
	json_out_end_array(out);
}

/* Flags that v1 alone has. */
static void print_cpuset(struct json_out *out, const struct span *span)
{
	static const char *const flags[] = {
		"mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page",
		"memory_spread_slab", "memory_pressure", "sched_load_balance",
	};
	int fd = span_v1(span, "cpuset");
	AUTO_FREE char *cpus = stats_text(fd, "cpuset.cpus");
	AUTO_FREE char *mems = stats_text(fd, "cpuset.mems");
	AUTO_FREE char *level = stats_text(fd, "cpuset.sched_relax_domain_level");

	json_out_object(out, "cpuset");
	put_list(out, "cpus", cpus);
	json_out_u64(out, "cpu_exclusive", stats_number(fd, "cpuset.cpu_exclusive"));
	put_list(out, "mems", mems);
	for (size_t i = 0; i < N_ROWS(flags); i++) {
		AUTO_FREE char *file = xasprintf("cpuset.%s", flags[i]);

		json_out_u64(out, flags[i], stats_number(fd, file));
	}
	json_out_i64(out, "sched_relax_domain_level", strtoll(level, NULL, 10));
	json_out_end_object(out);
}

static void print_pids(struct json_out *out, const struct span *span)
{
	int fd = span_v1(span, "pids") >= 0 ? span_v1(span, "pids") : span_v2(span);
	uint64_t limit = stats_number(fd, "pids.max");

	json_out_object(out, "pids");
	stats_put(out, "current", stats_number(fd, "pids.current"));
	stats_put(out, "limit", limit == UINT64_MAX ? 0 : limit);
	json_out_end_object(out);
}

void stats_print(struct json_out *out, const struct span *span)
{
	json_out_object(out, "data");
	print_cpu(out, span);
	print_cpuset(out, span);
	stats_memory(out, span);
	print_pids(out, span);
	stats_block_io(out, span);
	stats_hugepages(out, span);
	json_out_object(out, "intel_rdt");
	json_out_end_object(out);
	json_out_null(out, "network_interfaces");
	json_out_end_object(out);
}
