/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/top_view.h"

#include <curses.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

enum {
	NAME_MIN = 16, NAME_MAX_WIDTH = 40, SPARK = 8, TEXT_MAX = 128, ESCAPE_MS = 25,
	/* Rows that are not of the list: title, totals, heading; keys. */
	ABOVE = 3, BELOW = 1, SPACIOUS = 8,
};

enum paint { PLAIN, GOOD, WARNING, BAD, QUIET, PAINTS };

static const short paint_colors[PAINTS] = {
	[GOOD] = COLOR_GREEN, [WARNING] = COLOR_YELLOW, [BAD] = COLOR_RED, [QUIET] = COLOR_CYAN,
};

/* What ncurses has one of, so do we. */
static struct {
	SCREEN *screen;
	bool has_color, is_utf8;
} view;

static attr_t attribute(enum paint paint)
{
	if (paint == PLAIN || !view.has_color)
		return A_NORMAL;
	return (attr_t)COLOR_PAIR(paint);
}

struct cell {
	char text[TEXT_MAX];
	enum paint paint;
};

static char *size_or_dash(uint64_t bytes, char buf[NUM_TEXT_MAX])
{
	return bytes == TOP_UNKNOWN ? strcpy(buf, "-") : num_size_human(bytes, buf);
}

static void put_size(struct cell *c, uint64_t bytes)
{
	char text[NUM_TEXT_MAX];

	snprintf(c->text, sizeof(c->text), "%s", size_or_dash(bytes, text));
}

static enum paint paint_part(uint64_t part, uint64_t whole)
{
	if (whole == TOP_UNKNOWN || part == TOP_UNKNOWN)
		return PLAIN;
	if (part >= whole - whole / 10)
		return BAD;
	return part >= whole - whole / 4 ? WARNING : GOOD;
}

static void put_state(struct cell *c, const struct top_zone *z)
{
	static const struct {
		char letter;
		enum paint paint;
	} looks[ZONE_STATES] = {
		[ZONE_READY] = { 'r', QUIET }, [ZONE_RUNNING] = { 'R', PLAIN },
		[ZONE_FROZEN] = { 'F', QUIET }, [ZONE_SHUTTING_DOWN] = { 'S', WARNING },
	};
	char letter = looks[z->now.state].letter;

	snprintf(c->text, sizeof(c->text), "%c", letter ? letter : '?');
	c->paint = looks[z->now.state].paint;
}

static void put_cpu(struct cell *c, const struct top_zone *z)
{
	if (z->n_history == 0)
		strcpy(c->text, "-");
	else
		snprintf(c->text, sizeof(c->text), "%llu.%llu",
			 (unsigned long long)z->cpu_permille / 10,
			 (unsigned long long)z->cpu_permille % 10);
}

static void put_spark(struct cell *c, const uint64_t *history, size_t n, uint64_t scale)
{
	static const char *const blocks[] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const marks[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };
	unsigned char levels[SPARK];
	char *end = c->text;

	top_spark(history, n, scale, N_ROWS(blocks) - 1, levels, SPARK);
	for (size_t i = 0; i < SPARK; i++)
		end = stpcpy(end, (view.is_utf8 ? blocks : marks)[levels[i]]);
}

/* The top of the picture is one processor, or more when it had more. */
static void put_cpu_spark(struct cell *c, const struct top_zone *z)
{
	uint64_t scale = top_scale(z->cpu_history, z->n_history, 1000);

	put_spark(c, z->cpu_history, z->n_history, scale);
	c->paint = paint_part(z->cpu_permille, scale);
}

static void put_memory(struct cell *c, const struct top_zone *z)
{
	put_size(c, z->now.memory);
	c->paint = paint_part(z->now.memory, z->now.memory_limit);
}

static void put_limit(struct cell *c, const struct top_zone *z)
{
	put_size(c, z->now.memory_limit);
}

/* The top is the limit; without one, the most that there was. */
static void put_memory_spark(struct cell *c, const struct top_zone *z)
{
	uint64_t limit = z->now.memory_limit;
	uint64_t scale = limit == TOP_UNKNOWN ? top_scale(z->memory_history, z->n_history, 1)
					      : limit;

	put_spark(c, z->memory_history, z->n_history, scale);
	c->paint = limit == TOP_UNKNOWN ? GOOD : paint_part(z->now.memory, limit);
}

static void put_pids(struct cell *c, const struct top_zone *z)
{
	if (z->now.pids == TOP_UNKNOWN)
		strcpy(c->text, "-");
	else
		snprintf(c->text, sizeof(c->text), "%llu", (unsigned long long)z->now.pids);
}

static void put_io(struct cell *c, const struct top_zone *z)
{
	put_size(c, z->n_history == 0 ? TOP_UNKNOWN : z->io_rate);
}

static void put_net(struct cell *c, const struct top_zone *z)
{
	put_size(c, z->n_history == 0 || z->now.net == TOP_UNKNOWN ? TOP_UNKNOWN : z->net_rate);
}

