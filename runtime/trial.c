/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/proc.h"
#include "base/str.h"
#include "runtime/enter.h"
#include "runtime/ready.h"

enum { TAIL_MAX = 1024, LINE_MAX_SHOWN = 160 };

/* What was said last; a zone may say without end. */
struct tail {
	char data[TAIL_MAX];
	size_t len;
};

static void tail_add(struct tail *t, const char *data, size_t len)
{
	size_t drop = t->len + len > TAIL_MAX ? t->len + len - TAIL_MAX : 0;

	if (len >= TAIL_MAX) {
		memcpy(t->data, data + len - TAIL_MAX, TAIL_MAX);
		t->len = TAIL_MAX;
		return;
	}
	memmove(t->data, t->data + drop, t->len - drop);
	t->len -= drop;
	memcpy(t->data + t->len, data, len);
	t->len += len;
}

/* The last line that is not empty, made printable. */
static void tail_line(const struct tail *t, struct str *out)
{
	size_t end = t->len, start;

	while (end > 0 && strchr("\r\n \t", t->data[end - 1]))
		end--;
	start = end;
	while (start > 0 && t->data[start - 1] != '\n')
		start--;
	if (end - start > LINE_MAX_SHOWN)
		start = end - LINE_MAX_SHOWN;
	str_add_printable(out, t->data + start, end - start);
}

static bool take(int fd, struct tail *tail)
{
	char buf[TAIL_MAX];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		tail_add(tail, buf, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Until the command's own end, which others that hold its pipe may outlive: 1, or 0 when there is
 * no more time. */
static int hear(int fd, int pidfd, int64_t end_ms, struct tail *tail)
{
	struct pollfd fds[] = { { pidfd, POLLIN, 0 }, { fd, POLLIN, 0 } };

	for (;;) {
		int64_t left = end_ms - clock_ms();

		if (left <= 0)
			return 0;
		if (poll(fds, N_ROWS(fds), (int)left) <= 0)
			continue;
		if (fds[1].revents && !take(fd, tail))
			fds[1].fd = -1;
		if (fds[0].revents)
			break;
	}
	while (fds[1].fd >= 0 && take(fd, tail))
		;
	return 1;
}

static int judge(int status, const struct tail *tail, struct error *err)
{
	AUTO_STR struct str line = { 0 };
	const char *says;

	if (status <= 0)
		return status;
	tail_line(tail, &line);
	says = line.len > 0 ? ": " : "";
	if (status > 128)
		return error_set(err, ERR_FAILED, "check: killed by signal %d%s%s", status - 128,
				 says, str_text(&line));
	return error_set(err, ERR_FAILED, "check: exit status %d%s%s", status, says,
			 str_text(&line));
}

static int watch(struct entered *e, int fd, int64_t end_ms, struct error *err)
{
	struct tail tail = { .len = 0 };
	int has_ended = hear(fd, e->pidfd, end_ms, &tail), status;
	struct error ignored = { 0 };

	if (has_ended == 0)
		(void)proc_signal(e->pidfd, SIGKILL, &ignored); /* gone is as good */
	status = proc_reap(e->pidfd, err);
	close(TAKE_FD(e->pidfd));
	if (has_ended == 0)
		return error_set(err, ERR_FAILED, "check: did not end in time");
	return judge(status, &tail, err);
}

static int run(struct zone *z, char *const *argv, int64_t end_ms, struct error *err)
{
	AUTO_CLOSE int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	struct enter_options options = { .argv = argv, .dir = "/" };
	struct entered entered;
	int ends[2], ret;

	if (nullfd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);	/* of an open pipe this can't fail */
	options.stdio[0] = nullfd;
	options.stdio[1] = options.stdio[2] = ends[1];
	ret = zone_enter(z, &options, &entered, err);
	close(ends[1]);
	if (ret < 0)
		error_wrap(err, "check");
	else
		ret = watch(&entered, ends[0], end_ms, err);
	close(ends[0]);
	return ret;
}

int zone_trial(struct zone *z, char *const *argv, int timeout_ms, struct error *err)
{
	int64_t end_ms = clock_ms() + timeout_ms;

	lock_drop(z->dirfd);
	if (zone_wait_ready(z, timeout_ms, err) < 0)
		return -1;
	return argv ? run(z, argv, end_ms, err) : 0;
}
