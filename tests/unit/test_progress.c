/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"

static void assert_bar(size_t done, size_t failed, size_t total, const char *want)
{
	AUTO_STR struct str bar = { 0 };

	progress_bar(&bar, done, failed, total, false);
	assert_string_equal(str_text(&bar), want);
}

static void the_bar_fills_with_what_is_done(void **state)
{
	(void)state;
	assert_bar(0, 0, 3, "[..............................] 0/3");
	assert_bar(1, 0, 3, "[##########....................] 1/3");
	assert_bar(3, 0, 3, "[##############################] 3/3");
	assert_bar(0, 0, 0, "[..............................] 0/0");
}

static void the_bar_counts_what_failed(void **state)
{
	(void)state;
	assert_bar(500, 2, 1000, "[###############...............] 500/1000, 2 failed");
}

static void only_failures_have_a_colour(void **state)
{
	AUTO_STR struct str bar = { 0 };

	(void)state;
	progress_bar(&bar, 1, 0, 1, true);
	assert_null(strchr(str_text(&bar), '\033'));
	progress_bar(&bar, 1, 1, 1, true);
	assert_non_null(strstr(str_text(&bar), "\033[31m1 failed\033[0m"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bar_fills_with_what_is_done),
		cmocka_unit_test(the_bar_counts_what_failed),
		cmocka_unit_test(only_failures_have_a_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