static void put_uptime(struct cell *c, const struct top_zone *z)
{
	char text[NUM_TEXT_MAX];

	num_duration_human((z->now.at_usec - z->now.started_usec) / 1000000, text);
	snprintf(c->text, sizeof(c->text), "%s", text);
}

/* Beside the name, which has the rest of the width. A column stands there as long as all that are
 * wanted more leave room. */
/* clang-format off */
static const struct column {
	const char *heading;
	int width;
	unsigned int rank;		/* 1: wanted most */
	enum top_order order;		/* whose heading is marked; TOP_ORDERS: none */
	bool is_left;
	void (*put)(struct cell *c, const struct top_zone *z);
} columns[] = {
	/* heading   width  rank  order          left   put */
	{ "S",       1,     3,    TOP_ORDERS,    true,  put_state },
	{ "CPU%",    6,     1,    TOP_BY_CPU,    false, put_cpu },
	{ "",        SPARK, 4,    TOP_ORDERS,    true,  put_cpu_spark },
	{ "MEMORY",  6,     2,    TOP_BY_MEMORY, false, put_memory },
	{ "OF",      5,     7,    TOP_ORDERS,    false, put_limit },
	{ "",        SPARK, 5,    TOP_ORDERS,    true,  put_memory_spark },
	{ "PIDS",    5,     6,    TOP_BY_PIDS,   false, put_pids },
	{ "IO/s",    5,     8,    TOP_BY_IO,     false, put_io },
	{ "NET/s",   5,     9,    TOP_BY_NET,    false, put_net },
	{ "UP",      6,     10,   TOP_ORDERS,    false, put_uptime },
};
/* clang-format on */

/* Writes into a line, never beyond its end. Everything but the sparklines is ASCII. */
static void print_at(int y, int x, int width, bool is_left, const char *text)
{
	if (x + width > COLS)
		width = COLS - x;
	if (width <= 0 || y >= LINES)
		return;
	mvprintw(y, x, is_left ? "%-*.*s" : "%*.*s", width, width, text);
}

static bool has_room(const struct column *c, int width)
{
	int needed = NAME_MIN;

	for (size_t i = 0; i < N_ROWS(columns); i++)
		if (columns[i].rank <= c->rank)
			needed += 1 + columns[i].width;
	return needed <= width;
}

static int name_width(void)
{
	int width = COLS;

	for (size_t i = 0; i < N_ROWS(columns); i++)
		if (has_room(&columns[i], COLS))
			width -= 1 + columns[i].width;
	return width < NAME_MAX_WIDTH ? width : NAME_MAX_WIDTH;
}

static void draw_cell(const struct column *c, int y, int x, const struct top_zone *z, attr_t base)
{
	struct cell cell = { .paint = PLAIN };

	c->put(&cell, z);
	/* A chosen line is one bar; colours would break it. */
	attrset(base ? base : attribute(cell.paint));
	if (c->is_left)
		mvaddstr(y, x, cell.text);
	else
		print_at(y, x, c->width, false, cell.text);
}

static void draw_zone(int y, const struct top_zone *z, bool is_chosen)
{
	attr_t base = is_chosen ? A_REVERSE : A_NORMAL;
	int x = name_width();

	attrset(base);
	mvhline(y, 0, ' ' | base, COLS);
	print_at(y, 0, x, true, z->now.name);
	for (size_t i = 0; i < N_ROWS(columns); i++) {
		if (!has_room(&columns[i], COLS))
			continue;
		draw_cell(&columns[i], y, x + 1, z, base);
		x += 1 + columns[i].width;
	}
	attrset(A_NORMAL);
}

static void draw_heading(int y, const struct top_model *m)
{
	int x = name_width();

	attrset(A_BOLD);
	mvhline(y, 0, ' ', COLS);
	attrset(A_BOLD | (m->order == TOP_BY_NAME ? A_UNDERLINE : 0));
	mvaddstr(y, 0, "NAME");
	for (size_t i = 0; i < N_ROWS(columns); i++) {
		const struct column *c = &columns[i];
		int len = (int)strlen(c->heading);

		if (!has_room(c, COLS))
			continue;
		attrset(A_BOLD | (c->order == m->order ? A_UNDERLINE : 0));
		mvaddstr(y, x + 1 + (c->is_left ? 0 : c->width - len), c->heading);
		x += 1 + c->width;
	}
	attrset(A_NORMAL);
}

static void draw_title(const struct top_model *m, const struct top_frame *f)
{
	struct top_totals t = top_model_totals(m);
	char used[NUM_TEXT_MAX], all[NUM_TEXT_MAX], clock[16] = "", text[2 * TEXT_MAX];
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%T", &tm);
	snprintf(text, sizeof(text),
		 "%s  %zu %s, %zu frozen   cpu %llu%% of %u%%   memory %s of %s%s%s", clock,
		 t.zones, t.zones == 1 ? "zone" : "zones", t.frozen,
		 (unsigned long long)(t.cpu_permille + 5) / 10, f->processors * 100,
		 num_size_human(t.memory, used), num_size_human(f->memory, all),
		 *f->title ? "   " : "", f->title);
	attrset(A_BOLD);
	print_at(0, 0, COLS, true, text);
	attrset(A_NORMAL);
}

