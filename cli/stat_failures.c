/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "base/cleanup.h"
#include "cli/verb_stat.h"

enum column { NAME, LIMIT, BOOT, TOTAL };

/* clang-format off */
static const struct table_column columns[] = {
	[NAME] = { "name", "name", TABLE_TEXT, true },
	[LIMIT] = { "limit", "limit", TABLE_TEXT, true },
	[BOOT] = { "boot", "since_boot", TABLE_COUNT, true },
	[TOTAL] = { "total", "since_creation", TABLE_COUNT, true },
};

/* By the property that sets the limit; what is counted of each is told in zonectl(8). */
#define REFUSED(field) offsetof(struct counters, refusals.field)
#define NET(field) offsetof(struct counters, net.field)
static const struct {
	const char *limit;
	size_t offset;
	bool is_of_boot;		/* not kept: the link that counts is gone with its zone */
} limits[] = {
	{ "cpus", REFUSED(cpus), false },
	{ "memory", REFUSED(memory), false },
	{ "memory-high", REFUSED(memory_high), false },
	{ "oom-kill", REFUSED(oom_kills), false },
	{ "swap", REFUSED(swap), false },
	{ "hugepages", REFUSED(hugepages), false },
	{ "pids", REFUSED(pids), false },
	{ "net-in", NET(rate_in_drops), true },
	{ "net-out", NET(rate_out_drops), false },
	{ "ip", NET(dropped), false },
};
/* clang-format on */

static uint64_t value_of(const struct counters *c, size_t offset)
{
	return *(const uint64_t *)((const char *)c + offset);
}

/* A boot that ended half-way may be in the file already, while its groups are still there. */
static bool is_counted(const struct usage *u)
{
	return u->before.last.pid == u->init.pid && u->before.last.start == u->init.start;
}

/* What there is of this boot; not known is what the host does not count. */
static struct counters of_this_boot(const struct usage *u)
{
	struct counters c = { .net = u->net, .refusals = u->stats.refusals };

	if (u->has_net)
		return c;
	c.net.dropped = c.net.rate_in_drops = c.net.rate_out_drops = CGROUP_UNKNOWN;
	return c;
}

static void add_rows(struct table *t, const struct usage *u, bool has_zeros)
{
	struct counters boot = of_this_boot(u);

	for (size_t i = 0; i < N_ROWS(limits); i++) {
		uint64_t now = value_of(&boot, limits[i].offset);
		uint64_t total = value_of(&u->before, limits[i].offset);
		struct table_cell *row;

		if (now != CGROUP_UNKNOWN && !is_counted(u))
			total += now;
		if (!has_zeros && total == 0 && (now == 0 || now == CGROUP_UNKNOWN))
			continue;
		row = table_row(t);
		table_set_text(&row[NAME], u->name);
		table_set_text(&row[LIMIT], limits[i].limit);
		if (now != CGROUP_UNKNOWN)
			table_set_number(&row[BOOT], now);
		if (!limits[i].is_of_boot)
			table_set_number(&row[TOTAL], total);
	}
}

int stat_failures(struct cli *cli, char *const *names, bool is_up, struct error *err)
{
	const struct usage_want want = {
		.stats = CGROUP_STATS_REFUSALS | CGROUP_STATS_BELOW, .net = true, .drops = true,
		.before = true, .is_up = is_up,
	};
	AUTO_TABLE struct table t = { 0 };
	AUTO_USAGE struct usage_sample s = { 0 };

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0 ||
	    usage_read(&cli->site, names, &want, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		add_rows(&t, &s.list[i], cli->is_json || opts_has(&cli->opts, "all"));
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	return stat_failed(cli, &s, err);
}
