/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_apply.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/fleet_show.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/result.h"
#include "cli/several.h"
#include "cli/verb_template.h"
#include "runtime/fleet.h"
#include "runtime/fleet_make.h"

/* Exit status of --dry-run when something would be changed; no kind of error has it. */
enum { WOULD_CHANGE = 10 };

const struct opt apply_options[] = {
	{ "prune", 0, NULL, "also remove zones that an earlier apply made of this fleet" },
	{ 0 },
};

/*
 * The file
 */

/* "shop" of "/etc/fleets/shop.json"; the caller owns it. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	return xstrndup(base, str_ends(base, ".json") ? len - strlen(".json") : len);
}

/* The directory of the path, NULL for the one that the caller is in; the caller owns it. */
static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash - path) + (slash == path)) : NULL;
}

/* dir is the path's, for as long as the fleet is there. */
static int read_file(struct cli *cli, struct fleet *f, const char *path, const char *dir,
		     struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *name = is_stdin ? NULL : name_of(path);
	struct fleet_source source = {
		.site = &cli->site, .fd = STDIN_FILENO, .file = is_stdin ? "standard input" : path,
		.dir = dir, .name = name, .braces = names_braces,
	};

	if (!is_stdin) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* host path */
		if (fd < 0)
			return error_sys(err, "open '%s'", path);
		source.fd = fd;
	}
	return fleet_read(f, &source, err);
}

static int look(struct cli *cli, struct fleet *f, struct error *err)
{
	const char *path = cli->opts.operands[0];
	AUTO_FREE char *dir = dir_of(path);

	if (read_file(cli, f, path, dir, err) < 0)
		return -1;
	if (f->n_faults == 0 && fleet_compare(f, opts_has(&cli->opts, "prune"), err) < 0)
		return -1;
	f->dir = NULL;		/* what is to be found there is found */
	return f->n_faults > 0 ? fleet_report_faults(cli, f, err) : 0;
}

/*
 * The work
 */

struct work {
	const struct fleet *fleet;	/* borrowed */
	const struct fleet_stage *stage;
};

/* The line of a zone, with what was done to it. */
static void tell_json(struct cli *cli, const char *name, int status, int64_t ms,
		      const struct error *err)
{
	const struct work *w = cli->work;
	struct error ignored = { 0 };

	if (!result_is_told(cli))
		return;
	json_out_object(&cli->json, NULL);
	json_out_str(&cli->json, "action", w->stage->verb);
	json_out_end_object(&cli->json);
	result_add(cli, name, result_of(status), ms, err);
	/* That nobody reads it does not change what was done. */
	(void)out_flush(cli, &ignored);
}

static int make_one(struct cli *cli, const char *name, struct error *err)
{
	const struct work *w = cli->work;
	const struct fleet_zone *z = fleet_find(w->fleet, name);
	AUTO_STRV char **warnings = NULL;
	int64_t began = clock_ms();
	int status;

	if (!z)
		return error_set(err, ERR_NOT_FOUND, "no zone \"%s\"", name);
	status = w->stage->make(w->fleet, z, &warnings, err);
	if (status < 0)
		error_wrap(err, "%s", w->stage->verb);
	for (char **text = warnings; text && *text; text++)
		out_warn(cli, "apply %s: %s", name, *text);
	tell_json(cli, name, status, clock_ms() - began, err);
	return status;
}

