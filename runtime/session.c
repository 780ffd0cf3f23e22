/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "runtime/leave.h"

enum { SIGNAL_STATUS = 128 };

bool session_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool may_be_passed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* A pipe in place of the user's descriptor i, and the channel between the two. Our end does not
 * block; the command's does, as programs expect. */
static int stand_in(struct session *s, int i, struct error *err)
{
	bool is_input = i == STDIN_FILENO;
	int ends[2], ours, user;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	ours = ends[is_input];
	s->stdio[i] = ends[!is_input];
	s->is_pipe[i] = true;
	user = term_reopen(i, is_input ? O_RDONLY : O_WRONLY, err);
	if (user < 0 || fcntl(ours, F_SETFL, O_NONBLOCK) < 0) {
		close(ours);
		return user < 0 ? -1 : error_sys(err, "pipe");
	}
	relay_add(&s->relay, is_input ? user : ours, is_input ? ours : user)->is_input = is_input;
	return 0;
}

int session_open(struct session *s, bool has_tty, struct error *err)
{
	*s = (struct session){
		.has_tty = has_tty, .stdio = { 0, 1, 2 }, .term.fd = -1, .signalfd = -1,
		.user_tty = -1, .ptyfd = -1,
	};
	relay_init(&s->relay);
	for (int i = STDERR_FILENO; i >= 0; i--)
		if (isatty(i))
			s->user_tty = i;
	for (int i = 0; !has_tty && i <= STDERR_FILENO; i++)
		if (!may_be_passed(i) && stand_in(s, i, err) < 0)
			return -1;
	s->signalfd = term_signals_open(&s->signals, err);
	return s->signalfd < 0 ? -1 : 0;
}

void session_watch(struct session *s, const struct escape *escape)
{
	if (s->has_tty)
		s->relay.escape = *escape;
}

static void resize(void *arg)
{
	struct session *s = arg;

	term_copy_size(s->user_tty, s->ptyfd);
}

static int add_terminal(struct session *s, int ptyfd, struct error *err)
{
	AUTO_CLOSE int in = term_reopen(STDIN_FILENO, O_RDONLY, err);
	AUTO_CLOSE int out = term_reopen(STDOUT_FILENO, O_WRONLY, err);
	AUTO_CLOSE int pty_in = fcntl(ptyfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	AUTO_CLOSE int pty_out = fcntl(ptyfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	struct relay_channel *c;

	if (in < 0 || out < 0)
		return -1;
	if (pty_in < 0 || pty_out < 0 || fcntl(ptyfd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return error_sys(err, "terminal");
	c = relay_add(&s->relay, TAKE_FD(in), TAKE_FD(pty_in));
	c->is_input = true;
	c->is_pty_in = true;
	if (s->relay.escape.c)
		relay_hold_typed(&s->relay);
	c = relay_add(&s->relay, TAKE_FD(pty_out), TAKE_FD(out));
	c->screen = &s->screen;
	c->is_vital = true;
	c->is_pty_out = true;
	s->ptyfd = ptyfd;
	return 0;
}

static int join_terminals(struct session *s, int ptyfd, struct error *err)
{
	if (add_terminal(s, ptyfd, err) < 0)
		return -1;
	if (s->user_tty >= 0) {
		resize(s);
		s->relay.resize = resize;
		s->relay.arg = s;
	}
	if (!isatty(STDIN_FILENO))
		return 0;
	s->relay.term = &s->term;
	return term_raw(&s->term, STDIN_FILENO, err);
}

static void close_pipes(struct session *s)
{
	for (int i = 0; i <= STDERR_FILENO; i++) {
		if (s->is_pipe[i])
			close(s->stdio[i]);
		s->is_pipe[i] = false;
	}
}

static void leave(struct session *s)
{
	bool has_left = s->end == RELAY_LEFT || s->end == RELAY_SIGNALLED;

	if (s->has_tty && s->end != RELAY_UNREAD)
		leave_terminal(&s->term, &s->screen, has_left);
	term_restore(&s->term);
}

static int status_of_end(const struct session *s)
{
	switch (s->end) {
	case RELAY_LEFT:
		return SIGNAL_STATUS + SIGHUP;	/* what the command gets */
	case RELAY_SIGNALLED:
		return SIGNAL_STATUS + s->signal;
	case RELAY_ENDED:
	case RELAY_UNREAD:
	case RELAY_INPUT_ENDED:
		break;
	}
	return SIGNAL_STATUS + SIGPIPE;
}

int session_run(struct session *s, int pidfd, int ptyfd, unsigned int forwards, int *out_status,
		struct error *err)
{
	close_pipes(s);
	if (s->has_tty && join_terminals(s, ptyfd, err) < 0)
		return -1;
	s->relay.pidfd = pidfd;
	s->relay.signalfd = s->signalfd;
	s->relay.forwards = s->has_tty && !s->forwards_typed ? 0 : forwards;
	s->end = relay_run(&s->relay);
	s->signal = s->relay.signal;
	leave(s);
	if (s->end != RELAY_ENDED) {
		*out_status = status_of_end(s);
		relay_clear(&s->relay);
		return 0;
	}
	*out_status = proc_reap(pidfd, err);
	return *out_status < 0 ? -1 : 0;
}

void session_close(struct session *s)
{
	term_restore(&s->term);
	relay_clear(&s->relay);
	close_pipes(s);
	if (s->signalfd < 0)
		return;
	close(s->signalfd);
	s->signalfd = -1;
	sigprocmask(SIG_SETMASK, &s->signals, NULL);
}
