/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ENTER_H
#define RUNTIME_ENTER_H

/*
 * A command in a running zone: login, exec. It enters all the zone's namespaces
 * by the init's pidfd, its cgroup, and goes through the same confine() as init
 * did, so that it has no more power than the zone's own root.
 */

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"
#include "runtime/state.h"
#include "runtime/zone.h"

struct enter_options {
	char *const *argv; /* the command; NULL: the user's login shell, through login(1) */
	void (*prepare)(void); /* run in the zone, as the user, before the command; or NULL */
	const struct confine_task *task; /* run instead of a command; NULL: none is */
	const char *user;		/* NAME, UID or UID:GID; NULL: root */
	const char *dir;		/* NULL: the user's home for login, / for exec */
	char *const *env;		/* NAME=VALUE added to the clean environment; or NULL */
	const char *term;		/* TERM, or NULL */
	bool has_tty;			/* give it a terminal; else stdio below */
	struct winsize size;		/* of that terminal; all 0: left alone */
	const struct termios *keys;	/* whose characters that one takes, as "erase"; or NULL */
	int stdio[3];			/* without a terminal: descriptors it gets as 0, 1, 2 */
	const struct zone_status *status; /* where the caller has just asked, borrowed; or NULL */
};

struct entered {
	int pidfd;			/* of the command, a child of the caller */
	pid_t pid;
	int ptyfd;			/* the terminal's master, -1 without one */
};

enum { ENTER_FAILED = 125, ENTER_NOT_EXECUTABLE = 126, ENTER_NO_COMMAND = 127 };

/* Starts it. On failure err->sys is ENOENT when there is no such command, EACCES or ENOEXEC when it
 * can't be executed. */
int zone_enter(struct zone *z, const struct enter_options *options, struct entered *out,
	       struct error *err);

#endif
