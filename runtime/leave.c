/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal answers a question some time after it was written, to whoever reads then: after "cat
 * file" in a zone that can be the host's shell. Flushing when the session ends would come too
 * early. Terminals answer in order, though. So after a question of the zone's one more is asked,
 * and what comes before its answer is the zone's doing. Where the cursor is, once it was put at
 * random, is an answer that the zone could not ask for in advance but by asking for all; hence the
 * silence that has to follow.
 */
#include "runtime/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum {
	RECENT_MS = 10000,		/* an older question was answered */
	WRITE_MS = 500,			/* for a terminal that takes no output */
	ANSWER_MS = 500,		/* for one that does not answer */
	QUIET_MS = 50,			/* after the answer */
	ROWS = 24, COLUMNS = 80,
};

static bool is_ready(int fd, short events, int timeout_ms)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, timeout_ms) > 0 && p.revents & events;
}

/* False when the terminal does not take it, which then is gone or as good as. */
static bool say(int fd, const char *text, size_t len)
{
	int64_t end_ms = clock_ms() + WRITE_MS;

	while (len > 0) {
		ssize_t n = write(fd, text, len);
		int left_ms = (int)(end_ms - clock_ms());

		if (n > 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (left_ms <= 0 || !is_ready(fd, POLLOUT, left_ms))
			return false;
	}
	return true;
}

static int in_range(unsigned char random, const unsigned short size, int usual)
{
	return 1 + random % (size > 0 && size < usual ? size : usual);
}

struct question {
	char answer[24];
	size_t matched;
};

static bool ask(struct question *q, int fd)
{
	struct winsize size = { 0 };
	unsigned char random[2];
	char text[64];
	int row, column, len;

	(void)ioctl(fd, TIOCGWINSZ, &size);	/* without one the usual is taken */
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	row = in_range(random[0], size.ws_row, ROWS);
	column = in_range(random[1], size.ws_col, COLUMNS);
	snprintf(q->answer, sizeof(q->answer), "\033[%d;%dR", row, column);
	len = snprintf(text, sizeof(text), "\0337\033[%d;%dH\033[6n\0338", row, column);
	return say(fd, text, (size_t)len);
}

static bool is_answered(struct question *q, const char *data, ssize_t len)
{
	for (ssize_t i = 0; i < len && q->answer[q->matched]; i++) {
		if (data[i] != q->answer[q->matched])
			q->matched = 0;
		if (data[i] == q->answer[q->matched])
			q->matched++;
	}
	return !q->answer[q->matched];
}

static void hear_out(struct question *q, int fd)
{
	int64_t end_ms = clock_ms() + LEAVE_MAX_MS - WRITE_MS;
	int wait_ms = ANSWER_MS;

	while (clock_ms() < end_ms && is_ready(fd, POLLIN, wait_ms)) {
		char data[256];
		ssize_t n = read(fd, data, sizeof(data));

		if (n <= 0)
			return;
		if (is_answered(q, data, n))
			wait_ms = QUIET_MS;
	}
}

static bool has_asked(const struct screen *s)
{
	return s->asked_ms > 0 && clock_ms() - s->asked_ms < RECENT_MS;
}

/* What comes after goes to the host's shell. */
static void put_right(struct term *t, const struct screen *s, bool has_left)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int outfd = term_reopen(STDOUT_FILENO, O_WRONLY, &ignored);
	struct question q = { .matched = 0 };
	char text[SCREEN_RESET_MAX];
	size_t len = screen_reset(s, has_left, text);

	if (outfd < 0 || !say(outfd, text, len) || t->fd < 0 || !has_asked(s))
		return;
	if (ask(&q, outfd))
		hear_out(&q, t->fd);
}

void leave_terminal(struct term *t, const struct screen *s, bool has_left)
{
	if (t->fd >= 0 && has_left)
		(void)tcflush(t->fd, TCOFLUSH);	/* at worst it is seen */
	if (isatty(STDOUT_FILENO))
		put_right(t, s, has_left);
	if (t->fd >= 0)
		(void)tcflush(t->fd, TCIFLUSH);	/* it may be gone */
	term_restore(t);
}
