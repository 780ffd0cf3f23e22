/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/*
 * Rows in columns, or --json of the same rows. A column says what its cells are;
 * how they look follows from that: sizes and times for people in the text,
 * plain numbers in JSON. A cell that was never filled is "-" and null.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/verb.h"

enum { TABLE_COLUMNS_MAX = 96 };

enum table_kind {
	TABLE_TEXT, TABLE_LIST, TABLE_COUNT, TABLE_SIZE, TABLE_DURATION, TABLE_MILLI, TABLE_TIME,
	TABLE_BOOL, TABLE_PERCENT,
};

struct table_column {
	const char *name;		/* for -o and -s, and in capitals the heading */
	const char *key;		/* in JSON, "memory_bytes" */
	enum table_kind kind;
	bool is_default;		/* shown without -o */
};

struct table_cell {
	bool is_set;
	/* Seconds for TABLE_DURATION and TABLE_TIME, thousandths for _MILLI and _PERCENT. */
	uint64_t number;
	char *text;			/* TABLE_TEXT; owned */
	char **list;			/* TABLE_LIST; owned */
	const char *shown;		/* stands in the text instead; borrowed, or NULL */
};

struct table {
	const struct table_column *columns;	/* borrowed */
	size_t n_columns;
	struct table_cell *cells;	/* owned, n_rows * n_columns */
	size_t n_rows, room;
	unsigned char shown[TABLE_COLUMNS_MAX];	/* columns in order */
	size_t n_shown;
	bool is_chosen;			/* by -o */
};

#define AUTO_TABLE __attribute__((cleanup(table_clear)))

void table_init(struct table *t, const struct table_column *columns, size_t n_columns);
void table_clear(struct table *t);
/* Columns from "name,state" (-o), or the default ones for NULL. ERR_USAGE names all there are. */
int table_choose(struct table *t, const char *names, struct error *err);
/* True if column i is shown; with --json and no -o all are. */
bool table_shows(const struct table *t, const struct cli *cli, size_t column);
/* A new row; the cells are n_columns in the order of the table, valid until the next row. */
struct table_cell *table_row(struct table *t);
void table_set_number(struct table_cell *cell, uint64_t number);
/* A copy of text; NULL leaves the cell unset. */
void table_set_text(struct table_cell *cell, const char *text);
/* By the column name, "-name" backward; NULL: as they came. */
int table_sort(struct table *t, const char *name, struct error *err);
/* Prints it, or with --json an array of objects. */
void table_print(struct table *t, struct cli *cli, bool has_heading);
/* As JSON objects, one a line: of a stream that goes on. */
void table_print_lines(const struct table *t, struct cli *cli);

#endif