static int compare_order(const void *a, const void *b)
{
	const struct fleet_zone *x = *(const struct fleet_zone *const *)a;
	const struct fleet_zone *y = *(const struct fleet_zone *const *)b;
	uint64_t order = x->group->config.boot_order, other = y->group->config.boot_order;

	if (order != other)
		return order < other ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Works on zones[0..n). What failed is told, and counted in words in *failed. */
static int make_some(struct cli *cli, const struct fleet_zone *const *zones, size_t n,
		     struct str *failed, struct error *err)
{
	const struct work *w = cli->work;
	char **names = xcalloc(n + 1, sizeof(*names));
	struct error why = { 0 };
	int status;

	for (size_t i = 0; i < n; i++)
		names[i] = xstrdup(zones[i]->name);
	status = several(cli, names, make_one, &why);
	strv_clear(&names);
	if (status == 0)
		return 0;
	if (why.kind != ERR_PARTIAL) {
		*err = why;
		return -1;
	}
	str_addf(failed, "%s%s: %s", failed->len > 0 ? "; " : "", w->stage->verb, why.text);
	return 0;
}

/* What boots later may need what boots earlier. */
static int boot_in_order(struct cli *cli, const struct fleet_zone **zones, size_t n,
			 struct str *failed, struct error *err)
{
	size_t end;

	qsort(zones, n, sizeof(*zones), compare_order);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && zones[end]->group->config.boot_order ==
					  zones[i]->group->config.boot_order)
			end++;
		if (make_some(cli, zones + i, end - i, failed, err) < 0)
			return -1;
		if (cli->ended_by)
			return 0;
	}
	return 0;
}

static int make_stage(struct cli *cli, struct str *failed, struct error *err)
{
	const struct work *w = cli->work;
	const struct fleet *f = w->fleet;
	AUTO_FREE const struct fleet_zone **zones = xcalloc(f->n_zones + 1, sizeof(*zones));
	size_t n = 0;

	for (size_t i = 0; i < f->n_zones; i++)
		if (f->zones[i].todo & w->stage->todo)
			zones[n++] = &f->zones[i];
	if (n == 0)
		return 0;
	if (w->stage->todo == FLEET_BOOT)
		return boot_in_order(cli, zones, n, failed, err);
	return make_some(cli, zones, n, failed, err);
}

/* What zones are made from, before there are any. */
static int take_in(struct cli *cli, const struct fleet *f, struct error *err)
{
	for (size_t i = 0; i < f->n_imports && cli->command_status == 0; i++) {
		const struct fleet_import *import = &f->imports[i];

		if (template_import(cli, import->name, import->path, import->digest, err) < 0)
			return error_wrap(err, "template '%s'", import->name);
	}
	return 0;
}

static int make(struct cli *cli, const struct fleet *f, struct error *err)
{
	AUTO_STR struct str failed = { 0 };
	int status = take_in(cli, f, err);

	/* A signal that ended it is the exit status. */
	if (status < 0 || cli->command_status)
		return status;
	for (const struct fleet_stage *s = fleet_stages(); s->verb; s++) {
		const struct work w = { f, s };

		cli->work = &w;
		status = make_stage(cli, &failed, err);
		cli->work = NULL;
		if (status < 0 || cli->ended_by)
			break;
	}
	if (status < 0 || failed.len == 0)
		return status;
	error_set(err, ERR_PARTIAL, "%s", str_text(&failed));
	return error_hint(err, "the same command does what is missing");
}

static int ask(const struct cli *cli, const struct fleet *f, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	size_t n = fleet_count(f);

	str_addf(&text, "change %zu zone%s so?", n, n == 1 ? "" : "s");
	return confirm(cli, str_text(&text), "changed", err);
}

static int apply(struct cli *cli, struct fleet *f, struct error *err)
{
	if (look(cli, f, err) < 0)
		return -1;
	fleet_show(cli, f);
	if (fleet_count(f) == 0)
		return 0;
	if (cli->is_dry_run) {
		cli->command_status = WOULD_CHANGE;
		return 0;
	}
	/* It is read before the question, and stands before what the work says. */
	if (out_flush(cli, err) < 0 || ask(cli, f, err) < 0)
		return -1;
	return make(cli, f, err);
}

int verb_apply(struct cli *cli, struct error *err)
{
	AUTO_FLEET struct fleet f = { 0 };

	if (cli_site(cli, err) < 0)
		return -1;
	if (!cli->is_dry_run && site_lock(&cli->site, err) < 0)
		return error_wrap(err, "another apply is at work");
	return apply(cli, &f, err);
}
