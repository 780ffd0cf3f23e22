/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/fold.h"
#include "cli/names.h"

static void expect(const char *names, const char *want)
{
	AUTO_STRV char **list = strv_split(names, " ");
	AUTO_FREE char *text = fold_text(list, strv_len(list));

	assert_string_equal(text, want);
}

static void names_that_count_become_a_range(void **state)
{
	(void)state;
	expect("web1 web2 web3", "web{1..3}");
	expect("web3 web1 web2", "web{1..3}");
	expect("web008 web009 web010 web011", "web{008..011}");
	expect("web8 web9 web10 web11", "web{8..11}");
	expect("a1.lan a2.lan a3.lan", "a{1..3}.lan");
}

static void names_that_do_not_count_become_a_list(void **state)
{
	(void)state;
	expect("web1 web2", "web{1,2}");
	expect("web001 web002 web003 web014", "web{001..003,014}");
	expect("web1 web3 web5", "web{1,3,5}");
	expect("db web", "db, web");
	expect("web1", "web1");
	expect("", "");
}

static void different_widths_are_never_one_range(void **state)
{
	(void)state;
	expect("w08 w09 w10 w7", "w{7,08..10}");
	expect("w1 w01 w001", "w{1,01,001}");
	expect("w098 w099 w0100", "w{098,099,0100}");
}

static void a_name_without_number_stands_beside(void **state)
{
	(void)state;
	expect("web web1 web2 web3", "web, web{1..3}");
	expect("a1b a2b a1", "a1, a{1,2}b");
	expect("x12345678901234 x12345678901235", "x12345678901234, x12345678901235");
}

static void a_shell_gets_braces_in_quotes(void **state)
{
	char *const names[] = { "w1", "w2", "db", NULL };
	AUTO_FREE char *text = fold_quoted(names, 3);

	(void)state;
	assert_string_equal(text, "db 'w{1,2}'");
}

/* Whatever was folded, typed again, means the same zones. */
static void folded_names_unfold(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		AUTO_STRV char **names = NULL, **again = NULL, **words = NULL;
		struct error err = { 0 };

		for (int i = 0; i < 40; i++) {
			unsigned int r = (unsigned int)rand_r(&seed);

			strv_addf(&names, "%s%0*u%s", r & 64 ? "web" : "w", (int)(r & 3),
				  r >> 8 & 31, r & 128 ? "x" : "");
		}
		strv_sort_unique(names);
		words = fold_names(names, strv_len(names));
		assert_int_equal(names_new(words, &again, &err), 0);
		strv_sort_unique(again);
		assert_int_equal(strv_len(again), strv_len(names));
		for (size_t i = 0; names[i]; i++)
			assert_string_equal(names[i], again[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_count_become_a_range),
		cmocka_unit_test(names_that_do_not_count_become_a_list),
		cmocka_unit_test(different_widths_are_never_one_range),
		cmocka_unit_test(a_name_without_number_stands_beside),
		cmocka_unit_test(a_shell_gets_braces_in_quotes),
		cmocka_unit_test(folded_names_unfold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
