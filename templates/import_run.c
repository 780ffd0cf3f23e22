/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/import_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/strv.h"
#include "templates/ahead.h"
#include "templates/program.h"

enum { SIGNALLED = 128, PIPE_SIZE = 1 << 20 };

/* The unpacker's ends of what is between us; -1 where there is none; owned. */
struct ends {
	int sourcefd, reportfd, donefd;
};

static void ends_close(struct ends *ends)
{
	cleanup_close(&ends->sourcefd);
	cleanup_close(&ends->reportfd);
	cleanup_close(&ends->donefd);
	*ends = (struct ends){ -1, -1, -1 };
}

#define AUTO_ENDS __attribute__((cleanup(ends_close)))

/* Starts it; returns its pidfd. */
static int unpacker_start(const struct import_run *run, const struct ends *ends, struct error *err)
{
	AUTO_CLOSE int programfd = program_open("zone-unpack", err);
	AUTO_STRV char **argv = NULL;
	int keep[] = { programfd, run->rootfd, ends->reportfd, ends->donefd };
	struct proc_spawn spawn = {
		.stdin_fd = ends->sourcefd, .stdout_fd = -1, .stderr_fd = -1,
		.keep_fds = keep, .n_keep_fds = N_ROWS(keep), .dirfd = -1,
	};
	pid_t pid;

	if (programfd < 0)
		return -1;
	strv_addf(&argv, "/proc/self/fd/%d", programfd);
	strv_addf(&argv, "%d", run->rootfd);
	strv_addf(&argv, "%d", ends->reportfd);
	if (ends->donefd >= 0)
		strv_addf(&argv, "done=%d", ends->donefd);
	unpack_options_args(run->options, &argv);
	spawn.argv = argv;
	return proc_spawn(&spawn, &pid, err);
}

static void watch_read(struct import_watch *watch)
{
	char buf[4096];
	ssize_t n = read(watch->fd, buf, sizeof(buf));

	if (n > 0)
		watch->take(watch->arg, buf, (size_t)n);
	else if (n == 0 || errno != EINTR)
		watch->fd = -1;
}

static int feed_read(struct import_feed *feed, struct error *err)
{
	ssize_t n;

	if (feed->at == feed->len)
		feed->at = feed->len = 0;
	do {
		n = read(feed->fd, feed->buf + feed->len, sizeof(feed->buf) - feed->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, "read the archive");
	feed->is_at_end = n == 0;
	sha256_add(&feed->sum, feed->buf + feed->len, (size_t)n);
	feed->bytes += (uint64_t)n;
	feed->len += (size_t)n;
	return 0;
}

int import_feed_peek(struct import_feed *feed, size_t n, struct error *err)
{
	while (!feed->is_at_end && feed->len < n) {
		if (feed_read(feed, err) < 0)
			return -1;
	}
	return 0;
}

int import_feed_copy(struct import_feed *feed, int outfd, uint64_t max, struct error *err)
{
	for (;;) {
		if (fd_write_all(outfd, feed->buf + feed->at, feed->len - feed->at, err) < 0)
			return -1;
		feed->at = feed->len;
		if (feed->is_at_end)
			return 0;
		if (feed_read(feed, err) < 0)
			return -1;
		if (feed->bytes > max)
			return error_set(err, ERR_USAGE, "it has more than %llu bytes",
					 (unsigned long long)max);
	}
}

/* Everything that is waited for while the unpacker works. */
struct conversation {
	const struct import_run *run;
	int feedfd;			/* into the unpacker; -1 when all was said; owned */
	int reportfd;			/* owned */
	int namesfd;			/* of finished files; -1: they are not asked for; owned */
	char *report;
	size_t have, room;
};

static void feed_end(struct conversation *c)
{
	cleanup_close(&c->feedfd);
	c->feedfd = -1;
}

static void conversation_close(struct conversation *c)
{
	feed_end(c);
	cleanup_close(&c->reportfd);
	cleanup_close(&c->namesfd);
	c->reportfd = c->namesfd = -1;
}

#define AUTO_CONVERSATION __attribute__((cleanup(conversation_close)))

/* An unpacker that ended has its reasons, which its report tells. */
static int feed_write(struct conversation *c, struct error *err)
{
	struct import_feed *feed = c->run->feed;
	ssize_t n;

	if (feed->at == feed->len && !feed->is_at_end && feed_read(feed, err) < 0)
		return -1;
	n = write(c->feedfd, feed->buf + feed->at, feed->len - feed->at);
	if (n >= 0)
		feed->at += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR && errno != EPIPE)
		return error_sys(err, "hand the archive on");
	if ((n < 0 && errno == EPIPE) || (feed->is_at_end && feed->at == feed->len))
		feed_end(c);
	return 0;
}

/* Waits for the source while nothing of it is at hand, else for room in the pipe. */
static struct pollfd feed_poll(const struct conversation *c)
{
	const struct import_feed *feed = c->run->feed;

	if (c->feedfd < 0)
		return (struct pollfd){ .fd = -1 };
	if (feed->at == feed->len && !feed->is_at_end)
		return (struct pollfd){ .fd = feed->fd, .events = POLLIN };
	return (struct pollfd){ .fd = c->feedfd, .events = POLLOUT };
}

