/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"

enum {
	RETRY_MS = 20,			/* until a hung-up terminal is looked at again */
	POLL_MAX = 2 + 2 * RELAY_CHANNELS,
	END_BYTES = 2,			/* room beside the buffer for the end that is typed */
	DRAIN_MAX = 1 << 20,		/* more than any pipe holds was written after the end */
	STUCK_MS = 2000,		/* nothing was taken for so long: what is typed is lost */
	KEYS_MAX = 32,			/* bytes read at once that fingers may have typed */
};

void relay_init(struct relay *r)
{
	*r = (struct relay){ .pidfd = -1, .signalfd = -1 };
}

struct relay_channel *relay_add(struct relay *r, int from, int to)
{
	struct relay_channel *c = &r->channels[r->n++];

	*c = (struct relay_channel){ .from = from, .to = to, .size = RELAY_BUFFER };
	/* Not zeroed: pages that nothing is read into are never touched. */
	c->data = xreallocarray(NULL, 1, c->size + END_BYTES);
	return c;
}

void relay_hold_typed(struct relay *r)
{
	struct relay_channel *c = &r->channels[0];

	c->size = RELAY_TYPED;
	c->data = xreallocarray(c->data, 1, c->size + END_BYTES);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void channel_close(struct relay_channel *c)
{
	close_fd(&c->from);
	close_fd(&c->to);
	c->start = c->len = 0;
}

void relay_clear(struct relay *r)
{
	for (size_t i = 0; i < r->n; i++) {
		channel_close(&r->channels[i]);
		free(r->channels[i].data);
	}
	relay_init(r);
}

static size_t room(struct relay_channel *c)
{
	if (c->len == 0)
		c->start = 0;
	/* Only when as much was taken as is left: a byte is not moved for each that is taken. */
	if (c->start > 0 && c->start >= c->len && c->start + c->len == c->size) {
		memmove(c->data, c->data + c->start, c->len);
		c->start = 0;
	}
	return c->size - c->start - c->len;
}

void relay_put(struct relay_channel *c, const char *data, size_t len)
{
	size_t free_len = room(c);

	if (len > free_len)
		len = free_len;
	memcpy(c->data + c->start + c->len, data, len);
	c->len += len;
}

/* A terminal has no end of file of its own: its line discipline makes one of a character, twice
 * when a line was begun (termios(3), VEOF). */
static void type_end(struct relay_channel *c)
{
	struct termios mode;

	if (tcgetattr(c->to, &mode) < 0 || !(mode.c_lflag & ICANON))
		return;
	memset(c->data + c->start + c->len, mode.c_cc[VEOF], END_BYTES);
	c->len += END_BYTES;
}

static void input_ended(struct relay_channel *c)
{
	close_fd(&c->from);
	c->taken_ms = clock_ms();
	if (c->is_pty_in)
		type_end(c);
	if (c->len == 0 && !c->is_pty_in)
		close_fd(&c->to);
}

static void help(struct relay *r)
{
	char text[64], c = r->escape.c;
	int len = snprintf(text, sizeof(text),
			   "\r\nzonectl: %c. leaves, %c? shows this, %c%c sends %c\r\n",
			   c, c, c, c, c);

	if (r->n > 1)
		relay_put(&r->channels[1], text, (size_t)len);
}

static bool is_typed(const struct relay *r, const struct relay_channel *c)
{
	return c == r->channels && r->escape.c;
}

/* Reading what is typed has to go on, or the escape would never be seen; what does not fit is lost
 * then. Before that the other side is given time. */
static int stuck_in_ms(const struct relay_channel *c)
{
	int64_t ms = c->taken_ms + STUCK_MS - clock_ms();

	return ms > 0 ? (int)ms : 0;
}

static size_t count_keys(struct escape escape, const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += escape_is_key(&escape, data[i]);
	return n;
}

/* One key; true when the user leaves. */
static bool key(struct relay *r, struct relay_channel *c, char byte)
{
	char out[2];
	size_t n;

	switch (escape_take(&r->escape, byte, out, &n)) {
	case ESCAPE_LEAVE:
		return true;
	case ESCAPE_HELP:
		help(r);
		break;
	case ESCAPE_NONE:
		relay_put(c, out, n);
		break;
	}
	return false;
}

/* What was typed; true when the user leaves. An escape is typed by hand: a paste comes in larger
 * pieces and goes through as it is. */
static bool typed(struct relay *r, struct relay_channel *c, const char *data, size_t len)
{
	bool is_paste = count_keys(r->escape, data, len) > KEYS_MAX;

	for (size_t i = 0; i < len; i++) {
		bool is_key = escape_is_key(&r->escape, data[i]);

		if (!is_paste && is_key) {
			if (key(r, c, data[i]))
				return true;
			continue;
		}
		if (is_paste && escape_pass(&r->escape, data[i]))
			relay_put(c, &r->escape.c, 1);
		relay_put(c, data + i, 1);
	}
	return false;
}

/* Reads once. Returns false when there was nothing, or the end. */
static bool fill(struct relay *r, struct relay_channel *c, bool *out_left)
{
	char piece[4096];
	size_t size = room(c);
	ssize_t n;

	n = is_typed(r, c) ? read(c->from, piece, sizeof(piece)) :
			     read(c->from, c->data + c->start + c->len, size);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0 && errno == EIO && c->is_pty_out && !r->is_draining)
		return false;
	if (n <= 0) {
		input_ended(c);
		return false;
	}
	if (c->len == 0)
		c->taken_ms = clock_ms();
	if (is_typed(r, c))
		*out_left = typed(r, c, piece, (size_t)n);
	else
		c->len += (size_t)n;
	if (r->is_draining)
		r->drained += (size_t)n;
	return true;
}

