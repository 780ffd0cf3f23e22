/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/utf8.h"

enum {
	BAR_WIDTH = 30, COLUMNS = 80,
	DRAW_MS = 50,
	RATE_FROM_MS = 1000,		/* a rate of less time is chance */
};

/* To the first column, and nothing behind it (ECMA-48, EL). */
#define CLEAR_LINE "\r\033[K"

static void draw(const struct str *line)
{
	struct error ignored = { 0 };

	/* A terminal that went away sees no progress. */
	(void)fd_write_all(STDERR_FILENO, str_text(line), line->len, &ignored);
}

static void add_time(struct str *out, uint64_t s)
{
	if (s < 60)
		str_addf(out, "%" PRIu64 "s", s);
	else if (s < 3600)
		str_addf(out, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		str_addf(out, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s % 3600 / 60);
}

static void add_rate(struct str *out, const struct progress_state *state)
{
	uint64_t ms = (uint64_t)state->ms, tenths = state->done * 10000 / ms;

	if (tenths < 100)
		str_addf(out, ", %" PRIu64 ".%" PRIu64 "/s", tenths / 10, tenths % 10);
	else
		str_addf(out, ", %" PRIu64 "/s", tenths / 10);
	if (state->done == state->total)
		return;
	str_add(out, ", ");
	add_time(out, (state->total - state->done) * ms / state->done / 1000);
	str_add(out, " left");
}

void progress_bar(struct str *out, const struct progress_state *state, bool has_color)
{
	size_t filled = state->total ? BAR_WIDTH * state->done / state->total : 0;

	str_addc(out, '[');
	for (size_t i = 0; i < BAR_WIDTH; i++)
		str_addc(out, i < filled ? '#' : '.');
	str_addf(out, "] %zu/%zu", state->done, state->total);
	if (state->failed > 0)
		str_addf(out, ", %s%zu failed%s", has_color ? "\033[31m" : "", state->failed,
			 has_color ? "\033[0m" : "");
	if (state->done > 0 && state->ms >= RATE_FROM_MS)
		add_rate(out, state);
}

void progress_count(struct progress *p, struct progress_state state)
{
	AUTO_STR struct str line = { 0 };
	int64_t now = clock_ms();

	if (!p->is_on || (p->drawn_ms > 0 && now - p->drawn_ms < DRAW_MS))
		return;
	if (p->began_ms == 0)
		p->began_ms = now;
	p->drawn_ms = now;
	state.ms = now - p->began_ms;
	str_add(&line, CLEAR_LINE);
	progress_bar(&line, &state, p->has_color);
	draw(&line);
}

/* A line that wraps could not be drawn over. */
static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS;
	return size.ws_col;
}

/* The length of what fits into so many columns. */
static size_t cut(const struct str *line, size_t room)
{
	size_t len = 0;
	uint32_t code;

	while (len < line->len && room-- > 0) {
		size_t step = utf8_next(str_text(line) + len, line->len - len, &code);

		len += step ? step : 1;
	}
	return len;
}

void progress_stage(const struct progress *p, const char *what, const char *stage, size_t n)
{
	AUTO_STR struct str text = { 0 };
	AUTO_STR struct str line = { 0 };

	if (!p->is_on)
		return;
	str_addf(&text, "%s: ", what);
	str_add_shown(&text, stage, n);
	str_add(&line, CLEAR_LINE);
	str_addn(&line, str_text(&text), cut(&text, columns() - 1));
	draw(&line);
}

void progress_clear(const struct progress *p)
{
	AUTO_STR struct str line = { 0 };

	if (!p->is_on)
		return;
	str_add(&line, CLEAR_LINE);
	draw(&line);
}