/* Returns 0 at the end of the report, 1 before it. */
static int report_read(struct conversation *c, struct error *err)
{
	ssize_t n = c->have < c->room
			    ? read(c->reportfd, c->report + c->have, c->room - c->have)
			    : 0;

	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return error_sys(err, "read the unpacker's report");
	c->have += (size_t)n;
	return n > 0;
}

static int converse(struct conversation *c, struct error *err)
{
	struct import_watch *watch = c->run->watch;
	int r = 1;

	while (r > 0) {
		struct pollfd fds[] = {
			{ c->reportfd, POLLIN, 0 },
			{ watch ? watch->fd : -1, POLLIN, 0 },
			feed_poll(c),
		};

		if (poll(fds, N_ROWS(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_sys(err, "wait for the unpacker");
		}
		if (fds[1].revents)
			watch_read(watch);
		if (fds[2].revents && feed_write(c, err) < 0)
			return -1;
		if (fds[0].revents)
			r = report_read(c, err);
	}
	return r;
}

/* The report comes out of a process that read a hostile archive: it is bytes until proven. */
static int report_check(struct unpack_report *r, size_t len, int status, struct error *err)
{
	if (status == SIGNALLED + SIGXCPU)
		return error_set(err, ERR_USAGE, "unpacking took too much processor time");
	if (len != sizeof(*r))
		return error_set(err, ERR_FAILED, "the unpacker ended without a report (status %d)",
				 status);
	r->err.text[sizeof(r->err.text) - 1] = '\0';
	r->err.hint[sizeof(r->err.hint) - 1] = '\0';
	if (r->err.kind == ERR_NONE && status == 0)
		return 0;
	if (r->err.kind <= ERR_NONE || r->err.kind > ERR_PARTIAL)
		return error_set(err, ERR_FAILED, "the unpacker failed (status %d)", status);
	/* error_set() makes the words printable again. */
	error_set(err, r->err.kind, "%s", r->err.text);
	err->sys = r->err.sys;
	if (r->err.hint[0])
		error_hint(err, "%s", r->err.hint);
	return -1;
}

/* The pipe to the unpacker, or what it reads itself. Returns the end for the unpacker. */
static int feed_open(const struct import_run *run, int *out_feedfd, struct error *err)
{
	int fds[2], fd;

	*out_feedfd = -1;
	if (!run->feed) {
		fd = fcntl(run->archivefd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? error_sys(err, "duplicate a descriptor") : fd;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	*out_feedfd = fds[1];
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);	/* a smaller one is as right */
	if (fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0) {
		close(fds[0]);
		return error_sys(err, "make a pipe");
	}
	return fds[0];
}

/* The pipe for the names of files that are finished. Who writes it does not wait for who reads. */
static int done_open(const struct import_run *run, int *out_namesfd, int *out_donefd,
		     struct error *err)
{
	int fds[2];

	if (!run->ahead)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	*out_namesfd = fds[0];
	*out_donefd = fds[1];
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);	/* a smaller one is as right */
	return fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0 ? error_sys(err, "make a pipe") : 0;
}

/* Returns the unpacker's pidfd. */
static int begin(struct conversation *c, struct error *err)
{
	AUTO_ENDS struct ends ends = { -1, -1, -1 };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	c->reportfd = fds[0];
	ends.reportfd = fds[1];
	ends.sourcefd = feed_open(c->run, &c->feedfd, err);
	if (ends.sourcefd < 0 || done_open(c->run, &c->namesfd, &ends.donefd, err) < 0)
		return -1;
	return unpacker_start(c->run, &ends, err);
}

/* Talks until it has ended; returns its status. */
static int attend(struct conversation *c, int pidfd, struct error *err)
{
	struct ahead_run reader = { .is_running = false };
	struct error lost = { 0 };
	int talked, status;

	/* Without it everything is read later. */
	if (c->namesfd >= 0)
		(void)ahead_begin(&reader, c->run->ahead, c->run->rootfd, c->namesfd, &lost);
	talked = converse(c, err);
	feed_end(c);
	if (talked < 0)
		(void)proc_signal(pidfd, SIGKILL, &lost);	/* err says what went wrong */
	status = proc_reap(pidfd, talked < 0 ? &lost : err);
	ahead_end(&reader);
	return talked < 0 ? -1 : status;
}

static int unpack(const struct import_run *run, struct unpack_report *out, struct error *err)
{
	AUTO_CONVERSATION struct conversation c = {
		.run = run, .feedfd = -1, .reportfd = -1, .namesfd = -1,
		.report = (char *)out, .room = sizeof(*out),
	};
	AUTO_CLOSE int pidfd = begin(&c, err);
	int status;

	if (pidfd < 0)
		return -1;
	status = attend(&c, pidfd, err);
	if (status < 0 || report_check(out, c.have, status, err) < 0)
		return -1;
	if (run->feed && (!run->feed->is_at_end || run->feed->at < run->feed->len))
		return error_set(err, ERR_FAILED, "the unpacker left some of it unread");
	return 0;
}

int import_unpack(const struct import_run *run, struct unpack_report *out, struct error *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int r;

	/* An unpacker that gave up is no reason to end. */
	sigaction(SIGPIPE, &ignore, &before);
	r = unpack(run, out, err);
	sigaction(SIGPIPE, &before, NULL);
	return r;
}