/* Writes once; true when something was taken. A pipe that blocks takes PIPE_BUF bytes when it is
 * ready at all (pipe(7)). */
static bool drain(struct relay *r, struct relay_channel *c)
{
	size_t len = c->len < PIPE_BUF ? c->len : PIPE_BUF;
	ssize_t n = write(c->to, c->data + c->start, len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) {
		channel_close(c);
		r->is_unread |= c->is_vital;
		return false;
	}
	if (c->screen)
		screen_see(c->screen, c->data + c->start, (size_t)n);
	if (n > 0)
		c->taken_ms = clock_ms();
	c->start += (size_t)n;
	c->len -= (size_t)n;
	if (c->len == 0 && c->from < 0 && !c->is_pty_in)
		close_fd(&c->to);
	return n > 0;
}

struct round {
	struct pollfd fds[POLL_MAX];	/* signals, the command, then two for each channel */
	int timeout_ms;
};

static void no_later(struct round *w, int ms)
{
	if (w->timeout_ms < 0 || w->timeout_ms > ms)
		w->timeout_ms = ms;
}

/* A full buffer is not filled, and what the command's children go on writing is not waited for. */
static void watch_from(struct relay *r, struct relay_channel *c, struct round *w,
		       struct pollfd *p)
{
	if (r->drained > DRAIN_MAX || c->from < 0 || c->to < 0)
		return;
	if (room(c) == 0 && !is_typed(r, c))
		return;
	if (room(c) == 0 && stuck_in_ms(c) > 0) {
		no_later(w, stuck_in_ms(c));
		return;
	}
	p->fd = c->from;
	p->events = POLLIN;
}

static bool is_lingering(const struct relay *r)
{
	return r->linger_ms > 0 && !r->is_draining && r->channels[0].from < 0;
}

static int lingers_ms(const struct relay *r)
{
	int64_t ms = r->channels[0].taken_ms + r->linger_ms - clock_ms();

	return ms > 0 ? (int)ms : 0;
}

/* What is left goes out, however long it takes. */
static bool has_left_over(const struct relay *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].to >= 0 && r->channels[i].len > 0)
			return true;
	return false;
}