static void draw_message(const struct top_model *m, const struct top_frame *f)
{
	char text[2 * TEXT_MAX];

	if (f->message)
		snprintf(text, sizeof(text), "%s", f->message);
	else if (f->is_typing || *m->filter)
		snprintf(text, sizeof(text), "names with: %s%s   (%zu of %zu)", m->filter,
			 f->is_typing ? "_" : "", m->n_shown, m->n_zones);
	else
		snprintf(text, sizeof(text), "by %s%s", top_order_name(m->order),
			 m->is_reversed ? ", backward" : "");
	attrset(f->message ? attribute(WARNING) : A_NORMAL);
	print_at(1, 0, COLS, true, text);
	attrset(A_NORMAL);
}

/* ROWS that tell of the keys, as many as there is room for. */
static void draw_help(const struct top_frame *f)
{
	int y = LINES >= SPACIOUS ? ABOVE - 1 : 0;

	for (const struct top_help *h = f->help; h->key && y < LINES; h++, y++) {
		attrset(A_BOLD);
		print_at(y, 2, 12, true, h->key);
		attrset(A_NORMAL);
		print_at(y, 15, COLS - 15, true, h->text);
	}
}

static void draw_list(const struct top_model *m, int from)
{
	if (m->n_shown == 0)
		print_at(from, 0, COLS, true,
			 m->n_zones == 0 ? "no zone is running" : "no name has that in it");
	for (size_t i = 0; i < m->height && m->first + i < m->n_shown; i++)
		draw_zone(from + (int)i, &m->zones[m->shown[m->first + i]],
			  m->first + i == m->cursor);
}

void top_view_draw(const struct top_model *m, const struct top_frame *frame)
{
	bool is_spacious = LINES >= SPACIOUS;

	erase();
	if (is_spacious) {
		draw_title(m, frame);
		draw_message(m, frame);
		attrset(A_DIM);
		print_at(LINES - 1, 0, COLS, true, frame->has_help ? frame->leave : frame->keys);
		attrset(A_NORMAL);
	}
	if (frame->has_help) {
		draw_help(frame);
	} else {
		draw_heading(is_spacious ? ABOVE - 1 : 0, m);
		draw_list(m, is_spacious ? ABOVE : 1);
	}
	/* Where there is no room for it otherwise, it must still be seen. */
	if (!is_spacious && frame->message)
		print_at(0, 0, COLS, true, frame->message);
	refresh();
}

void top_view_resize(struct top_model *m)
{
	struct winsize size;
	int around;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	around = LINES >= SPACIOUS ? ABOVE + BELOW : 1;
	top_model_resize(m, LINES > around ? (size_t)(LINES - around) : 1);
	clearok(stdscr, TRUE);
}

static void init_colors(bool is_wanted)
{
	view.has_color = is_wanted && has_colors() && start_color() == OK;
	if (!view.has_color)
		return;
	use_default_colors();
	for (short i = GOOD; i < PAINTS; i++)
		init_pair(i, paint_colors[i], -1);
}

int top_view_open(bool has_color, struct error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, ERR_USAGE, "needs a terminal");
		return error_hint(err, "try: zonectl stat");
	}
	view.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	view.screen = term && *term ? newterm(NULL, stdout, stdin) : NULL;
	if (!view.screen) {
		error_set(err, ERR_UNSUPPORTED, "nothing is known of the terminal type '%.32s'",
			  term ? term : "");
		return error_hint(err, "try: TERM=xterm zonectl top, or zonectl stat");
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	(void)curs_set(0);	/* some terminals can't */
	init_colors(has_color);
	return 0;
}

void top_view_close(void)
{
	if (!view.screen)
		return;
	endwin();
	delscreen(view.screen);
	view.screen = NULL;
}

void top_view_suspend(void)
{
	def_prog_mode();
	endwin();
}

void top_view_resume(void)
{
	reset_prog_mode();
	clearok(stdscr, TRUE);
	refresh();
}

int top_view_key(void)
{
	/* clang-format off */
	static const struct {
		int code, key;
	} keys[] = {
		{ KEY_UP,        TOP_KEY_UP },        { KEY_DOWN,  TOP_KEY_DOWN },
		{ KEY_PPAGE,     TOP_KEY_PAGE_UP },   { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME,      TOP_KEY_HOME },      { KEY_END,   TOP_KEY_END },
		{ KEY_ENTER,     TOP_KEY_ENTER },     { '\r',      TOP_KEY_ENTER },
		{ '\n',          TOP_KEY_ENTER },     { '\b',      TOP_KEY_BACK },
		{ KEY_BACKSPACE, TOP_KEY_BACK },      { 127,       TOP_KEY_BACK },
		{ 27,            TOP_KEY_ESCAPE },
	};
	/* clang-format on */
	int code = getch();

	for (size_t i = 0; i < N_ROWS(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	/* What is left of the terminal's own keys is none of ours. */
	return code > 0 && code < 127 ? code : TOP_KEY_NONE;
}
