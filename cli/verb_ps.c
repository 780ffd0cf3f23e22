/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"
#include "cgroups/members.h"
#include "cli/names.h"
#include "cli/verb_stat.h"
#include "runtime/process.h"

const struct opt ps_options[] = {
	{ "columns",    'o', "COLUMNS", "columns to show, as zone,pid,command" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

enum column { ZONE, PID, VPID, USER, STATE, CPU, MEMORY, TIME, COMMAND, AGE, NAME };

/* clang-format off */
static const struct table_column columns[] = {
	[ZONE] = { "zone", "zone", TABLE_TEXT, true },
	[PID] = { "pid", "pid", TABLE_COUNT, true },
	[VPID] = { "vpid", "vpid", TABLE_COUNT, true },
	[USER] = { "user", "uid", TABLE_COUNT, true },
	[STATE] = { "state", "state", TABLE_TEXT, true },
	[CPU] = { "cpu", "cpu_percent", TABLE_PERCENT, true },
	[MEMORY] = { "memory", "memory_bytes", TABLE_SIZE, true },
	[TIME] = { "time", "cpu_seconds", TABLE_MILLI, true },
	[COMMAND] = { "command", "command", TABLE_TEXT, true },
	[AGE] = { "age", "age_seconds", TABLE_DURATION, false },
	[NAME] = { "name", "name", TABLE_TEXT, false },
};
/* clang-format on */

struct list {
	struct process *list;		/* owned */
	size_t n;
};

/* Processes that end meanwhile are left out. */
static int read_all(const pid_t *pids, size_t n, struct list *out, struct error *err)
{
	out->list = xreallocarray(NULL, n + 1, sizeof(*out->list));
	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (process_read(pids[i], &out->list[out->n], &why) == 0) {
			out->n++;
			continue;
		}
		if (why.kind == ERR_NOT_FOUND)
			continue;
		*err = why;
		return -1;
	}
	return 0;
}

static void set_command(struct table_cell *cell, const struct process *p)
{
	AUTO_STR struct str name = { 0 };

	if (p->arguments) {
		table_set_text(cell, p->arguments);
		return;
	}
	str_addf(&name, "[%s]", p->name);
	table_set_text(cell, str_text(&name));
}

static uint64_t percent(const struct process *p)
{
	return p->age_usec ? (uint64_t)((double)p->cpu_usec * 100000 / (double)p->age_usec) : 0;
}

static void add_process(struct table *t, const char *zone, uint32_t uid_base,
			const struct process *p)
{
	const char state[] = { p->state, '\0' };
	struct table_cell *row = table_row(t);

	table_set_text(&row[ZONE], zone);
	table_set_number(&row[PID], (uint64_t)p->pid);
	if (p->vpid > 0)
		table_set_number(&row[VPID], (uint64_t)p->vpid);
	if (uid_base > 0 && p->uid >= uid_base && p->uid - uid_base < ZONE_IDS)
		table_set_number(&row[USER], p->uid - uid_base);
	if (row[USER].is_set && row[USER].number == 0)
		row[USER].shown = "root";
	table_set_text(&row[STATE], state);
	table_set_number(&row[CPU], percent(p));
	table_set_number(&row[MEMORY], p->memory);
	table_set_number(&row[TIME], p->cpu_usec / 1000);
	set_command(&row[COMMAND], p);
	table_set_number(&row[AGE], p->age_usec / 1000000);
	table_set_text(&row[NAME], p->name);
}

/* 0 when zone.json can't be read: users are not known then. */
static uint32_t uid_base_of(struct site *site, const char *name)
{
	struct zone z = { .dirfd = -1 };
	struct error ignored = { 0 };
	uint32_t base = 0;

	if (zone_open(&z, site, name, 0, &ignored) == 0)
		base = z.config.uid_base;
	zone_close(&z);
	return base;
}

static int add_zone(struct cli *cli, struct table *t, const char *name, struct error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	uint32_t uid_base = uid_base_of(&cli->site, name);
	struct list l = { .n = 0 };
	size_t n = 0;
	int status;

	if (members_list(&cli->site.cgroups, name, &pids, &n, err) < 0)
		return -1;
	status = read_all(pids, n, &l, err);
	if (status == 0 && table_shows(t, cli, COMMAND))
		status = process_read_arguments(l.list, l.n, err);
	for (size_t i = 0; status == 0 && i < l.n; i++)
		add_process(t, name, uid_base, &l.list[i]);
	process_clear(l.list, l.n);
	return status;
}

static int find_names(struct cli *cli, struct error *err)
{
	if (!cli->opts.operands)
		return zone_names(&cli->site, &cli->names, err);
	if (names_existing(&cli->site, cli->opts.operands, &cli->names, err) < 0)
		return -1;
	for (char **name = cli->names; name && *name; name++)
		if (!zone_exists(&cli->site, *name))
			return names_unknown(*name, err);
	return 0;
}

int verb_ps(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0 ||
	    table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0 || cli_site(cli, err) < 0 ||
	    site_cgroups(&cli->site, err) < 0 || find_names(cli, err) < 0)
		return -1;
	for (char **name = cli->names; name && *name; name++)
		if (add_zone(cli, &t, *name, err) < 0)
			return error_wrap(err, "%s", *name);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	return 0;
}

