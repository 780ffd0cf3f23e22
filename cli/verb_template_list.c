/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/table.h"
#include "cli/verb_template.h"
#include "runtime/tenants.h"

const struct opt template_list_options[] = {
	{ "columns",    'o', "COLUMNS", "columns to show, as name,size" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

enum column {
	NAME, NUMBER, CURRENT, DIGEST, SIZE, FILES, INIT, ZONES, AGE, OS, FORMAT, ARCHITECTURE,
	IMPORTED, SOURCE,
};

/* clang-format off */
static const struct table_column columns[] = {
	[NAME] =	{ "name",         "name",         TABLE_TEXT,     true },
	[NUMBER] =	{ "version",      "version",      TABLE_COUNT,    true },
	[CURRENT] =	{ "current",      "current",      TABLE_BOOL,     true },
	[DIGEST] =	{ "digest",       "digest",       TABLE_TEXT,     true },
	[SIZE] =	{ "size",         "size_bytes",   TABLE_SIZE,     true },
	[FILES] =	{ "files",        "files",        TABLE_COUNT,    true },
	[INIT] =	{ "init",         "init_kind",    TABLE_TEXT,     true },
	[ZONES] =	{ "zones",        "zone_count",   TABLE_COUNT,    true },
	[AGE] =		{ "age",          "age_seconds",  TABLE_DURATION, true },
	[OS] =		{ "os",           "os",           TABLE_TEXT,     false },
	[FORMAT] =	{ "format",       "format",       TABLE_TEXT,     false },
	[ARCHITECTURE] = { "architecture", "architecture", TABLE_TEXT,    false },
	[IMPORTED] =	{ "imported",     "imported",     TABLE_TIME,     false },
	[SOURCE] =	{ "source",       "source",       TABLE_TEXT,     false },
};
/* clang-format on */

static bool is_wanted(const struct cli *cli, const char *name)
{
	char *const *pattern = cli->opts.operands;

	if (!pattern)
		return true;
	for (; *pattern; pattern++)
		if (names_match(*pattern, name))
			return true;
	return false;
}

static void set_text(struct table_cell *cell, const char *text)
{
	table_set_text(cell, text && *text ? text : NULL);
}

static void fill(struct table_cell *row, const struct template *t, bool is_short)
{
	uint64_t now = (uint64_t)time(NULL);
	char digest[13];

	snprintf(digest, sizeof(digest), "%.12s", t->digest);
	table_set_text(&row[NAME], t->name);
	if (t->version)
		table_set_number(&row[NUMBER], t->version);
	table_set_number(&row[CURRENT], t->is_current);
	table_set_text(&row[DIGEST], is_short ? digest : t->digest);
	table_set_number(&row[SIZE], t->size);
	table_set_number(&row[FILES], t->files);
	set_text(&row[INIT], t->init_kind);
	table_set_number(&row[AGE], now > t->imported ? now - t->imported : 0);
	set_text(&row[OS], t->os_name);
	set_text(&row[FORMAT], t->format);
	set_text(&row[ARCHITECTURE], t->architecture);
	table_set_number(&row[IMPORTED], t->imported);
	set_text(&row[SOURCE], t->source);
}

/* Zones that can't be read keep nobody from seeing the templates. */
static bool count_zones(struct cli *cli, const struct table *t, struct tenants *out)
{
	struct error why = { 0 };

	if (!table_shows(t, cli, ZONES))
		return false;
	if (tenants_read(&cli->site, out, &why) == 0)
		return true;
	out_warn(cli, "zones are not counted: %s", why.text);
	return false;
}

static void add(struct cli *cli, struct table *t, const struct template *template,
		const struct tenants *tenants)
{
	struct table_cell *row = table_row(t);
	AUTO_STRV char **zones = tenants ? tenants_of(tenants, template->digest) : NULL;

	fill(row, template, !cli->is_json);
	if (tenants)
		table_set_number(&row[ZONES], strv_len(zones));
}

int verb_template_list(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	AUTO_CLOSE int storefd = -1;
	AUTO_TENANTS struct tenants tenants = { 0 };
	struct template *list = NULL;
	bool has_tenants;
	size_t n = 0;

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0)
		return -1;
	storefd = template_store(cli, err);
	if (storefd < 0 || store_list(storefd, &list, &n, err) < 0)
		return -1;
	has_tenants = count_zones(cli, &t, &tenants);
	for (size_t i = 0; i < n; i++) {
		if (is_wanted(cli, list[i].name))
			add(cli, &t, &list[i], has_tenants ? &tenants : NULL);
		template_clear(&list[i]);
	}
	free(list);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	return 0;
}
