/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/verb_stat.h"

/* All that one row is made of. */
struct facts {
	const struct usage *usage;
	struct usage_rates rates;
	uint64_t now_ms;		/* since 1970 */
};

enum need { NEED_NET = 1, NEED_DISK = 2 };

/* Where the number of a column is from: a field of cgroup_stats, or a function. Either gives
 * CGROUP_UNKNOWN for what is not known. */
struct source {
	unsigned int stats;		/* parts of cgroup_stats */
	unsigned int needs;
	size_t offset;
	uint64_t (*get)(const struct facts *f);
};

static uint64_t known(bool is_known, uint64_t value)
{
	return is_known ? value : CGROUP_UNKNOWN;
}

static uint64_t get_time(const struct facts *f)
{
	return f->now_ms;
}

static uint64_t get_uptime(const struct facts *f)
{
	uint64_t now = usage_now(), start = f->usage->started_usec;

	return known(f->usage->is_up, now > start ? (now - start) / 1000000 : 0);
}

static uint64_t get_cpu(const struct facts *f)
{
	return known(f->rates.has_cpu, f->rates.cpu);
}

#define RATE(name, field, has) \
	static uint64_t name(const struct facts *f) \
	{ \
		return known(f->rates.has, f->rates.field); \
	}
#define NET(name, way, field) \
	static uint64_t name(const struct facts *f) \
	{ \
		return known(f->usage->has_net, usage_net_##way(&f->usage->net).field); \
	}
#define DISK(name, has, field) \
	static uint64_t name(const struct facts *f) \
	{ \
		return known(f->usage->has_disk && (has), f->usage->disk.field); \
	}

RATE(get_read_rate, io_read, has_io)
RATE(get_written_rate, io_written, has_io)
RATE(get_reads_rate, io_reads, has_io)
RATE(get_writes_rate, io_writes, has_io)
RATE(get_in_rate, net_in, has_net)
RATE(get_out_rate, net_out, has_net)
RATE(get_in_packets_rate, net_in_packets, has_net)
RATE(get_out_packets_rate, net_out_packets, has_net)
NET(get_in, in, bytes)
NET(get_in_packets, in, packets)
NET(get_out, out, bytes)
NET(get_out_packets, out, packets)
DISK(get_disk, f->usage->disk.has_bytes, bytes)
DISK(get_disk_limit, f->usage->disk.limits.bytes, limits.bytes)
DISK(get_inodes, f->usage->disk.has_inodes, inodes)
DISK(get_inodes_limit, f->usage->disk.limits.inodes, limits.inodes)

/* The worst of the three: what a zone waits for, if it waits. */
static uint64_t get_pressure(const struct facts *f)
{
	const struct cgroup_stats *s = &f->usage->stats;
	const uint64_t all[] = { s->cpu_pressure.some_avg10, s->memory_pressure.some_avg10,
				 s->io_pressure.some_avg10 };
	uint64_t most = 0;

	for (size_t i = 0; i < N_ROWS(all); i++) {
		if (all[i] == CGROUP_UNKNOWN)
			return CGROUP_UNKNOWN;
		most = all[i] > most ? all[i] : most;
	}
	return most * 10;
}

static uint64_t get_hits(const struct facts *f)
{
	return usage_hits(&f->usage->stats.refusals);
}

#define STAT(field) offsetof(struct cgroup_stats, field), NULL
#define FACT(get) 0, get
#define PRESSED(X, what) \
	X(#what "-pressure", #what "_pressure_percent", PERCENT, false, \
	  CGROUP_STATS_PRESSURE, 0, STAT(what##_pressure.some_avg10)) \
	X(#what "-full", #what "_pressure_full_percent", PERCENT, false, \
	  CGROUP_STATS_PRESSURE, 0, STAT(what##_pressure.full_avg10)) \
	X(#what "-waited", #what "_pressure_seconds", MILLI, false, \
	  CGROUP_STATS_PRESSURE, 0, STAT(what##_pressure.some_usec)) \
	X(#what "-stopped", #what "_pressure_full_seconds", MILLI, false, \
	  CGROUP_STATS_PRESSURE, 0, STAT(what##_pressure.full_usec))

/* Parts, by shorter names. */
enum {
	CPU = CGROUP_STATS_CPU, THROTTLED = CGROUP_STATS_THROTTLED, MEMORY = CGROUP_STATS_MEMORY,
	LIMITS = CGROUP_STATS_MEMORY_LIMITS, KINDS = CGROUP_STATS_MEMORY_KINDS,
	PIDS = CGROUP_STATS_PIDS, PIDS_MORE = CGROUP_STATS_PIDS_LIMITS,
	HUGE = CGROUP_STATS_HUGEPAGES, IO = CGROUP_STATS_IO, PRESSURE = CGROUP_STATS_PRESSURE,
	OOM = CGROUP_STATS_OOM, HITS = CGROUP_STATS_REFUSALS,
};

enum { NAME, STATE };			/* the first two rows */

/* In the order of the default columns, and of JSON: name, key, kind, if shown without -o, parts
 * and other things needed, source. */
/* clang-format off */
#define FIGURES(X) \
	X("name", "name", TEXT, true, 0, 0, FACT(NULL)) \
	X("state", "state", TEXT, false, 0, 0, FACT(NULL)) \
	X("time", "time", MILLI, false, 0, 0, FACT(get_time)) \
	X("uptime", "uptime_seconds", DURATION, false, 0, 0, FACT(get_uptime)) \
	X("cpu", "cpu_percent", PERCENT, true, CPU, 0, FACT(get_cpu)) \
	X("cpu-time", "cpu_seconds", MILLI, false, CPU, 0, STAT(cpu_usec)) \
	X("user", "cpu_user_seconds", MILLI, false, CPU, 0, STAT(cpu_user_usec)) \
	X("system", "cpu_system_seconds", MILLI, false, CPU, 0, STAT(cpu_system_usec)) \
	X("throttled", "throttled_seconds", MILLI, true, THROTTLED, 0, STAT(throttled_usec)) \
	X("memory", "memory_bytes", SIZE, true, MEMORY, 0, STAT(memory)) \
	X("peak", "memory_peak_bytes", SIZE, true, LIMITS, 0, STAT(memory_peak)) \
	X("limit", "memory_limit_bytes", SIZE, true, LIMITS, 0, STAT(memory_limit)) \
	X("high", "memory_high_bytes", SIZE, false, LIMITS, 0, STAT(memory_high)) \
	X("low", "memory_low_bytes", SIZE, false, LIMITS, 0, STAT(memory_low)) \
	X("anon", "memory_anon_bytes", SIZE, false, KINDS, 0, STAT(memory_anon)) \
	X("file", "memory_file_bytes", SIZE, false, KINDS, 0, STAT(memory_file)) \
	X("kernel", "memory_kernel_bytes", SIZE, false, KINDS, 0, STAT(memory_kernel)) \
	X("swap", "swap_bytes", SIZE, true, LIMITS, 0, STAT(swap)) \
	X("swap-limit", "swap_limit_bytes", SIZE, false, LIMITS, 0, STAT(swap_limit)) \
	X("hugepages", "hugepages_bytes", SIZE, false, HUGE, 0, STAT(hugepages)) \
	X("hugepages-limit", "hugepages_limit_bytes", SIZE, false, HUGE, 0, \
	  STAT(hugepages_limit)) \
	X("pids", "pids", COUNT, true, PIDS, 0, STAT(pids)) \
	X("pids-peak", "pids_peak", COUNT, false, PIDS_MORE, 0, STAT(pids_peak)) \
	X("pids-limit", "pids_limit", COUNT, false, PIDS_MORE, 0, STAT(pids_limit)) \
	X("read", "io_read_bytes", SIZE, true, IO, 0, STAT(io_read)) \
	X("written", "io_written_bytes", SIZE, true, IO, 0, STAT(io_written)) \
	X("reads", "io_reads", COUNT, false, IO, 0, STAT(io_reads)) \
	X("writes", "io_writes", COUNT, false, IO, 0, STAT(io_writes)) \
	X("read/s", "io_read_bytes_per_second", SIZE, false, IO, 0, FACT(get_read_rate)) \
	X("written/s", "io_written_bytes_per_second", SIZE, false, IO, 0, \
	  FACT(get_written_rate)) \
	X("reads/s", "io_reads_per_second", COUNT, false, IO, 0, FACT(get_reads_rate)) \
	X("writes/s", "io_writes_per_second", COUNT, false, IO, 0, FACT(get_writes_rate)) \
	X("in", "net_in_bytes", SIZE, true, 0, NEED_NET, FACT(get_in)) \
	X("out", "net_out_bytes", SIZE, true, 0, NEED_NET, FACT(get_out)) \
	X("in-packets", "net_in_packets", COUNT, false, 0, NEED_NET, FACT(get_in_packets)) \
	X("out-packets", "net_out_packets", COUNT, false, 0, NEED_NET, FACT(get_out_packets)) \
	X("in/s", "net_in_bytes_per_second", SIZE, false, CPU, NEED_NET, FACT(get_in_rate)) \
	X("out/s", "net_out_bytes_per_second", SIZE, false, CPU, NEED_NET, FACT(get_out_rate)) \
	X("in-packets/s", "net_in_packets_per_second", COUNT, false, CPU, NEED_NET, \
	  FACT(get_in_packets_rate)) \
	X("out-packets/s", "net_out_packets_per_second", COUNT, false, CPU, NEED_NET, \
	  FACT(get_out_packets_rate)) \
	X("pressure", "pressure_percent", PERCENT, true, PRESSURE, 0, FACT(get_pressure)) \
	PRESSED(X, cpu) \
	PRESSED(X, memory) \
	PRESSED(X, io) \
	X("disk", "disk_bytes", SIZE, true, 0, NEED_DISK, FACT(get_disk)) \
	X("disk-limit", "disk_limit_bytes", SIZE, false, 0, NEED_DISK, FACT(get_disk_limit)) \
	X("inodes", "inodes", COUNT, false, 0, NEED_DISK, FACT(get_inodes)) \
	X("inodes-limit", "inodes_limit", COUNT, false, 0, NEED_DISK, FACT(get_inodes_limit)) \
	X("oom", "oom_kills", COUNT, true, OOM, 0, STAT(refusals.oom_kills)) \
	X("hits", "limit_hits", COUNT, true, HITS, 0, FACT(get_hits))

#define COLUMN(name, key, kind, is_default, ...) { name, key, TABLE_##kind, is_default },
#define SOURCE(name, key, kind, is_default, ...) { __VA_ARGS__ },

static const struct table_column columns[] = { FIGURES(COLUMN) };
static const struct source sources[] = { FIGURES(SOURCE) };
/* clang-format on */

/* What "stat -w" shows instead. */
static const char watched_columns[] = "name,cpu,memory,limit,swap,pids,read/s,written/s,in/s,out/s,"
				      "pressure,oom,hits";

int stat_table(struct table *t, const struct cli *cli, bool watched, struct error *err)
{
	const char *chosen = opts_value(&cli->opts, "columns");

	table_init(t, columns, N_ROWS(columns));
	if (!chosen && watched && !cli->is_json)
		chosen = watched_columns;
	return table_choose(t, chosen, err);
}

void stat_wants(const struct table *t, const struct cli *cli, struct usage_want *out)
{
	*out = (struct usage_want){ .net = false };
	for (size_t i = 0; i < N_ROWS(sources); i++) {
		if (!table_shows(t, cli, i))
			continue;
		out->stats |= sources[i].stats;
		out->net = out->net || sources[i].needs & NEED_NET;
		out->disk = out->disk || sources[i].needs & NEED_DISK;
	}
}

/* As the kind of the column wants it. */
static uint64_t scaled(uint64_t value, enum table_kind kind)
{
	switch (kind) {
	case TABLE_MILLI:
		return value / 1000;	/* of microseconds */
	case TABLE_PERCENT:
		return value * 10;	/* of hundredths */
	case TABLE_TEXT:
	case TABLE_LIST:
	case TABLE_COUNT:
	case TABLE_SIZE:
	case TABLE_DURATION:
	case TABLE_TIME:
	case TABLE_BOOL:
		break;
	}
	return value;
}

static void fill(struct table_cell *cell, size_t i, const struct facts *f)
{
	const struct source *s = &sources[i];
	uint64_t value;

	if (s->get)
		value = s->get(f);
	else if (f->usage->has_stats)
		value = *(const uint64_t *)((const char *)&f->usage->stats + s->offset);
	else
		return;
	if (value == CGROUP_UNKNOWN)
		return;
	table_set_number(cell, s->get ? value : scaled(value, columns[i].kind));
}

void stat_rows(struct table *t, const struct usage_sample *before, const struct usage_sample *now)
{
	struct timespec clock;
	struct facts f;

	clock_gettime(CLOCK_REALTIME, &clock);
	f.now_ms = (uint64_t)clock.tv_sec * 1000 + (uint64_t)clock.tv_nsec / 1000000;
	for (size_t n = 0; n < now->n; n++) {
		const struct usage *u = &now->list[n];
		struct table_cell *row = table_row(t);

		f.usage = u;
		usage_rates(before ? usage_find(before, u->name) : NULL, u, &f.rates);
		table_set_text(&row[NAME], u->name);
		table_set_text(&row[STATE], zone_state_name(u->state));
		for (size_t i = STATE + 1; i < N_ROWS(sources); i++)
			fill(&row[i], i, &f);
	}
}
