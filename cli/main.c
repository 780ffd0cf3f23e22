/* SPDX-License-Identifier: GPL-2.0-or-later */

/* zonectl: global options, the verb, and the one place that prints an error and exits. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/sys.h"
#include "cli/dispatch.h"
#include "cli/help.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "runtime/enter.h"

enum { JOBS_MAX = 256, SIGNALLED = 128 };

static const struct opt global_options[] = {
	{ "root",     0,   "DIR", "work on the store below DIR (or ZONECTL_ROOT)" },
	{ "json",     0,   NULL,  "print JSON" },
	{ "quiet",    'q', NULL,  "print results and errors only" },
	{ "verbose",  'v', NULL,  "say what is being done" },
	{ "dry-run",  'n', NULL,  "say what would be done" },
	{ "all",      0,   NULL,  "every zone that the verb can work on" },
	{ "yes",      'y', NULL,  "ask nothing" },
	{ "jobs",     'j', "N",   "work on up to N zones at a time" },
	{ "serial",   0,   "N",   "N zones (or N%) first, the next when they are done" },
	{ "max-fail", 0,   "N",   "begin no more once N zones (or N%) have failed" },
	{ "no-color", 0,   NULL,  "no colour on a terminal" },
	{ "help",     'h', NULL,  "show help" },
	{ "version",  0,   NULL,  "show the version" },
	{ 0 },
};

const struct opt *cli_global_options(void)
{
	return global_options;
}

int cli_site(struct cli *cli, struct error *err)
{
	if (cli->has_site)
		return 0;
	if (site_open(&cli->site, cli->root, err) < 0)
		return -1;
	cli->has_site = true;
	return 0;
}

static int exit_status(const struct cli *cli, const struct error *err)
{
	if (cli->ended_by && err->kind == ERR_PARTIAL)
		return SIGNALLED + cli->ended_by;
	if (!cli->verb || !(cli->verb->flags & VERB_STATUS) || err->kind == ERR_PARTIAL)
		return err->kind;
	/* Without a command there are no exit codes of its own to keep apart. */
	if (!cli->opts.command)
		return strcmp(cli->verb->name, "login") == 0 ? (int)err->kind : ENTER_FAILED;
	return cli->failure_status ? cli->failure_status : ENTER_FAILED;
}

static void add_error_json(struct str *out, const struct cli *cli, const char *subject,
			   const struct error *err)
{
	struct json_out o = { .compact = true };
	bool is_template = cli->verb && str_starts(cli->verb->name, "template ");

	json_out_object(&o, NULL);
	json_out_object(&o, "error");
	json_out_str(&o, "verb", cli->verb ? cli->verb->name : NULL);
	json_out_str(&o, is_template ? "template" : "zone", subject);
	json_out_str(&o, "code", error_code(err->kind));
	json_out_u64(&o, "exit", (uint64_t)exit_status(cli, err));
	json_out_str(&o, "message", err->text);
	json_out_str(&o, "hint", err->hint[0] ? err->hint : NULL);
	json_out_end_object(&o);
	json_out_end_object(&o);
	str_add(out, str_text(&o.text));
	json_out_clear(&o);
	if (!str_ends(str_text(out), "\n"))
		str_addc(out, '\n');
}

static void add_error_text(struct str *out, const struct cli *cli, const char *subject,
			   const struct error *err)
{
	str_add(out, "zonectl: ");
	if (cli->verb)
		str_add(out, cli->verb->name);
	if (cli->verb && subject) {
		str_addc(out, ' ');
		str_add_printable(out, subject, strlen(subject));
	}
	str_addf(out, "%s%s\n", cli->verb ? ": " : "", err->text);
	if (err->hint[0])
		str_addf(out, "  %s\n", err->hint);
}

int cli_report(const struct cli *cli, const char *subject, const struct error *err)
{
	AUTO_STR struct str text = { 0 };
	struct error ignored = { 0 };

	if (cli->is_json)
		add_error_json(&text, cli, subject, err);
	else
		add_error_text(&text, cli, subject, err);
	/* There is nobody left to tell when standard error can't be written. */
	(void)out_write(cli, STDERR_FILENO, str_text(&text), text.len, &ignored);
	return exit_status(cli, err);
}

/* A closed descriptor 0, 1 or 2 would be given to the next file we open. */
static void open_missing_stdio(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0) /* host path */
			_exit(ENTER_FAILED);
}

