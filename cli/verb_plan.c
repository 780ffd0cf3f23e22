/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_plan.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/table.h"

const struct opt plan_list_options[] = {
	{ "columns",    'o', "COLUMNS", "columns to show, as name,memory" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

enum column { NAME, CPUS, MEMORY, PIDS, DESCRIPTION, SOURCE };

/* clang-format off */
static const struct table_column columns[] = {
	[NAME] = { "name", "name", TABLE_TEXT, true },
	[CPUS] = { "cpus", "cpus", TABLE_MILLI, true },
	[MEMORY] = { "memory", "memory_bytes", TABLE_SIZE, true },
	[PIDS] = { "pids", "pids", TABLE_COUNT, true },
	[DESCRIPTION] = { "description", "description", TABLE_TEXT, true },
	[SOURCE] = { "source", "source", TABLE_TEXT, false },
};
/* clang-format on */

int cli_plan(struct cli *cli, struct plan *out, struct error *err)
{
	if (cli_site(cli, err) < 0)
		return -1;
	return plan_read(out, &cli->site, opts_value(&cli->opts, "plan"), err);
}

static void add_row(struct table *t, const struct plan *p)
{
	const struct cgroup_limits *limits = &p->config.limits;
	struct table_cell *row = table_row(t);
	char text[NUM_TEXT_MAX];

	table_set_text(&row[NAME], p->name);
	if (limits->cpus_milli) {
		table_set_text(&row[CPUS], num_milli_text(limits->cpus_milli, text));
		table_set_number(&row[CPUS], limits->cpus_milli);
		row[CPUS].shown = row[CPUS].text;
	}
	if (limits->memory)
		table_set_number(&row[MEMORY], limits->memory);
	if (limits->pids)
		table_set_number(&row[PIDS], limits->pids);
	table_set_text(&row[DESCRIPTION], p->description);
	table_set_text(&row[SOURCE], p->source);
}

/* The rest are shown when some can't be read. */
static int add_rows(struct cli *cli, struct table *t, char *const *names, struct error *err)
{
	size_t n = strv_len(names), failed = 0;

	for (size_t i = 0; i < n; i++) {
		AUTO_PLAN struct plan plan = { 0 };
		struct error why = { 0 };

		if (plan_read(&plan, &cli->site, names[i], &why) == 0) {
			add_row(t, &plan);
			continue;
		}
		cli_report(cli, NULL, &why);
		failed++;
	}
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}

int verb_plan_list(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	AUTO_STRV char **names = NULL;
	struct error why = { 0 };
	int status;

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0 ||
	    cli_site(cli, err) < 0 || plan_names(&cli->site, &names, err) < 0)
		return -1;
	status = add_rows(cli, &t, names, &why);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	if (status < 0)
		*err = why;
	return status;
}

static void print_json(struct cli *cli, const struct plan *p)
{
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	json_out_str(o, "name", p->name);
	json_out_str(o, "description", p->description);
	json_out_str(o, "source", p->source);
	json_out_object(o, "properties");
	for (size_t i = 0; i < p->n_set; i++)
		property_json(p->set[i], &p->config, o);
	json_out_end_object(o);
	json_out_end_object(o);
}

static void line(struct cli *cli, const char *key, const char *value)
{
	out_print(cli, "%-16s ", key);
	out_safe(cli, value && *value ? value : "-");
	out_print(cli, "\n");
}

static void print_text(struct cli *cli, const struct plan *p)
{
	line(cli, "name", p->name);
	line(cli, "description", p->description);
	line(cli, "source", p->source);
	out_print(cli, "\n");
	for (size_t i = 0; i < p->n_set; i++) {
		AUTO_FREE char *text = property_text(p->set[i], &p->config);
		const char *fallback = p->set[i]->fallback;

		if (*text && p->set[i]->is_secret)
			line(cli, p->set[i]->name, "set");
		else
			line(cli, p->set[i]->name, *text ? text : fallback);
	}
}

int verb_plan_show(struct cli *cli, struct error *err)
{
	AUTO_PLAN struct plan plan = { 0 };

	if (cli_site(cli, err) < 0 ||
	    plan_read(&plan, &cli->site, cli->opts.operands[0], err) < 0)
		return -1;
	if (cli->is_json)
		print_json(cli, &plan);
	else
		print_text(cli, &plan);
	return 0;
}
