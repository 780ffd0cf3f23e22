/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/utf8.h"

static void an_empty_string_reads_as_empty(void **state)
{
	AUTO_STR struct str s = { 0 };
	AUTO_FREE char *taken = NULL;

	(void)state;
	assert_string_equal(str_text(&s), "");
	taken = str_take(&s);
	assert_string_equal(taken, "");
}

static void pieces_add_up(void **state)
{
	AUTO_STR struct str s = { 0 };

	(void)state;
	str_add(&s, "one");
	str_addc(&s, ' ');
	str_addn(&s, "twothree", 3);
	str_addf(&s, " %d%s", 3, "!");
	str_addf(&s, "%s", "");
	assert_string_equal(str_text(&s), "one two 3!");
	assert_int_equal(s.len, 10);
}

static void a_long_string_grows(void **state)
{
	AUTO_STR struct str s = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		str_addf(&s, "%04d", i);
	assert_int_equal(s.len, 40000);
	assert_true(str_ends(str_text(&s), "99989999"));
}

static void taking_leaves_nothing(void **state)
{
	AUTO_STR struct str s = { 0 };
	AUTO_FREE char *taken = NULL;

	(void)state;
	str_add(&s, "x");
	taken = str_take(&s);
	assert_string_equal(taken, "x");
	assert_int_equal(s.len, 0);
	assert_string_equal(str_text(&s), "");
}

static void printable_escapes_all_but_plain_ascii(void **state)
{
	AUTO_STR struct str s = { 0 };

	(void)state;
	str_add_printable(&s, "a~ \\\x1b\0\xc3\xbc", 8);
	assert_string_equal(str_text(&s), "a~ \\x5c\\x1b\\x00\\xc3\\xbc");
}

static void beginnings_and_ends_are_found(void **state)
{
	(void)state;
	assert_true(str_starts("zone.json", "zone"));
	assert_false(str_starts("zo", "zone"));
	assert_true(str_starts("x", ""));
	assert_true(str_ends("zone.json", ".json"));
	assert_false(str_ends("json", ".json"));
	assert_true(str_ends("x", ""));
}

static void clean_text_is_valid_utf8_without_controls(void **state)
{
	static const char *const dirty[] = {
		"\n",		"\x7f",	    "a\x1b",	    "\xff",
		"\xc3",		"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe2\x80\xae", "\xc2\x85", "\xe0\x80\xaf", "\xf8\x88\x80\x80\x80",
	};

	(void)state;
	assert_true(str_is_clean(""));
	assert_true(str_is_clean("a b~ \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbd"));
	for (size_t i = 0; i < N_ROWS(dirty); i++)
		assert_false(str_is_clean(dirty[i]));
}

static void escaping_never_passes_its_room(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(utf8_escape(out, sizeof(out), "abcd\n", 5), 4);
	assert_string_equal(out, "abcd");
	assert_int_equal(utf8_escape(out, sizeof(out), "abc\n", 4), 7);
	assert_string_equal(out, "abc\\x0a");
	assert_int_equal(utf8_escape(out, sizeof(out), "abcdef\xc3\xbc", 8), 6);
	assert_string_equal(out, "abcdef");
}

static void shown_text_keeps_utf8_and_escapes_what_drives_a_terminal(void **state)
{
	AUTO_STR struct str s = { 0 };

	(void)state;
	str_add(&s, "> ");
	str_add_shown(&s, "a\\\x1b[\xc2\x9b\xe2\x80\xa6\xff\xe2\x80\xae", 13);
	assert_string_equal(str_text(&s), "> a\\\\x1b[\\xc2\\x9b\xe2\x80\xa6\\xff\\xe2\\x80\\xae");
	str_add_shown(&s, "", 0);
	assert_int_equal(s.len, strlen(str_text(&s)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_string_reads_as_empty),
		cmocka_unit_test(pieces_add_up),
		cmocka_unit_test(a_long_string_grows),
		cmocka_unit_test(taking_leaves_nothing),
		cmocka_unit_test(printable_escapes_all_but_plain_ascii),
		cmocka_unit_test(shown_text_keeps_utf8_and_escapes_what_drives_a_terminal),
		cmocka_unit_test(beginnings_and_ends_are_found),
		cmocka_unit_test(clean_text_is_valid_utf8_without_controls),
		cmocka_unit_test(escaping_never_passes_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
