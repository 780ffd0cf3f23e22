/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strv.h"
#include "cli/table_share.h"

enum { MANY = 2000 };

static const struct table_column columns[] = {
	{ "name", "name", TABLE_TEXT, true },
	{ "words", "words", TABLE_LIST, true },
	{ "number", "number", TABLE_COUNT, true },
};

static pid_t test_pid;

static char **make_names(size_t n)
{
	char **names = NULL;

	for (size_t i = 0; i < n; i++)
		strv_addf(&names, "zone%zu", i);
	return names;
}

static void add_row(struct table *t, const char *name)
{
	struct table_cell *row = table_row(t);

	table_set_text(&row[0], name);
	strv_add(&row[1].list, "a");
	strv_add(&row[1].list, name);
	row[1].is_set = true;
	table_set_number(&row[2], strtoull(name + strlen("zone"), NULL, 10));
}

static size_t fill_all(struct cli *cli, struct table *t, char *const *names, size_t n)
{
	(void)cli;
	for (size_t i = 0; i < n; i++)
		add_row(t, names[i]);
	return 0;
}

/* Every third has no row, and every hundredth fails. */
static size_t fill_some(struct cli *cli, struct table *t, char *const *names, size_t n)
{
	size_t failed = 0;

	(void)cli;
	for (size_t i = 0; i < n; i++) {
		unsigned long number = strtoul(names[i] + strlen("zone"), NULL, 10);

		if (number % 3 != 0)
			add_row(t, names[i]);
		failed += number % 100 == 0;
	}
	return failed;
}

/* A worker dies of its first part. */
static size_t fill_dying(struct cli *cli, struct table *t, char *const *names, size_t n)
{
	if (getpid() != test_pid)
		_exit(1);
	return fill_all(cli, t, names, n);
}

static void check_rows(const struct table *t, size_t n, bool is_wanted(size_t))
{
	size_t row = 0;

	for (size_t i = 0; i < n; i++) {
		const struct table_cell *cells = t->cells + row * t->n_columns;

		if (!is_wanted(i))
			continue;
		assert_true(row++ < t->n_rows);
		assert_true(cells[2].is_set);
		assert_int_equal(cells[2].number, i);
		assert_int_equal(strtoul(cells[0].text + strlen("zone"), NULL, 10), i);
		assert_int_equal(strv_len(cells[1].list), 2);
		assert_string_equal(cells[1].list[1], cells[0].text);
	}
	assert_int_equal(row, t->n_rows);
}

static bool is_any(size_t i)
{
	(void)i;
	return true;
}

static bool is_no_third(size_t i)
{
	return i % 3 != 0;
}

static void share(size_t n, table_fill *fill, size_t failed, bool is_wanted(size_t))
{
	AUTO_TABLE struct table t = { 0 };
	struct cli cli = { 0 };
	char **names = make_names(n);

	test_pid = getpid();
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	assert_int_equal(table_share(&cli, &t, names, fill), failed);
	check_rows(&t, n, is_wanted);
	strv_clear(&names);
}

static void rows_are_in_the_order_of_the_names_whoever_made_them(void **state)
{
	(void)state;
	share(1, fill_all, 0, is_any);
	share(255, fill_all, 0, is_any);
	share(256, fill_all, 0, is_any);
	share(MANY, fill_all, 0, is_any);
	share(MANY + 1, fill_all, 0, is_any);
}

static void names_without_a_row_leave_no_gap_and_failures_are_counted(void **state)
{
	(void)state;
	share(MANY, fill_some, MANY / 100, is_no_third);
	share(100, fill_some, 1, is_no_third);
}

static void what_a_dead_worker_left_undone_is_done_by_the_caller(void **state)
{
	(void)state;
	share(MANY, fill_dying, 0, is_any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_in_the_order_of_the_names_whoever_made_them),
		cmocka_unit_test(names_without_a_row_leave_no_gap_and_failures_are_counted),
		cmocka_unit_test(what_a_dead_worker_left_undone_is_done_by_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