/*
 * whose
 */

enum { WHOSE_PID, WHOSE_ZONE, WHOSE_VPID, WHOSE_COMMAND };

/* clang-format off */
static const struct table_column whose_columns[] = {
	[WHOSE_PID] = { "pid", "pid", TABLE_COUNT, true },
	[WHOSE_ZONE] = { "zone", "zone", TABLE_TEXT, true },
	[WHOSE_VPID] = { "vpid", "vpid", TABLE_COUNT, true },
	[WHOSE_COMMAND] = { "command", "command", TABLE_TEXT, true },
};
/* clang-format on */

static int add_owner(struct cli *cli, struct table *t, const char *operand, struct error *err)
{
	char zone[ZONE_NAME_MAX + 1];
	struct table_cell *row;
	struct process *p;
	uint64_t pid;
	int status;

	if (num_u64(operand, 1, INT32_MAX, &pid, err) < 0)
		return -1;
	if (members_zone_of(&cli->site.cgroups, (pid_t)pid, zone, err) < 0)
		return -1;
	if (!*zone)
		return error_set(err, ERR_NOT_FOUND, "process %s is of no zone", operand);
	p = xcalloc(1, sizeof(*p));
	status = process_read((pid_t)pid, p, err);
	if (status == 0)
		status = process_read_arguments(p, 1, err);
	if (status == 0) {
		row = table_row(t);
		table_set_number(&row[WHOSE_PID], pid);
		table_set_text(&row[WHOSE_ZONE], zone);
		if (p->vpid > 0)
			table_set_number(&row[WHOSE_VPID], (uint64_t)p->vpid);
		set_command(&row[WHOSE_COMMAND], p);
	}
	process_clear(p, 1);
	return status;
}

int verb_whose(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	size_t n = strv_len(cli->opts.operands);
	struct error last = { 0 };

	table_init(&t, whose_columns, N_ROWS(whose_columns));
	if (table_choose(&t, NULL, err) < 0 || cli_site(cli, err) < 0 ||
	    site_cgroups(&cli->site, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (add_owner(cli, &t, cli->opts.operands[i], &why) == 0)
			continue;
		if (last.kind != ERR_NONE)
			cli_report(cli, NULL, &last);
		last = why;
	}
	if (t.n_rows > 0)
		table_print(&t, cli, true);
	if (last.kind == ERR_NONE)
		return 0;
	if (t.n_rows > 0) {
		cli_report(cli, NULL, &last);
		return error_set(err, ERR_PARTIAL, "%zu of %zu failed", n - t.n_rows, n);
	}
	*err = last;
	return -1;
}
