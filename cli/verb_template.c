/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "templates/digest.h"
#include "templates/object.h"
#include "templates/store.h"

const struct opt template_list_options[] = {
	{ "all",        'a', NULL,      "also versions that their name has left" },
	{ "columns",    'o', "COLUMNS", "columns to show, as name,size" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

enum column { NAME, DIGEST, OS, INIT, SIZE, FILES, IMPORTED, SOURCE, CURRENT };

/* clang-format off */
static const struct table_column columns[] = {
	[NAME] =	{ "name",     "name",       TABLE_TEXT,  true },
	[DIGEST] =	{ "digest",   "digest",     TABLE_TEXT,  true },
	[OS] =		{ "os",       "os",         TABLE_TEXT,  true },
	[INIT] =	{ "init",     "init_kind",  TABLE_TEXT,  true },
	[SIZE] =	{ "size",     "size_bytes", TABLE_SIZE,  true },
	[FILES] =	{ "files",    "files",      TABLE_COUNT, false },
	[IMPORTED] =	{ "imported", "imported",   TABLE_TIME,  true },
	[SOURCE] =	{ "source",   "source",     TABLE_TEXT,  false },
	[CURRENT] =	{ "current",  "current",    TABLE_BOOL,  false },
};
/* clang-format on */

int template_store(struct cli *cli, struct error *err)
{
	return cli_site(cli, err) < 0 ? -1 : site_templates(&cli->site, err);
}

static void text_or_null(struct json_out *o, const char *key, const char *value)
{
	json_out_str(o, key, value && *value ? value : NULL);
}

void template_json(struct cli *cli, const struct template *t)
{
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	json_out_str(o, "name", t->name);
	json_out_str(o, "digest", t->digest);
	text_or_null(o, "source", t->source);
	text_or_null(o, "init", t->init);
	text_or_null(o, "init_kind", t->init_kind);
	text_or_null(o, "os_id", t->os_id);
	text_or_null(o, "os_version", t->os_version);
	text_or_null(o, "os", t->os_name);
	if (t->systemd_version)
		json_out_u64(o, "systemd_version", t->systemd_version);
	else
		json_out_null(o, "systemd_version");
	json_out_u64(o, "size_bytes", t->size);
	json_out_u64(o, "files", t->files);
	json_out_u64(o, "imported", t->imported);
	json_out_bool(o, "current", t->is_current);
	json_out_end_object(o);
}

static void line(struct cli *cli, const char *key, const char *value)
{
	out_print(cli, "%-10s ", key);
	out_safe(cli, value && *value ? value : "-");
	out_print(cli, "\n");
}

static void print_text(struct cli *cli, const struct template *t)
{
	time_t imported = (time_t)t->imported;
	char text[NUM_TEXT_MAX];
	struct tm tm;

	line(cli, "name", t->name);
	line(cli, "digest", t->digest);
	line(cli, "os", t->os_name);
	line(cli, "init", t->init);
	line(cli, "init kind", t->init_kind);
	line(cli, "source", t->source);
	out_print(cli, "%-10s %s in %llu files\n", "size", num_size_human(t->size, text),
		  (unsigned long long)t->files);
	if (localtime_r(&imported, &tm) && strftime(text, sizeof(text), "%F %T", &tm) > 0)
		line(cli, "imported", text);
}

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

static void fill(struct table_cell *row, const struct template *t, bool is_short)
{
	char digest[13];

	snprintf(digest, sizeof(digest), "%.12s", t->digest);
	table_set_text(&row[NAME], t->name);
	table_set_text(&row[DIGEST], is_short ? digest : t->digest);
	table_set_text(&row[OS], t->os_name && *t->os_name ? t->os_name : NULL);
	table_set_text(&row[INIT], t->init_kind && *t->init_kind ? t->init_kind : NULL);
	table_set_number(&row[SIZE], t->size);
	table_set_number(&row[FILES], t->files);
	table_set_number(&row[IMPORTED], t->imported);
	table_set_text(&row[SOURCE], t->source);
	table_set_number(&row[CURRENT], t->is_current);
}

int verb_template_list(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	AUTO_CLOSE int storefd = -1;
	struct template *list = NULL;
	size_t n = 0;

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0)
		return -1;
	storefd = template_store(cli, err);
	if (storefd < 0 || store_list(storefd, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (is_wanted(cli, list[i].name) &&
		    (list[i].is_current || opts_has(&cli->opts, "all")))
			fill(table_row(&t), &list[i], !cli->is_json);
		template_clear(&list[i]);
	}
	free(list);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	return 0;
}

int verb_template_info(struct cli *cli, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int storefd = template_store(cli, err);

	cli->subject = cli->opts.operands[0];
	if (storefd < 0 || store_find(storefd, cli->subject, &t, err) < 0)
		return -1;
	if (cli->is_json)
		template_json(cli, &t);
	else
		print_text(cli, &t);
	return 0;
}

static int verify_one(struct cli *cli, int storefd, const char *name, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int rootfd = -1;
	char seen[SHA256_HEX_SIZE];
	struct digest digest;

	if (store_find(storefd, name, &t, err) < 0)
		return -1;
	rootfd = store_rootfs(storefd, t.digest, err);
	if (rootfd < 0 || digest_tree(rootfd, &digest, err) < 0)
		return -1;
	object_identity(&t, digest.hex, seen);
	if (strcmp(seen, t.digest) == 0)
		return 0;
	error_set(err, ERR_FAILED, "its files have changed: they are %.12s now, not %.12s",
		  seen, t.digest);
	(void)cli;	/* a template that is whole is told by silence */
	return error_hint(err, "make it again: zonectl template build or import");
}

static int is_used(void *arg, const char *digest, struct error *err)
{
	struct cli *cli = arg;
	AUTO_STRV char **names = NULL;

	if (zone_names(&cli->site, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		struct zone zone = { .dirfd = -1 };
		bool is_same;

		/* One that went away uses nothing; one that can't be read may use it. */
		if (zone_open(&zone, &cli->site, *name, (enum lock_mode)0, err) < 0) {
			if (err->kind == ERR_NOT_FOUND || err->kind == ERR_STATE)
				continue;
			return error_wrap(err, "zone '%s'", *name);
		}
		is_same = strcmp(zone.config.template_digest, digest) == 0;
		zone_close(&zone);
		if (is_same)
			return error_set(err, ERR_STATE, "zone '%s' uses it", *name);
	}
	return 0;
}

static int remove_one(struct cli *cli, int storefd, const char *name, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };

	if (!cli->is_dry_run)
		return store_remove(storefd, name, is_used, cli, NULL, err);
	return store_find(storefd, name, &t, err) < 0 ? -1 : out_would(cli, name);
}

/* Several templates: a failure is reported and the rest go on, as with zones. */
static int each(struct cli *cli,
		int (*work)(struct cli *cli, int storefd, const char *name, struct error *err),
		struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);
	size_t n = strv_len(cli->opts.operands), failed = 0;

	if (storefd < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		cli->subject = cli->opts.operands[i];
		if (work(cli, storefd, cli->subject, &why) == 0)
			continue;
		if (n == 1) {
			*err = why;
			return -1;
		}
		cli_report(cli, cli->subject, &why);
		failed++;
	}
	cli->subject = NULL;
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}

int verb_template_verify(struct cli *cli, struct error *err)
{
	return each(cli, verify_one, err);
}

int verb_template_remove(struct cli *cli, struct error *err)
{
	return each(cli, remove_one, err);
}
