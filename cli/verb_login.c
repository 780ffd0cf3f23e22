/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/cause.h"
#include "cli/fanout.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/enter.h"
#include "runtime/session.h"
#include "runtime/term.h"

const struct opt login_options[] = {
	{ "user",   'u', "USER", "log in as USER (root)" },
	{ "escape", 'e', "CHAR", "leave with CHAR and a dot instead of ~. (none: never)" },
	{ 0 },
};

const struct opt exec_options[] = {
	{ "user",        'u', "USER",  "run it as USER, UID or UID:GID (root)" },
	{ "env",         'e', "K=V",   "add to its environment" },
	{ "workdir",     'w', "DIR",   "run it in DIR (/)" },
	{ "tty",         't', NULL,    "give it a terminal" },
	{ "escape",      0,   "CHAR",  "with -t: leave with CHAR and a dot, not ~. (none: never)" },
	{ "interactive", 'i', NULL,    "pass standard input on (always done)" },
	{ "collate",     0,   NULL,    "print equal outputs of zones once, at the end" },
	{ 0 },
};

/* Which of the errors means what a shell says with 126 and 127. */
static void note_failure(struct cli *cli, const struct error *err)
{
	if (err->sys == ENOENT)
		cli->failure_status = ENTER_NO_COMMAND;
	else if (err->sys == EACCES || err->sys == ENOEXEC)
		cli->failure_status = ENTER_NOT_EXECUTABLE;
}

static int start(struct cli *cli, struct target *t, struct enter_options *options,
		 struct session *session, struct error *err)
{
	struct entered in;
	int status;

	memcpy(options->stdio, session->stdio, sizeof(options->stdio));
	if (zone_enter(&t->zone, options, &in, err) < 0) {
		note_failure(cli, err);
		return -1;
	}
	/* The session may last for days; the zone must not be held for it. */
	lock_drop(t->zone.dirfd);
	status = session_run(session, in.pidfd, in.ptyfd, RELAY_FORWARD_ALL,
			     &cli->command_status, err);
	/* When the user left first, this hangs the command's terminal up. */
	cleanup_close(&in.pidfd);
	cleanup_close(&in.ptyfd);
	return status;
}

static void tell(struct cli *cli, struct target *t, const struct session *session)
{
	struct cause cause = {
		.end = session->end,
		.signal = session->signal,
		.status = cli->command_status,
		.is_line_begun = session->screen.is_line_begun,
	};

	if (session->has_tty && isatty(STDERR_FILENO))
		cause_tell(cli, t, &cause);
}

/* NAME of the user's own, unless the zone or its image says otherwise. */
static void add_env(char ***env, const struct target *t, const char *name, const char *value)
{
	if (!strv_env_get(t->zone.config.env, name) &&
	    !strv_env_get(t->status.run.image_env, name))
		strv_env_set(env, name, value);
}

/* What programs have to know of the user's terminal. It goes into the zone's environment, so only
 * what such a word can be. */
static void describe_terminal(struct enter_options *options, const struct target *t,
			      struct session *session, char ***env)
{
	const char *color = getenv("COLORTERM");

	options->term = getenv("TERM");
	if (options->term && !str_is_clean(options->term))
		options->term = NULL;
	if (color && *color && str_is_clean(color))
		add_env(env, t, "COLORTERM", color);
	/* The one locale of UTF-8 that needs no locales installed. */
	if (term_is_utf8())
		add_env(env, t, "LANG", "C.UTF-8");
	for (char *const *v = options->env; v && *v; v++)
		strv_add(env, *v);
	options->env = *env;
	term_size(&options->size);
	if (session->user_tty >= 0 && tcgetattr(session->user_tty, &session->keys) == 0)
		options->keys = &session->keys;
}

static int enter(struct cli *cli, struct target *t, struct enter_options *options,
		 struct error *err)
{
	AUTO_STRV char **env = NULL;
	struct session session;
	struct escape escape;
	int status;

	if (escape_parse(opts_value(&cli->opts, "escape"), &escape, err) < 0)
		return -1;
	options->user = opts_value(&cli->opts, "user");
	options->argv = cli->opts.command;
	options->status = &t->status;
	status = session_open(&session, options->has_tty, err);
	session_watch(&session, &escape);
	if (options->has_tty)
		describe_terminal(options, t, &session, &env);
	if (status == 0)
		status = start(cli, t, options, &session, err);
	session_close(&session);
	if (status == 0)
		tell(cli, t, &session);
	return status;
}

int verb_login(struct cli *cli, struct target *t, struct error *err)
{
	struct enter_options options = { 0 };

	/* A script that gives login a command wants its output as it is. */
	options.has_tty = !cli->opts.command || session_is_interactive();
	return enter(cli, t, &options, err);
}

static int check_env(char *const *env, struct error *err)
{
	for (; env && *env; env++)
		if (!strchr(*env, '=') || (*env)[0] == '=')
			return error_set(err, ERR_USAGE, "option '-e': '%s' is no NAME=VALUE",
					 *env);
	return 0;
}

int verb_exec(struct cli *cli, struct target *t, struct error *err)
{
	AUTO_STRV char **env = opts_values(&cli->opts, "env");
	const char *dir = opts_value(&cli->opts, "workdir");
	struct enter_options options = {
		.dir = dir ? dir : "/",
		.env = env,
		.has_tty = opts_has(&cli->opts, "tty"),
	};

	if (!cli->opts.command) {
		error_set(err, ERR_USAGE, "no command given");
		return error_hint(err, "usage: zonectl exec NAME [options] -- COMMAND...");
	}
	if (check_env(env, err) < 0)
		return -1;
	options.user = opts_value(&cli->opts, "user");
	options.argv = cli->opts.command;
	if (fanout_is_meant(cli))
		return fanout_exec(cli, t, &options, err);
	return enter(cli, t, &options, err);
}
