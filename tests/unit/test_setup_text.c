/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runtime/setup_text.h"

#define BEGIN "# zonectl: begin (rewritten when the zone's properties change)\n"
#define END "# zonectl: end\n"

static void assert_text(char *text, const char *expected)
{
	AUTO_FREE char *owned = text;

	if (!expected) {
		assert_null(owned);
		return;
	}
	assert_non_null(owned);
	assert_string_equal(owned, expected);
}

static void our_block_comes_last_the_first_time(void **state)
{
	(void)state;
	assert_text(setup_text_block("", "x\n"), BEGIN "x\n" END);
	assert_text(setup_text_block("a\nb\n", "x\n"), "a\nb\n" BEGIN "x\n" END);
	assert_text(setup_text_block("no newline", "x\n"), "no newline\n" BEGIN "x\n" END);
}

static void our_block_is_replaced_where_it_stands(void **state)
{
	(void)state;
	assert_text(setup_text_block("a\n" BEGIN "old\nolder\n" END "b\n", "x\ny\n"),
		    "a\n" BEGIN "x\ny\n" END "b\n");
	assert_text(setup_text_block("a\n" BEGIN "old\n" END "b\n", ""), "a\nb\n");
	assert_text(setup_text_block("a\n", ""), "a\n");
}

static void a_block_that_was_copied_is_one_again(void **state)
{
	(void)state;
	assert_text(setup_text_block(BEGIN "1\n" END "a\n" BEGIN "2\n" END, "x\n"),
		    BEGIN "x\n" END "a\n");
}

/* Somebody took the end away: his lines below are not ours to remove. */
static void a_block_without_its_end_loses_one_line(void **state)
{
	(void)state;
	assert_text(setup_text_block("a\n" BEGIN "mine\nmine too\n", "x\n"),
		    "a\n" BEGIN "x\n" END "mine\nmine too\n");
}

static void an_assignment_is_changed_in_place(void **state)
{
	(void)state;
	assert_text(setup_text_assign("A=1\nLANG=C\nB=2\n", "LANG", "de_DE.UTF-8", true),
		    "A=1\nLANG=\"de_DE.UTF-8\"\nB=2\n");
	assert_text(setup_text_assign("# LANG=C\nMY_LANG=C\nLANG2=C\n", "LANG", "x", true),
		    "# LANG=C\nMY_LANG=C\nLANG2=C\nLANG=\"x\"\n");
	assert_text(setup_text_assign("  export LANG=C\n", "LANG", "x", false), "LANG=\"x\"\n");
}

static void the_last_assignment_is_the_one_that_counts(void **state)
{
	(void)state;
	assert_text(setup_text_assign("N=1\nN=2\n", "N", "3", false), "N=1\nN=\"3\"\n");
}

static void an_assignment_is_added_only_when_asked_for(void **state)
{
	(void)state;
	assert_text(setup_text_assign("A=1", "N", "3", true), "A=1\nN=\"3\"\n");
	assert_text(setup_text_assign("#N=1\n", "N", "3", false), NULL);
	assert_text(setup_text_assign("N", "N", "3", false), NULL);
}

static void a_field_of_one_record_is_changed(void **state)
{
	static const char shadow[] = "daemon:*:1::\nroot:!:19000:0:99999:7:::\nrooty:x:1\n";

	(void)state;
	assert_text(setup_text_field(shadow, "root", 1, "$6$a$b"),
		    "daemon:*:1::\nroot:$6$a$b:19000:0:99999:7:::\nrooty:x:1\n");
	assert_text(setup_text_field(shadow, "root", 2, ""),
		    "daemon:*:1::\nroot:!::0:99999:7:::\nrooty:x:1\n");
	assert_text(setup_text_field(shadow, "roo", 1, "x"), NULL);
	assert_text(setup_text_field("root\n", "root", 1, "x"), NULL);
	assert_text(setup_text_field("root:", "root", 1, "x"), "root:x\n");
	assert_text(setup_text_field("root:a\nroot:b\n", "root", 1, "x"), "root:x\nroot:b\n");
}

static void a_field_is_read(void **state)
{
	static const char passwd[] = "a:x\nroot:x:0:0:root:/home/root:/bin/sh\n";

	(void)state;
	assert_text(setup_text_get(passwd, "root", 5), "/home/root");
	assert_text(setup_text_get(passwd, "root", 7), NULL);
	assert_text(setup_text_get(passwd, "b", 0), NULL);
}

static void words_stand_between_blanks(void **state)
{
	static const char text[] = "\tone  two\t \n";
	const char *at = text;
	struct line l, word;

	(void)state;
	assert_true(line_next(&at, &l));
	assert_false(line_next(&at, &(struct line){ 0 }));
	word = line_word(&l, 0);
	assert_true(line_is(&word, "one"));
	word = line_word(&l, 1);
	assert_true(line_is(&word, "two"));
	assert_int_equal(line_word(&l, 2).len, 0);
	assert_int_equal(line_word(&l, 7).len, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_block_comes_last_the_first_time),
		cmocka_unit_test(our_block_is_replaced_where_it_stands),
		cmocka_unit_test(a_block_that_was_copied_is_one_again),
		cmocka_unit_test(a_block_without_its_end_loses_one_line),
		cmocka_unit_test(an_assignment_is_changed_in_place),
		cmocka_unit_test(the_last_assignment_is_the_one_that_counts),
		cmocka_unit_test(an_assignment_is_added_only_when_asked_for),
		cmocka_unit_test(a_field_of_one_record_is_changed),
		cmocka_unit_test(a_field_is_read),
		cmocka_unit_test(words_stand_between_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
