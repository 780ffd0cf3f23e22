/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "cli/out.h"

void table_init(struct table *t, const struct table_column *columns, size_t n_columns)
{
	*t = (struct table){ .columns = columns, .n_columns = n_columns };
}

void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
		free(t->cells[i].text);
		strv_clear(&t->cells[i].list);
	}
	free(t->cells);
	*t = (struct table){ 0 };
}

static int find_column(const struct table *t, const char *name, size_t *out, struct error *err)
{
	AUTO_STR struct str all = { 0 };

	for (size_t i = 0; i < t->n_columns; i++) {
		if (strcmp(t->columns[i].name, name) == 0) {
			*out = i;
			return 0;
		}
		str_addf(&all, "%s%s", i ? "," : "", t->columns[i].name);
	}
	error_set(err, ERR_USAGE, "no column '%s'", name);
	return error_hint(err, "columns: %s", str_text(&all));
}

int table_choose(struct table *t, const char *names, struct error *err)
{
	AUTO_STRV char **list = NULL;
	size_t column;

	t->n_shown = 0;
	for (size_t i = 0; !names && i < t->n_columns; i++)
		if (t->columns[i].is_default)
			t->shown[t->n_shown++] = (unsigned char)i;
	if (!names)
		return 0;
	list = strv_split(names, ",");
	for (char **name = list; name && *name; name++) {
		if (find_column(t, *name, &column, err) < 0)
			return -1;
		if (t->n_shown < sizeof(t->shown))
			t->shown[t->n_shown++] = (unsigned char)column;
	}
	t->is_chosen = true;
	return 0;
}

bool table_shows(const struct table *t, const struct cli *cli, size_t column)
{
	if (cli->is_json && !t->is_chosen)
		return true;
	return memchr(t->shown, (int)column, t->n_shown);
}

struct table_cell *table_row(struct table *t)
{
	struct table_cell *row;

	if (t->n_rows == t->room) {
		t->room = t->room ? 2 * t->room : 32;
		t->cells = xreallocarray(t->cells, t->room, t->n_columns * sizeof(*t->cells));
	}
	row = t->cells + t->n_rows++ * t->n_columns;
	memset(row, 0, t->n_columns * sizeof(*row));
	return row;
}

void table_set_number(struct table_cell *cell, uint64_t number)
{
	cell->is_set = true;
	cell->number = number;
}

void table_set_text(struct table_cell *cell, const char *text)
{
	if (!text)
		return;
	cell->is_set = true;
	cell->text = xstrdup(text);
}

struct sort_key {
	size_t column;
	bool is_text, is_backward;
};

/* Rows are as wide as the table, so they are sorted through pointers; equal ones stay in order. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct table_cell *x = *(const struct table_cell *const *)a;
	const struct table_cell *y = *(const struct table_cell *const *)b;
	const struct sort_key *key = arg;
	const struct table_cell *p = x + key->column, *q = y + key->column;
	int order;

	if (key->is_text)
		order = strcmp(p->text ? p->text : "", q->text ? q->text : "");
	else
		order = (p->number > q->number) - (p->number < q->number);
	if (key->is_backward)
		order = -order;
	return order ? order : (x > y) - (x < y);
}

int table_sort(struct table *t, const char *name, struct error *err)
{
	AUTO_FREE struct table_cell **rows = xreallocarray(NULL, t->n_rows + 1, sizeof(*rows));
	struct table_cell *sorted;
	struct sort_key key = { 0 };

	if (!name)
		return 0;
	key.is_backward = name[0] == '-';
	if (find_column(t, name + key.is_backward, &key.column, err) < 0)
		return -1;
	key.is_text = t->columns[key.column].kind == TABLE_TEXT;
	for (size_t i = 0; i < t->n_rows; i++)
		rows[i] = t->cells + i * t->n_columns;
	qsort_r(rows, t->n_rows, sizeof(*rows), compare, &key);
	sorted = xreallocarray(NULL, t->room + 1, t->n_columns * sizeof(*sorted));
	for (size_t i = 0; i < t->n_rows; i++)
		memcpy(sorted + i * t->n_columns, rows[i], t->n_columns * sizeof(*sorted));
	free(t->cells);
	t->cells = sorted;
	return 0;
}

static void add_time(struct str *out, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (localtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) > 0)
		str_add(out, text);
}

static void add_text(struct str *out, enum table_kind kind, const struct table_cell *cell)
{
	char number[NUM_TEXT_MAX];
	AUTO_FREE char *joined = NULL;

	switch (kind) {
	case TABLE_TEXT:
		str_add_shown(out, cell->text, strlen(cell->text));
		return;
	case TABLE_LIST:
		joined = strv_join(cell->list, ",");
		str_add_shown(out, joined, strlen(joined));
		return;
	case TABLE_COUNT:
		str_addf(out, "%llu", (unsigned long long)cell->number);
		return;
	case TABLE_SIZE:
		str_add(out, num_size_human(cell->number, number));
		return;
	case TABLE_DURATION:
		str_add(out, num_duration_human(cell->number, number));
		return;
	case TABLE_MILLI:
		str_add(out, num_duration_human(cell->number / 1000, number));
		return;
	case TABLE_TIME:
		add_time(out, cell->number);
		return;
	case TABLE_BOOL:
		str_add(out, cell->number ? "yes" : "no");
		return;
	case TABLE_PERCENT:
		str_addf(out, "%.1f%%", (double)cell->number / 1000);
		return;
	}
}

static char *cell_text(enum table_kind kind, const struct table_cell *cell)
{
	struct str text = { 0 };

	if (cell->shown)
		return xstrdup(cell->shown);
	if (cell->is_set)
		add_text(&text, kind, cell);
	if (text.len == 0)
		str_addc(&text, '-');
	return str_take(&text);
}

static bool is_right(enum table_kind kind)
{
	return kind == TABLE_COUNT || kind == TABLE_SIZE || kind == TABLE_MILLI ||
	       kind == TABLE_DURATION || kind == TABLE_PERCENT;
}

/* Characters, as a terminal counts them. */
static size_t width_of(const char *text)
{
	size_t left = strlen(text), n = 0;
	uint32_t code;

	for (size_t step; left > 0; text += step, left -= step, n++) {
		step = *text & 0x80 ? utf8_next(text, left, &code) : 1;
		step = step ? step : 1;
	}
	return n;
}

