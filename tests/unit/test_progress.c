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

	progress_bar(&bar, &(struct progress_state){ done, failed, total, 999 }, false);
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
	progress_bar(&bar, &(struct progress_state){ 1, 0, 1, 0 }, true);
	assert_null(strchr(str_text(&bar), '\033'));
	progress_bar(&bar, &(struct progress_state){ 1, 1, 1, 0 }, true);
	assert_non_null(strstr(str_text(&bar), "\033[31m1 failed\033[0m"));
}

static void assert_ends(size_t done, size_t total, int64_t ms, const char *want)
{
	AUTO_STR struct str bar = { 0 };

	progress_bar(&bar, &(struct progress_state){ done, 0, total, ms }, false);
	assert_string_equal(strchr(str_text(&bar), ']') + 2, want);
}

static void rate_and_time_left_are_told_once_they_mean_something(void **state)
{
	(void)state;
	assert_ends(40, 500, 999, "40/500");
	assert_ends(40, 500, 2000, "40/500, 20/s, 23s left");
	assert_ends(3, 10, 2000, "3/10, 1.5/s, 4s left");
	assert_ends(0, 10, 60000, "0/10");
	assert_ends(10, 10, 5000, "10/10, 2.0/s");
	assert_ends(1, 100, 1000, "1/100, 1.0/s, 1m39s left");
	assert_ends(1, 10000, 1000, "1/10000, 1.0/s, 2h46m left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bar_fills_with_what_is_done),
		cmocka_unit_test(the_bar_counts_what_failed),
		cmocka_unit_test(only_failures_have_a_colour),
		cmocka_unit_test(rate_and_time_left_are_told_once_they_mean_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
