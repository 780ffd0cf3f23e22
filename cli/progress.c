/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/utf8.h"

enum { BAR_WIDTH = 30, COLUMNS = 80 };

/* To the first column, and nothing behind it (ECMA-48, EL). */
#define CLEAR_LINE "\r\033[K"

static void draw(const struct str *line)
{
	struct error ignored = { 0 };

	/* A terminal that went away sees no progress. */
	(void)fd_write_all(STDERR_FILENO, str_text(line), line->len, &ignored);
}

void progress_bar(struct str *out, size_t done, size_t failed, size_t total, bool has_color)
{
	size_t filled = total ? BAR_WIDTH * done / total : 0;

	str_addc(out, '[');
	for (size_t i = 0; i < BAR_WIDTH; i++)
		str_addc(out, i < filled ? '#' : '.');
	str_addf(out, "] %zu/%zu", done, total);
	if (failed > 0)
		str_addf(out, ", %s%zu failed%s", has_color ? "\033[31m" : "", failed,
			 has_color ? "\033[0m" : "");
}

void progress_count(const struct progress *p, size_t done, size_t failed, size_t total)
{
	AUTO_STR struct str line = { 0 };

	if (!p->is_on)
		return;
	str_add(&line, CLEAR_LINE);
	progress_bar(&line, done, failed, total, p->has_color);
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