/* Widths come from the texts themselves, so every text is made once, before the first line. */
static char **make_texts(const struct table *t, size_t *widths)
{
	char **texts = xreallocarray(NULL, t->n_rows * t->n_shown + 1, sizeof(*texts));

	for (size_t i = 0; i < t->n_rows * t->n_shown; i++) {
		size_t column = t->shown[i % t->n_shown];
		size_t len;

		texts[i] = cell_text(t->columns[column].kind,
				     &t->cells[i / t->n_shown * t->n_columns + column]);
		len = width_of(texts[i]);
		if (len > widths[i % t->n_shown])
			widths[i % t->n_shown] = len;
	}
	return texts;
}

static void add_spaces(struct str *out, size_t n)
{
	static const char spaces[] = "                                ";

	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1;
		str_addn(out, spaces, part);
	}
}

static void print_padded(struct table *t, struct cli *cli, size_t i, const char *text, size_t width)
{
	bool is_last = i + 1 == t->n_shown, right = is_right(t->columns[t->shown[i]].kind);
	size_t padding = width - width_of(text);

	if (right)
		add_spaces(&cli->out, padding);
	str_add(&cli->out, text);
	if (!right && !is_last)
		add_spaces(&cli->out, padding);
	str_add(&cli->out, is_last ? "\n" : "  ");
}

static void print_heading(struct table *t, struct cli *cli, const size_t *widths)
{
	if (cli->has_color)
		str_add(&cli->out, "\033[1m");
	for (size_t i = 0; i < t->n_shown; i++) {
		AUTO_FREE char *name = xstrdup(t->columns[t->shown[i]].name);

		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		print_padded(t, cli, i, name, widths[i]);
	}
	if (cli->has_color)
		str_add(&cli->out, "\033[0m");
}

static void print_text(struct table *t, struct cli *cli, bool has_heading)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };
	char **texts;

	for (size_t i = 0; has_heading && i < t->n_shown; i++)
		widths[i] = strlen(t->columns[t->shown[i]].name);
	texts = make_texts(t, widths);
	if (has_heading)
		print_heading(t, cli, widths);
	for (size_t i = 0; i < t->n_rows * t->n_shown; i++) {
		print_padded(t, cli, i % t->n_shown, texts[i], widths[i % t->n_shown]);
		free(texts[i]);
	}
	free(texts);
}

static void json_cell(struct json_out *o, const struct table_column *c,
		      const struct table_cell *cell)
{
	if (!cell->is_set && c->kind != TABLE_LIST) {
		json_out_null(o, c->key);
		return;
	}
	switch (c->kind) {
	case TABLE_TEXT:
		json_out_str(o, c->key, cell->text);
		return;
	case TABLE_LIST:
		json_out_strv(o, c->key, cell->list);
		return;
	case TABLE_MILLI:
	case TABLE_PERCENT:
		json_out_milli(o, c->key, cell->number);
		return;
	case TABLE_BOOL:
		json_out_bool(o, c->key, cell->number);
		return;
	case TABLE_COUNT:
	case TABLE_SIZE:
	case TABLE_DURATION:
	case TABLE_TIME:
		json_out_u64(o, c->key, cell->number);
		return;
	}
}

static void json_row(const struct table *t, struct cli *cli, size_t row)
{
	json_out_object(&cli->json, NULL);
	for (size_t i = 0; i < t->n_columns; i++)
		if (table_shows(t, cli, i))
			json_cell(&cli->json, &t->columns[i], &t->cells[row * t->n_columns + i]);
	json_out_end_object(&cli->json);
}

static void print_json(const struct table *t, struct cli *cli)
{
	json_out_array(&cli->json, NULL);
	for (size_t row = 0; row < t->n_rows; row++)
		json_row(t, cli, row);
	json_out_end_array(&cli->json);
}

void table_print_lines(const struct table *t, struct cli *cli)
{
	cli->json.compact = true;
	for (size_t row = 0; row < t->n_rows; row++) {
		json_row(t, cli, row);
		str_addf(&cli->out, "%s\n", str_text(&cli->json.text));
		json_out_clear(&cli->json);
		cli->json.compact = true;
	}
}

void table_print(struct table *t, struct cli *cli, bool has_heading)
{
	if (cli->is_json)
		print_json(t, cli);
	else
		print_text(t, cli, has_heading);
}
