/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/names.h"

static void expect(const char *pattern, const char *joined)
{
	AUTO_STRV char **words = NULL;
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	assert_int_equal(names_braces(pattern, &words, &err), 0);
	text = strv_join(words, " ");
	assert_string_equal(text, joined);
}

static void expect_fault(const char *pattern)
{
	char **words = NULL;
	struct error err = { 0 };

	assert_int_equal(names_braces(pattern, &words, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(words);
}

static void a_word_without_braces_stays(void **state)
{
	(void)state;
	expect("web1", "web1");
	expect("web*", "web*");
}

static void a_range_counts_up_and_down(void **state)
{
	(void)state;
	expect("web{1..3}", "web1 web2 web3");
	expect("{3..1}", "3 2 1");
	expect("a{5..5}b", "a5b");
}

static void a_leading_zero_sets_the_width(void **state)
{
	(void)state;
	expect("web{008..011}", "web008 web009 web010 web011");
	expect("{1..03}", "01 02 03");
}

static void lists_nest_and_multiply(void **state)
{
	(void)state;
	expect("{a,b}-{1..2}", "a-1 a-2 b-1 b-2");
	expect("x{a,b{1..2}}", "xa xb1 xb2");
	expect("x{,y}", "x xy");
}

static void a_range_may_have_a_step(void **state)
{
	(void)state;
	expect("{0..9..3}", "0 3 6 9");
	expect("{9..0..4}", "9 5 1");
	expect("w{05..20..5}", "w05 w10 w15 w20");
	expect("{1..4294967295..4294967294}", "1 4294967295");
	expect("{3..3..7}", "3");
}

static void a_range_in_a_list_counts(void **state)
{
	(void)state;
	expect("web{001..003,014}", "web001 web002 web003 web014");
	expect("{a,1..2}-{3..4,b}", "a-3 a-4 a-b 1-3 1-4 1-b 2-3 2-4 2-b");
	expect("{a..c,d}", "a..c d");
}

static void braces_that_do_not_match_are_refused(void **state)
{
	static const char *const bad[] = {
		"web{1..3", "web}", "web{}", "web{a}", "{1..}", "{..3}", "{1...3}", "{-1..3}",
		"{a..c}", "a{b,c}}", "{1..9..0}", "{1..9..}", "{1..2..3..4}",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++)
		expect_fault(bad[i]);
}

static void a_pattern_of_too_many_names_ends(void **state)
{
	(void)state;
	expect_fault("{1..4000000000}");
	expect_fault("{1..1000}{1..1000}");
	expect_fault("{{{{{{{{{{{{{{{{{{{{{{a,b},c},c},c},c},c},c},c},c},c},c},c},c},c},c},c},c},"
		     "c},c},c},c},c}");
}

static void names_to_be_made_are_checked_and_none_comes_twice(void **state)
{
	char *const patterns[] = { "web2", "web{1..3}", "web1", NULL };
	char *const bad[] = { "web{1..2}", "Web3", NULL };
	AUTO_STRV char **words = NULL;
	AUTO_FREE char *text = NULL;
	char **none = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(names_new(patterns, &words, &err), 0);
	text = strv_join(words, " ");
	assert_string_equal(text, "web2 web1 web3");
	assert_int_equal(names_new(bad, &none, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(none);
}

static void a_glob_is_no_name_to_be_made(void **state)
{
	char *const patterns[] = { "web*", NULL };
	char **words = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(names_new(patterns, &words, &err), -1);
	assert_null(words);
}

static void a_plain_name_is_told_from_a_pattern(void **state)
{
	static const char *const patterns[] = { "web*", "web?", "[a-c]1", "{a,b}", "@blue" };

	(void)state;
	assert_true(names_is_plain("web-1.a_b"));
	for (size_t i = 0; i < N_ROWS(patterns); i++)
		assert_false(names_is_plain(patterns[i]));
	assert_true(names_match("web*", "web12"));
	assert_false(names_match("web?", "web12"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_without_braces_stays),
		cmocka_unit_test(a_range_counts_up_and_down),
		cmocka_unit_test(a_leading_zero_sets_the_width),
		cmocka_unit_test(lists_nest_and_multiply),
		cmocka_unit_test(a_range_may_have_a_step),
		cmocka_unit_test(a_range_in_a_list_counts),
		cmocka_unit_test(braces_that_do_not_match_are_refused),
		cmocka_unit_test(a_pattern_of_too_many_names_ends),
		cmocka_unit_test(names_to_be_made_are_checked_and_none_comes_twice),
		cmocka_unit_test(a_glob_is_no_name_to_be_made),
		cmocka_unit_test(a_plain_name_is_told_from_a_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
