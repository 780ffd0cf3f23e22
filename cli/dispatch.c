/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/fanout.h"
#include "cli/keys.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/result.h"
#include "cli/several.h"
#include "runtime/autoboot.h"
#include "runtime/reinstall.h"

bool cli_is_whole_host(const struct cli *cli)
{
	return !cli->verb->run &&
	       (opts_has(&cli->opts, "all") || opts_has(&cli->opts, "autoboot"));
}

static int usage(const struct verb *v, struct error *err, const char *fault)
{
	error_set(err, ERR_USAGE, "%s", fault);
	return error_hint(err, "usage: zonectl %s%s%s", v->name, *v->operands ? " " : "",
			  v->operands);
}

/* NAME... PROPERTY=VALUE... : what holds a '=' is an assignment; a zone's name never does. */
static void split_assignments(struct cli *cli)
{
	AUTO_STRV char **all = TAKE_PTR(cli->opts.operands);

	for (char **p = all; p && *p; p++)
		strv_add(strchr(*p, '=') ? &cli->assignments : &cli->opts.operands, *p);
}

/* By the first operand that usage names. */
static const char *what_is_missing(const struct verb *v)
{
	if (str_starts(v->operands, "RECIPE"))
		return "no recipe named";
	if (str_starts(v->operands, "PID"))
		return "no process named";
	if (str_starts(v->operands, "FILE"))
		return "no file named";
	if (str_starts(v->name, "plan "))
		return "no plan named";
	return str_starts(v->name, "template ") ? "no template named" : "no zone named";
}

static int check_operands(struct cli *cli, struct error *err)
{
	const struct verb *v = cli->verb;
	bool is_all = cli_is_whole_host(cli);
	int n;

	if (v->flags & VERB_ASSIGNS)
		split_assignments(cli);
	n = (int)strv_len(cli->opts.operands);
	if (is_all && v->flags & VERB_NEW_NAMES)
		return usage(v, err, "option '--all' means zones that exist");
	if (is_all && n > 0)
		return usage(v, err, opts_has(&cli->opts, "all")
					     ? "names and '--all' exclude each other"
					     : "names and '--autoboot' exclude each other");
	if (v->flags & VERB_ASSIGNS && strv_len(cli->assignments) == 0 &&
	    !opts_has(&cli->opts, "plan"))
		return usage(v, err, "no PROPERTY=VALUE given");
	if (n < v->min && !is_all)
		return usage(v, err, n == 0 ? what_is_missing(v) : "too few operands");
	if (n > 1 && v->flags & VERB_COMMAND && v->flags & VERB_STATUS && !cli->opts.command)
		return usage(v, err, "the command stands after '--'");
	if (v->max >= 0 && n > v->max)
		return usage(v, err, "too many operands");
	return v->sort ? v->sort(cli, err) : 0;
}

static int in_states(struct cli *cli, const char *name, bool *out, struct error *err)
{
	struct zone_status status = { .initfd = -1 };

	if (zone_status(&status, &cli->site, name, err) < 0)
		return -1;
	*out = (ZONE_BIT(status.state) & cli->verb->states) != 0;
	zone_status_clear(&status);
	return 0;
}

/* A zone that can't be read stays in, so that its fault is told. */
static bool is_autobooted(struct cli *cli, const char *name)
{
	struct zone z = { .dirfd = -1 };
	struct error ignored = { 0 };
	bool is_wanted;

	if (zone_open(&z, &cli->site, name, 0, &ignored) < 0)
		return true;
	is_wanted = autoboot_is_wanted(&z);
	zone_close(&z);
	return is_wanted;
}

/* --all means those that the verb can work on: boot boots what is stopped. */
static bool is_of_all(struct cli *cli, const char *name)
{
	struct error ignored = { 0 };
	bool is_meant = true;

	/* A zone that can't be looked at stays in, so that its fault is told. */
	if (cli->verb->each && cli->verb->states)
		(void)in_states(cli, name, &is_meant, &ignored); /* is_meant stays true */
	if (is_meant && opts_has(&cli->opts, "autoboot"))
		is_meant = is_autobooted(cli, name);
	return is_meant;
}

static int all_names(struct cli *cli, char ***out, struct error *err)
{
	char **names = NULL;
	size_t kept = 0;

	if (zone_names(&cli->site, &names, err) < 0)
		return -1;
	for (size_t i = 0; names && names[i]; i++) {
		char *name = TAKE_PTR(names[i]);

		if (is_of_all(cli, name))
			names[kept++] = name;
		else
			free(name);
	}
	if (names)
		names[kept] = NULL;
	*out = names;
	return 0;
}

/* 'web*' does not mean web1.old, which most verbs can do nothing with; its name does. */
static void drop_kept(struct cli *cli, char **names)
{
	size_t n = 0;

	for (size_t i = 0; names && names[i]; i++) {
		char *name = names[i];

		if (reinstall_is_kept(&cli->site, name) && !strv_has(cli->opts.operands, name))
			free(name);
		else
			names[n++] = name;
	}
	if (names)
		names[n] = NULL;
}

