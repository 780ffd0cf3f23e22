/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/out.h"
#include "cli/verb_zone.h"
#include "runtime/enter.h"
#include "runtime/run.h"
#include "runtime/session.h"
#include "runtime/term.h"

/* The command is the zone's init, which the kernel shields from signals it does not handle
 * (pid_namespaces(7)); so the second one ends the zone. */
enum { SIGNALS_FORWARDED = 1 };

const struct opt run_options[] = {
	{ "template", 't', "TEMPLATE", "what the zone is made from" },
	{ "plan",     0,   "PLAN",     "take properties from a plan (as plan list shows)" },
	{ "rm",       0,   NULL,       "remove the zone afterwards" },
	{ "name",     0,   "NAME",     "its name (run- and six letters)" },
	{ 0 },
};

static int make_name(char name[ZONE_NAME_MAX + 1], struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[6];
	char *end = stpcpy(name, "run-");

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_sys(err, "random numbers");
	for (size_t i = 0; i < sizeof(random); i++)
		*end++ = letters[random[i] % (sizeof(letters) - 1)];
	*end = '\0';
	return 0;
}

static int configure(struct cli *cli, struct zone_config *config, struct error *err)
{
	const char *name = opts_value(&cli->opts, "name");

	if (name && zone_name_check(name, err) < 0)
		return -1;
	if (name)
		strcpy(config->name, name);
	else if (make_name(config->name, err) < 0)
		return -1;
	config->is_ephemeral = opts_has(&cli->opts, "rm");
	return cli_properties(cli, config, err);
}

static void note_failure(struct cli *cli, const struct error *err)
{
	if (err->sys == ENOENT)
		cli->failure_status = ENTER_NO_COMMAND;
	else if (err->sys == EACCES || err->sys == ENOEXEC)
		cli->failure_status = ENTER_NOT_EXECUTABLE;
}

static int start(struct cli *cli, struct zone_config *config, struct session *session,
		 struct error *err)
{
	char *const *command = cli->opts.command;
	struct run_options options = {
		.argv = command && *command ? command : NULL, .has_tty = session->has_tty,
	};
	bool is_kept = !config->is_ephemeral;	/* run_start() takes config over */
	const char *term = getenv("TERM");
	struct error late = { 0 };
	struct running r;
	int status;

	if (session->has_tty)
		term_size(&options.size);
	memcpy(options.stdio, session->stdio, sizeof(options.stdio));
	options.term = term && str_is_clean(term) ? term : NULL;
	if (run_start(&r, &cli->site, config, opts_value(&cli->opts, "template"), &options,
		      err) < 0) {
		note_failure(cli, err);
		return -1;
	}
	cli_boot_warnings(cli, r.zone);
	status = session_run(session, r.pidfd, r.ptyfd, SIGNALS_FORWARDED, &cli->command_status,
			     err);
	/* What the command said comes first; that its zone is still there is told beside it. */
	if (run_finish(&r, is_kept, &late) < 0)
		cli_report(cli, NULL, &late);
	return status;
}

static int check(const struct cli *cli, struct error *err)
{
	if (opts_has(&cli->opts, "template"))
		return 0;
	error_set(err, ERR_USAGE, "no template given");
	return error_hint(err, "usage: zonectl run %s", cli->verb->operands);
}

static int run(struct cli *cli, struct zone_config *config, struct error *err)
{
	struct session session;
	int status;

	if (configure(cli, config, err) < 0)
		return -1;
	if (cli->is_dry_run)
		return out_would(cli, config->name);
	if (cli_site(cli, err) < 0)
		return -1;
	status = session_open(&session, session_is_interactive(), err);
	if (status == 0)
		status = start(cli, config, &session, err);
	session_close(&session);
	return status;
}

int verb_run(struct cli *cli, struct error *err)
{
	struct zone_config config;
	int status;

	if (check(cli, err) < 0)
		return -1;
	zone_config_init(&config);
	status = run(cli, &config, err);
	zone_config_clear(&config);
	return status;
}
