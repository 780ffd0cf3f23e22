/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

/* The owner's ends of the sockets lie together above all that else is open, so that a worker
 * closes those of the others in one call: with them open it would not see its owner go. */
enum { SOCKETS_FROM = 64, GIFT_MAX = 64 << 20 };

/* What goes over the socket ahead of the gift. Both ends are one program. */
struct report {
	int status;
	struct error err;
	size_t gift_len;
};

/* What a worker does not take note of: the owner decides. */
static const int held_off[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < N_ROWS(held_off); i++)
		sigaddset(set, held_off[i]);
}

/*
 * In the worker
 */

static void do_jobs(const struct crew *c, int fd)
{
	struct error end = { 0 };
	struct crew_job job;

	while (fd_read_exact(fd, &job, sizeof(job), &end) == 0) {
		AUTO_STR struct str gift = { 0 };
		struct report r = { 0 };

		r.status = c->work(c->arg, &job, &gift, &r.err);
		r.gift_len = gift.len;
		if (fd_write_all(fd, &r, sizeof(r), &end) < 0 ||
		    fd_write_all(fd, str_text(&gift), gift.len, &end) < 0)
			return;
	}
}

static void worker_main(struct crew *c, pid_t owner, int fd)
{
	sigset_t set = c->before;

	c->ownfd = fd;
	(void)sys_close_range(SOCKETS_FROM, ~0U, 0);	/* fails on no kernel since 5.9 */
	close(c->signalfd);
	for (size_t i = 0; i < N_ROWS(held_off); i++)
		sigaddset(&set, held_off[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	/* Held off like the others, but where the work only waits. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == owner)
		do_jobs(c, fd);
	_exit(0);
}

void crew_may_end(bool may)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(may ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/*
 * In the owner
 */

int crew_open(struct crew *c, struct error *err)
{
	sigset_t set;

	signal_set(&set);
	sigaddset(&set, SIGCHLD);
	c->signalfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signalfd < 0)
		return error_sys(err, "watch for signals");
	sigprocmask(SIG_BLOCK, &set, &c->before);
	c->workers = xcalloc(c->most, sizeof(*c->workers));
	c->n = c->busy = 0;
	c->is_ending = c->has_ended = false;
	return 0;
}

static int start(struct crew *c, struct crew_worker *w, struct error *err)
{
	pid_t owner = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "start a worker");
	w->fd = fd_move_up(pair[0], SOCKETS_FROM, err);
	if (w->fd < 0) {
		close(pair[1]);
		return error_wrap(err, "start a worker");
	}
	w->pid = fork();
	if (w->pid == 0)
		worker_main(c, owner, pair[1]);
	if (w->pid < 0) {
		error_sys(err, "start a worker");
		w->pid = 0;
		close(w->fd);
	}
	close(pair[1]);
	return w->pid > 0 ? 0 : -1;
}

/* One that has nothing to do, or a new one. */
static struct crew_worker *find(struct crew *c, struct error *err)
{
	struct crew_worker *w = NULL;
	struct error why = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (c->workers[i].pid > 0 && !c->workers[i].is_busy)
			return &c->workers[i];
		if (c->workers[i].pid == 0)
			w = &c->workers[i];
	}
	if (!w && c->n < c->most)
		w = &c->workers[c->n];
	if (!w)
		return NULL;
	if (start(c, w, &why) < 0) {
		/* Those that are there do it; without any, it can't be done. */
		if (c->busy == 0)
			*err = why;
		return NULL;
	}
	if (w == &c->workers[c->n])
		c->n++;
	return w;
}

/* It was killed while it had nothing to do. */
static void retire(struct crew_worker *w)
{
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(w->fd);
	w->pid = 0;
}

bool crew_give(struct crew *c, const struct crew_job *job, struct error *err)
{
	for (size_t tries = 0; c->busy < c->most && tries <= c->most; tries++) {
		struct crew_worker *w = find(c, err);

		if (!w)
			return false;
		if (send(w->fd, job, sizeof(*job), MSG_NOSIGNAL) != (ssize_t)sizeof(*job)) {
			retire(w);
			continue;
		}
		w->number = job->number;
		w->is_busy = true;
		c->busy++;
		return true;
	}
	return false;
}

static void finish(struct crew *c, struct crew_worker *w, struct crew_result *out)
{
	out->number = w->number;
	w->is_busy = false;
	c->busy--;
}

