/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_FOREGROUND_H
#define OCI_FOREGROUND_H

/*
 * A process of a container that a verb waits for, and the user in front of it:
 * signals go to the process, its terminal is joined to the user's.
 */

#include "runtime/session.h"

struct foreground {
	struct session session;		/* with a terminal */
	bool has_tty;
	int signalfd;			/* without one */
	int notifyfd;			/* notify_listen(), likewise; owned, or -1 */
	sigset_t signals;		/* the mask before, likewise */
};

#define FOREGROUND_NONE { .signalfd = -1, .notifyfd = -1, .session.signalfd = -1 }

/* From here on signals wait for the process, which is started next and resets its own mask. */
int foreground_open(struct foreground *f, bool has_tty, struct error *err);
/* Until the process has ended, a child of the caller, which is reaped: *out_status is its exit
 * code, or 128 and the signal. *ptyfd is its terminal's master, or -1; closed when the user is gone
 * before it. The user's terminal is as it was then. */
int foreground_wait(struct foreground *f, int pidfd, int *ptyfd, int *out_status,
		    struct error *err);
/* Puts signals and the terminal back, also after a failure. */
void foreground_close(struct foreground *f);

#endif