/* A terminal that is hung up would wake us all the time, so it is looked at only now and then. */
static void watch(struct relay *r, struct round *w, bool is_hung_up)
{
	w->timeout_ms = is_hung_up ? RETRY_MS : -1;
	if (r->is_draining && !has_left_over(r))
		w->timeout_ms = 0;
	if (is_lingering(r))
		no_later(w, lingers_ms(r));
	for (size_t i = 0; i < POLL_MAX; i++)
		w->fds[i] = (struct pollfd){ .fd = -1 };
	w->fds[0] = (struct pollfd){ .fd = r->signalfd, .events = POLLIN };
	if (!r->is_draining)
		w->fds[1] = (struct pollfd){ .fd = r->pidfd, .events = POLLIN };
	for (size_t i = 0; i < r->n; i++) {
		struct relay_channel *c = &r->channels[i];
		struct pollfd *p = &w->fds[2 + 2 * i];

		if (!(is_hung_up && c->is_pty_out))
			watch_from(r, c, w, p);
		if (c->to >= 0 && c->len > 0)
			p[1] = (struct pollfd){ .fd = c->to, .events = POLLOUT };
	}
}

/* True when the signal ends the relay. */
static bool take_signal(struct relay *r)
{
	struct error ignored = { 0 };
	int sig = term_signals_read(r->signalfd);

	switch (sig) {
	case 0:
		return false;
	case SIGCONT:
		if (r->term)
			term_raw_again(r->term);
		/* fall through */
	case SIGWINCH:
		if (r->resize)
			r->resize(r->arg);
		return false;
	default:
		break;
	}
	if (r->forwards > 0 && r->pidfd >= 0 && !r->is_draining) {
		r->forwards--;
		/* That it is gone is seen by its pidfd. */
		(void)proc_signal(r->pidfd, sig, &ignored);
		return false;
	}
	r->signal = sig;
	return true;
}

static void start_draining(struct relay *r)
{
	r->is_draining = true;
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].is_input)
			channel_close(&r->channels[i]);
}

static bool is_open(const struct relay *r, bool is_input)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].is_input == is_input && r->channels[i].to >= 0)
			return true;
	return false;
}

/* All that the ready descriptors ask for. *out_moved: something was read, written, or is still to
 * be written. True when the user leaves. */
static bool serve(struct relay *r, const struct round *w, bool *out_moved, bool *out_hung_up)
{
	bool has_left = false;

	*out_moved = *out_hung_up = false;
	for (size_t i = 0; i < r->n; i++) {
		struct relay_channel *c = &r->channels[i];
		const struct pollfd *p = &w->fds[2 + 2 * i];

		if (p[0].fd >= 0 && p[0].revents && c->from >= 0) {
			bool has_read = fill(r, c, &has_left);

			*out_moved |= has_read;
			*out_hung_up |= !has_read && c->is_pty_out && c->from >= 0;
		}
		if (has_left)
			return true;
		if (p[1].fd >= 0 && p[1].revents && c->to >= 0)
			*out_moved |= drain(r, c);
		*out_moved |= c->len > 0;
	}
	return false;
}

enum relay_end relay_run(struct relay *r)
{
	bool had_output = is_open(r, false);
	bool is_hung_up = false;

	for (;;) {
		struct round w;
		bool has_moved;

		watch(r, &w, is_hung_up);
		if (poll(w.fds, (nfds_t)(2 + 2 * r->n), w.timeout_ms) < 0 && errno != EINTR)
			return RELAY_UNREAD;
		if (w.fds[0].revents && take_signal(r))
			return RELAY_SIGNALLED;
		if (is_lingering(r) && lingers_ms(r) == 0)
			r->has_lingered = true;
		if (w.fds[1].revents || (is_lingering(r) && r->has_lingered))
			start_draining(r);
		if (serve(r, &w, &has_moved, &is_hung_up))
			return RELAY_LEFT;
		if (r->is_unread)
			return RELAY_UNREAD;
		if (r->is_draining && !has_moved && w.fds[1].revents == 0)
			return r->has_lingered ? RELAY_INPUT_ENDED : RELAY_ENDED;
		if (r->pidfd < 0 && had_output && !is_open(r, false))
			return RELAY_ENDED;
	}
}
