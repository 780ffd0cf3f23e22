/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cause.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/keeper.h"
#include "runtime/leave.h"
#include "runtime/relay.h"
#include "runtime/repair.h"

enum { SIGNAL_STATUS = 128, LINGER_MS = 1000 };

const struct opt console_options[] = {
	{ "escape", 'e', "CHAR", "leave with CHAR and a dot instead of ~. (none: never)" },
	{ 0 },
};

/* The last of console.log, from the beginning of a line, goes before what is live. */
static int scrollback(struct relay_channel *out, struct zone *z, struct error *err)
{
	AUTO_CLOSE int fd = openat(z->dirfd, "console.log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = xcalloc(1, RELAY_BUFFER);
	const char *start = text, *newline;
	struct stat st;
	ssize_t n;
	off_t from;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open 'console.log'");
	from = st.st_size > RELAY_BUFFER ? st.st_size - RELAY_BUFFER : 0;
	n = pread(fd, text, RELAY_BUFFER, from);
	if (n < 0)
		return error_sys(err, "read 'console.log'");
	newline = from > 0 ? memchr(text, '\n', (size_t)n) : NULL;
	if (newline)
		start = newline + 1;
	relay_put(out, start, (size_t)(text + n - start));
	return 0;
}

/* A zone whose keeper died is given one, which takes the console over. */
static int connect_console(struct cli *cli, struct target *t, int *out_ptyfd, struct error *err)
{
	AUTO_STRV char **done = NULL;

	if (t->status.has_keeper)
		return keeper_console_open(&t->zone, out_ptyfd, err);
	if (lock_take(t->zone.dirfd, LOCK_ALONE, ZONE_LOCK_WAIT_MS, err) < 0 ||
	    zone_repair(&t->zone, &done, err) < 0)
		return -1;
	lock_drop(t->zone.dirfd);
	out_note(cli, "console %s: the zone had lost its keeper and has one again", t->zone.name);
	return keeper_console_open(&t->zone, out_ptyfd, err);
}

static void resize(void *arg)
{
	const int *ptyfd = arg;

	term_copy_size(STDIN_FILENO, *ptyfd);
}

static int add_channels(struct relay *r, struct zone *z, int consolefd, struct error *err)
{
	AUTO_CLOSE int in = term_reopen(STDIN_FILENO, O_RDONLY, err);
	AUTO_CLOSE int out = term_reopen(STDOUT_FILENO, O_WRONLY, err);
	AUTO_CLOSE int to = fcntl(consolefd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	AUTO_CLOSE int from = fcntl(consolefd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (in < 0 || out < 0)
		return -1;
	if (to < 0 || from < 0 || fcntl(consolefd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return error_sys(err, "console");
	relay_add(r, TAKE_FD(in), TAKE_FD(to))->is_input = true;
	if (r->escape.c)
		relay_hold_typed(r);
	relay_add(r, TAKE_FD(from), TAKE_FD(out))->is_vital = true;
	return scrollback(&r->channels[1], z, err);
}

static int join_terminals(struct relay *r, struct term *term, int *ptyfd, struct error *err)
{
	if (!isatty(STDIN_FILENO))
		return 0;
	if (term_raw(term, STDIN_FILENO, err) < 0)
		return -1;
	r->term = term;
	r->resize = resize;
	r->arg = ptyfd;
	resize(ptyfd);
	return 0;
}

static int relay_console(struct relay *r, int ptyfd, struct cause *out, struct error *err)
{
	struct screen screen = { 0 };
	struct term term = { .fd = -1 };
	sigset_t signals;
	AUTO_CLOSE int signalfd = term_signals_open(&signals, err);

	if (signalfd < 0 || join_terminals(r, &term, &ptyfd, err) < 0)
		return -1;
	r->signalfd = signalfd;
	r->channels[1].screen = &screen;
	out->end = relay_run(r);
	/* Who leaves a flood wants to see no more of it, nor wait for it. */
	leave_terminal(&term, &screen, out->end == RELAY_LEFT || out->end == RELAY_SIGNALLED);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	out->signal = r->signal;
	out->is_line_begun = screen.is_line_begun;
	return 0;
}

int verb_console(struct cli *cli, struct target *t, struct error *err)
{
	AUTO_CLOSE int consolefd = -1;
	AUTO_CLOSE int ptyfd = -1;
	struct cause cause = { 0 };
	struct relay relay;
	int status;

	relay_init(&relay);
	relay.linger_ms = LINGER_MS;
	if (escape_parse(opts_value(&cli->opts, "escape"), &relay.escape, err) < 0)
		return -1;
	consolefd = connect_console(cli, t, &ptyfd, err);
	if (consolefd < 0)
		return -1;
	if (relay.escape.c)
		out_note(cli, "console of %s, %c. leaves", t->zone.name, relay.escape.c);
	status = add_channels(&relay, &t->zone, consolefd, err);
	if (status == 0)
		status = relay_console(&relay, ptyfd, &cause, err);
	relay_clear(&relay);
	if (status == 0)
		status = cause_tell_console(cli, t, &cause, err);
	if (status == 0 && cause.end == RELAY_SIGNALLED)
		cli->command_status = SIGNAL_STATUS + cause.signal;
	return status;
}