static bool is_progress_wanted(const struct cli *cli)
{
	const char *term = getenv("TERM");

	if (cli->is_quiet || cli->is_verbose || cli->is_json || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

/* "N" or "N%". */
static int take_share(const struct opts *o, const char *name, struct cli_share *out,
		      struct error *err)
{
	const char *value = opts_value(o, name);
	AUTO_FREE char *number = value ? xstrdup(value) : NULL;
	size_t len = value ? strlen(value) : 0;

	if (!value)
		return 0;
	out->is_percent = len > 0 && number[len - 1] == '%';
	if (out->is_percent)
		number[len - 1] = '\0';
	if (num_u64(number, 1, out->is_percent ? 100 : UINT32_MAX, &out->n, err) < 0)
		return error_wrap(err, "option '--%s'", name);
	return 0;
}

static int take_globals(struct cli *cli, struct error *err)
{
	const struct opts *o = &cli->opts;
	const char *jobs = opts_value(o, "jobs");
	const char *root = opts_value(o, "root");
	uint64_t n = 0;

	cli->is_json = opts_has(o, "json");
	cli->is_quiet = opts_has(o, "quiet");
	cli->is_verbose = opts_has(o, "verbose");
	cli->is_dry_run = opts_has(o, "dry-run");
	cli->is_yes = opts_has(o, "yes");
	cli->has_color = !opts_has(o, "no-color") && !getenv("NO_COLOR") && isatty(STDOUT_FILENO);
	cli->has_progress = is_progress_wanted(cli);
	cli->progress.has_color = cli->has_color;
	if (!root)
		root = getenv("ZONECTL_ROOT");
	cli->root = root && *root ? root : "/";
	if (jobs && num_u64(jobs, 1, JOBS_MAX, &n, err) < 0)
		return error_wrap(err, "option '--jobs'");
	cli->jobs = (unsigned int)n;
	if (take_share(o, "serial", &cli->serial, err) < 0)
		return -1;
	return take_share(o, "max-fail", &cli->max_fail, err);
}

static bool is_json_asked(char *const *argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--json") == 0)
			return true;
	return false;
}

static int parse_verb(struct cli *cli, char *const *argv, struct error *err)
{
	struct opt_rules rules = { .global = global_options };
	int words = 1;

	cli->verb = verb_find(argv, &words, err);
	if (!cli->verb)
		return -1;
	rules.verb = cli->verb->options;
	rules.takes_properties = cli->verb->flags & VERB_PROPERTIES;
	rules.takes_command = cli->verb->flags & VERB_COMMAND;
	rules.command_follows = cli->verb->flags & VERB_WORDS;
	if (opts_parse(&cli->opts, &rules, argv + words, NULL, err) == 0)
		return 0;
	if (err->hint[0] == '\0')
		error_hint(err, "usage: zonectl %s %s", cli->verb->name, cli->verb->operands);
	return -1;
}

/* --help before or behind a word that is only the first of a verb. */
static bool asks_for_family(const struct cli *cli, char *const *words)
{
	const char *next = words[0] ? words[1] : NULL;

	if (!words[0])
		return false;
	if (!next)
		return opts_has(&cli->opts, "help");
	return strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0;
}

static int run(struct cli *cli, char *const *argv, struct error *err)
{
	struct opt_rules before = { .global = global_options, .stops_at_operand = true };
	char *const *rest;

	/* Looked for beforehand, so that bad options too are told in JSON. */
	cli->is_json = is_json_asked(argv);
	if (opts_parse(&cli->opts, &before, argv, &rest, err) < 0)
		return error_hint(err, "try: zonectl help");
	if (asks_for_family(cli, rest) && help_family(cli, rest[0]))
		return 0;
	if (*rest && parse_verb(cli, rest, err) < 0)
		return -1;
	if (take_globals(cli, err) < 0)
		return -1;
	if (opts_has(&cli->opts, "version"))
		return verb_version(cli, err);
	if (opts_has(&cli->opts, "help"))
		return cli->verb ? help_verb(cli, cli->verb, err) : help_all(cli, err);
	if (!cli->verb) {
		error_set(err, ERR_USAGE, "no verb given");
		return error_hint(err, "try: zonectl help");
	}
	return dispatch(cli, err);
}

static void clear(struct cli *cli)
{
	if (cli->has_site)
		site_close(&cli->site);
	opts_clear(&cli->opts);
	strv_clear(&cli->assignments);
	strv_clear(&cli->paths);
	strv_clear(&cli->keys);
	free(cli->password_hash);
	strv_clear(&cli->names);
	json_out_clear(&cli->json);
	str_clear(&cli->out);
	str_clear(&cli->gift);
	cleanup_close(&cli->out_lockfd);
}

int main(int argc, char **argv)
{
	struct cli cli = { .out_lockfd = -1 };
	struct error err = { 0 }, late = { 0 };
	int status;

	open_missing_stdio();
	/* Whatever else the caller left open is nothing to a zone, nor to a keeper that outlives it
	 * (CVE-2024-21626). */
	(void)sys_close_range(STDERR_FILENO + 1, ~0U, 0);	/* fails on no kernel since 5.9 */
	/* A zone that is entered must not look into this process (CVE-2016-9962). */
	prctl(PR_SET_DUMPABLE, 0);
	/* A reader that goes away must not end a verb half-way; out_flush() sees EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	status = run(&cli, argv + (argc > 0), &err);
	if (out_flush(&cli, &late) < 0 && status == 0) {
		err = late;
		status = -1;
	}
	status = status < 0 ? cli_report(&cli, cli.subject, &err) : cli.command_status;
	clear(&cli);
	return status;
}
