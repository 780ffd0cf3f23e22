/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SESSION_H
#define RUNTIME_SESSION_H

/*
 * A command in a zone and the user in front of it. With a terminal, the user's
 * is made raw and joined to the command's. Without one, regular files, pipes and
 * sockets are handed on as they are; terminals, devices and directories of the
 * host never are: a pipe stands in for each (SECURITY.md F1, CVE-2024-21626).
 */

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"
#include "runtime/relay.h"
#include "runtime/screen.h"

struct session {
	bool has_tty;
	bool forwards_typed;		/* signals are forwarded with a terminal too */
	int stdio[3];			/* without a terminal: what the command gets as 0, 1, 2 */
	bool is_pipe[3];		/* stdio[i] is ours to close once the command has it */
	struct relay relay;
	struct term term;
	struct termios keys;		/* of the user's terminal, where that is wanted */
	struct screen screen;		/* of the user's terminal */
	enum relay_end end;
	int signal;			/* that ended it, or 0 */
	int signalfd;
	sigset_t signals;		/* the mask before */
	int user_tty;			/* which of 0, 1, 2 is the user's terminal, or -1 */
	int ptyfd;			/* the command's terminal, borrowed, or -1 */
};

/* Before the command is started, which takes stdio (and resets signals itself). */
int session_open(struct session *s, bool has_tty, struct error *err);
/* In between, with a terminal: the user leaves by typing this. */
void session_watch(struct session *s, const struct escape *escape);
/* Relays until the command, pidfd, has ended or the user went away; *out_status is the command's
 * exit status, or 128 + the signal that ended the session, SIGHUP when the user left. The user's
 * terminal is as it was then. ptyfd is the command's terminal, which the caller then closes.
 * forwards as in relay.h. */
int session_run(struct session *s, int pidfd, int ptyfd, unsigned int forwards, int *out_status,
		struct error *err);
/* Puts the terminal and the signals back. */
void session_close(struct session *s);

/* True if the user sits at a terminal: both ends of it. */
bool session_is_interactive(void);

#endif