/* flags is MSG_DONTWAIT for what a worker that has ended sent before. */
static bool take(int fd, void *data, size_t len, int flags)
{
	char *at = data;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool take_result(struct crew_worker *w, struct crew_result *out, int flags)
{
	struct report r;
	AUTO_FREE char *gift = NULL;

	if (!take(w->fd, &r, sizeof(r), flags) || r.gift_len > GIFT_MAX)
		return false;
	gift = xcalloc(1, r.gift_len + 1);
	if (!take(w->fd, gift, r.gift_len, flags))
		return false;
	out->status = r.status;
	out->err = r.err;
	str_addn(&out->gift, gift, r.gift_len);
	return true;
}

/* Its descriptor alone does not tell: a zone's keeper may have another of it. */
static bool has_ended(struct crew_worker *w, int *out_status)
{
	if (w->pid == 0 || waitpid(w->pid, out_status, WNOHANG) != w->pid)
		return false;
	w->pid = 0;
	return true;
}

static void bury(struct crew *c, struct crew_worker *w, int status, struct crew_result *out)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (!take_result(w, out, MSG_DONTWAIT)) {
		out->status = -1;
		out->is_lost = true;
		if (c->is_ending && sig == SIGTERM)
			error_set(&out->err, ERR_FAILED, "interrupted");
		else if (sig != 0)
			error_set(&out->err, ERR_FAILED, "the worker was killed by signal %d", sig);
		else
			error_set(&out->err, ERR_RESOURCE, "the worker ended with status %d",
				  WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	}
	finish(c, w, out);
}

/* The end of one that was busy is a result; of others it is no matter. One SIGCHLD may stand for
 * several that ended. */
static bool reap(struct crew *c, struct crew_result *out)
{
	for (size_t i = 0; c->has_ended && i < c->n; i++) {
		struct crew_worker *w = &c->workers[i];
		bool was_busy = w->is_busy;
		int status = 0;

		if (!has_ended(w, &status))
			continue;
		if (was_busy)
			bury(c, w, status, out);
		close(w->fd);
		if (was_busy)
			return true;
	}
	c->has_ended = false;
	return false;
}

/* A signal other than SIGCHLD, or 0. */
static int next_signal(struct crew *c)
{
	struct signalfd_siginfo info;

	while (read(c->signalfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			return (int)info.ssi_signo;
		c->has_ended = true;
	}
	return 0;
}

static struct crew_worker *ready(struct crew *c, const struct pollfd *fds)
{
	for (size_t i = 0; i < c->n; i++)
		if (fds[i].revents & POLLIN && c->workers[i].is_busy)
			return &c->workers[i];
	return NULL;
}

static int poll_all(struct crew *c, struct pollfd *fds, int timeout_ms)
{
	for (size_t i = 0; i < c->n; i++)
		fds[i] = (struct pollfd){
			.fd = c->workers[i].is_busy ? c->workers[i].fd : -1, .events = POLLIN,
		};
	fds[c->n] = (struct pollfd){ .fd = c->signalfd, .events = POLLIN };
	return poll(fds, c->n + 1, timeout_ms);
}

/* CREW_TIMEOUT when nothing of what is ready says anything. */
static enum crew_event look(struct crew *c, const struct pollfd *fds, struct crew_result *out,
			    int *out_signal)
{
	struct crew_worker *w;

	*out_signal = fds[c->n].revents ? next_signal(c) : 0;
	if (*out_signal)
		return CREW_SIGNAL;
	w = ready(c, fds);
	if (w && take_result(w, out, 0)) {
		finish(c, w, out);
		return CREW_RESULT;
	}
	/* It ended half-way. */
	if (w)
		c->has_ended = true;
	return CREW_TIMEOUT;
}

enum crew_event crew_wait(struct crew *c, int timeout_ms, struct crew_result *out, int *out_signal)
{
	AUTO_FREE struct pollfd *fds = xcalloc(c->most + 1, sizeof(*fds));
	int64_t end = clock_ms() + timeout_ms;

	*out = (struct crew_result){ 0 };
	for (;;) {
		int64_t left = end - clock_ms();
		enum crew_event event;
		int n;

		if (reap(c, out))
			return CREW_RESULT;
		n = poll_all(c, fds, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
		if (n == 0)
			return CREW_TIMEOUT;
		event = n > 0 ? look(c, fds, out, out_signal) : CREW_TIMEOUT;
		if (event != CREW_TIMEOUT)
			return event;
	}
}

void crew_end(struct crew *c, bool by_force)
{
	c->is_ending = true;
	for (size_t i = 0; i < c->n; i++)
		if (c->workers[i].is_busy)
			(void)kill(c->workers[i].pid, by_force ? SIGKILL : SIGTERM); /* or gone */
}

void crew_close(struct crew *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->workers[i].pid > 0)
			(void)shutdown(c->workers[i].fd, SHUT_RDWR);	/* it is there */
	for (size_t i = 0; i < c->n; i++) {
		struct crew_worker *w = &c->workers[i];

		while (w->pid > 0 && waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (w->pid > 0)
			close(w->fd);
	}
	free(TAKE_PTR(c->workers));
	close(c->signalfd);
	sigprocmask(SIG_SETMASK, &c->before, NULL);
}

void crew_result_clear(struct crew_result *r)
{
	str_clear(&r->gift);
}
