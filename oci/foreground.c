/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "oci/notify.h"

/* All but those that say something of this process itself. */
static int block_signals(struct foreground *f, struct error *err)
{
	static const int own[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGPIPE,
				   SIGURG, SIGTTIN, SIGTTOU, SIGCHLD };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < N_ROWS(own); i++)
		sigdelset(&set, own[i]);
	f->signalfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signalfd < 0)
		return error_sys(err, "wait for signals");
	sigprocmask(SIG_BLOCK, &set, &f->signals);
	return 0;
}

int foreground_open(struct foreground *f, bool has_tty, struct error *err)
{
	*f = (struct foreground)FOREGROUND_NONE;
	f->has_tty = has_tty;
	if (!has_tty)
		return block_signals(f, err);
	if (session_open(&f->session, true, err) < 0)
		return -1;
	f->session.forwards_typed = true;
	return 0;
}

/* The runtime is the service's main process. What fails here leaves a service that is not ready, of
 * which systemd tells. */
static void hear(int *notifyfd)
{
	struct error untold;

	if (notify_pass(*notifyfd, getpid(), &untold) != 0)
		close(TAKE_FD(*notifyfd));
}

static int wait_plain(int signalfd, int *notifyfd, int pidfd, int *out_status, struct error *err)
{
	for (;;) {
		struct pollfd fds[3] = { { .fd = pidfd, .events = POLLIN },
					 { .fd = signalfd, .events = POLLIN },
					 { .fd = *notifyfd, .events = POLLIN } };
		struct error gone = { 0 };
		int sig;

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return error_sys(err, "wait for the process");
		if (fds[2].revents)
			hear(notifyfd);
		if (fds[0].revents)
			break;
		sig = fds[1].revents ? term_signals_read(signalfd) : 0;
		if (sig > 0)
			(void)proc_signal(pidfd, sig, &gone);	/* its pidfd tells that it ended */
	}
	*out_status = proc_reap(pidfd, err);
	return *out_status < 0 ? -1 : 0;
}

int foreground_wait(struct foreground *f, int pidfd, int *ptyfd, int *out_status,
		    struct error *err)
{
	if (!f->has_tty)
		return wait_plain(f->signalfd, &f->notifyfd, pidfd, out_status, err);
	if (session_run(&f->session, pidfd, *ptyfd, RELAY_FORWARD_ALL, out_status, err) < 0)
		return -1;
	if (f->session.end == RELAY_ENDED)
		return 0;
	/* The user's end is gone: the process is told as by any terminal, and waited for. */
	close(TAKE_FD(*ptyfd));
	return wait_plain(f->session.signalfd, &f->notifyfd, pidfd, out_status, err);
}

void foreground_close(struct foreground *f)
{
	if (f->notifyfd >= 0)
		close(TAKE_FD(f->notifyfd));
	if (f->has_tty) {
		session_close(&f->session);
		return;
	}
	if (f->signalfd < 0)
		return;
	close(TAKE_FD(f->signalfd));
	sigprocmask(SIG_SETMASK, &f->signals, NULL);
}