static int find_names(struct cli *cli, char ***out, struct error *err)
{
	int ret;

	if (cli->verb->flags & VERB_NEW_NAMES)
		return names_new(cli->opts.operands, out, err);
	if (cli_site(cli, err) < 0)
		return -1;
	ret = cli_is_whole_host(cli) ? all_names(cli, out, err) :
				       names_existing(&cli->site, cli->opts.operands, out, err);
	if (ret == 0 && !(cli->verb->flags & VERB_KEPT))
		drop_kept(cli, *out);
	return ret;
}

static bool is_dry(const struct cli *cli)
{
	return cli->is_dry_run && cli->verb->flags & VERB_CHANGES;
}

static int opened(struct cli *cli, struct target *t, struct error *err)
{
	if (zone_status(&t->status, &cli->site, t->zone.name, err) < 0)
		return -1;
	if (cli->verb->states &&
	    zone_state_check(t->status.state, cli->verb->states, t->zone.name, err) < 0)
		return -1;
	if (is_dry(cli))
		return out_would(cli, t->zone.name);
	return cli->verb->each(cli, t, err);
}

static int work_opened(struct cli *cli, const char *name, struct error *err)
{
	struct target t = { .zone.dirfd = -1, .status.initfd = -1 };
	enum lock_mode lock = (enum lock_mode)cli->verb->lock;
	int status;

	if (cli->verb->flags & VERB_UNREAD)
		status = zone_open_unread(&t.zone, &cli->site, name, lock, err);
	else
		status = zone_open(&t.zone, &cli->site, name, lock, err);
	if (status < 0)
		return -1;
	status = opened(cli, &t, err);
	zone_status_clear(&t.status);
	zone_close(&t.zone);
	return status;
}

static int work(struct cli *cli, const char *name, struct error *err)
{
	int64_t began = clock_ms();
	int status;

	cli->subject = name;
	cli->has_told = false;
	if (cli_site(cli, err) < 0)
		return -1;
	status = cli->verb->each ? work_opened(cli, name, err) : cli->verb->by_name(cli, name, err);
	/* Of one zone alone the error says it. */
	if (result_is_told(cli) && (status >= 0 || cli->is_worker))
		result_add(cli, name, result_of(status), clock_ms() - began, err);
	if (status < 0)
		fanout_failed(cli, name, err);
	/* What came out belongs to this zone, also when the verb failed half-way. */
	if (!(cli->verb->flags & VERB_ARRAY)) {
		struct error late = { 0 };

		if (out_flush(cli, status >= 0 ? err : &late) < 0)
			status = -1;
	}
	return status;
}

/* One zone that is named plainly gives one JSON value; everything else an array of them. */
static bool gives_array(const struct cli *cli)
{
	char *const *operands = cli->opts.operands;

	if (!cli->is_json || !(cli->verb->flags & VERB_ARRAY))
		return false;
	return strv_len(operands) != 1 || !names_is_plain(operands[0]);
}

static int work_alone(struct cli *cli, const char *name, struct error *err)
{
	int status = work(cli, name, err);

	if (status > 0 && !cli->is_json && cli->verb->skipped)
		out_note(cli, "%s %s: %s", cli->verb->name, name, cli->verb->skipped);
	return status < 0 ? -1 : 0;
}

static int work_on_names(struct cli *cli, char **names, struct error *err)
{
	size_t n = strv_len(names);
	bool is_array = gives_array(cli);
	int status = 0;

	if (n > 1 && cli->verb->flags & VERB_ONE)
		return usage(cli->verb, err, "works on one zone at a time");
	if (n > 0 && cli->verb->before && !is_dry(cli) &&
	    cli->verb->before(cli, names, err) < 0)
		return -1;
	cli->json.compact = !(cli->verb->flags & VERB_ARRAY);
	if (is_array)
		json_out_array(&cli->json, NULL);
	if (n > 1 || (n == 1 && fanout_is_meant(cli)))
		status = several(cli, names, work, err);
	else if (n == 1)
		status = work_alone(cli, names[0], err);
	if (is_array)
		json_out_end_array(&cli->json);
	return status;
}

int dispatch(struct cli *cli, struct error *err)
{
	if (check_operands(cli, err) < 0 || keys_expand(cli, err) < 0)
		return -1;
	if (cli->verb->run)
		return cli->verb->run(cli, err);
	if (cli->verb->flags & VERB_COMMAND && cli->verb->flags & VERB_STATUS &&
	    cli->opts.command && !cli->opts.command[0])
		return usage(cli->verb, err, "no command after '--'");
	if (find_names(cli, &cli->names, err) < 0)
		return -1;
	return work_on_names(cli, cli->names, err);
}
