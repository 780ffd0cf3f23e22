/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

static void no_list_is_an_empty_list(void **state)
{
	AUTO_STRV char **list = NULL;
	AUTO_FREE char *joined = strv_join(NULL, ",");

	(void)state;
	assert_int_equal(strv_len(NULL), 0);
	assert_false(strv_has(NULL, "a"));
	assert_int_equal(strv_remove(NULL, "a"), 0);
	assert_null(strv_copy(NULL));
	assert_null(strv_env_get(NULL, "A"));
	assert_string_equal(joined, "");
	strv_sort_unique(NULL);
	strv_clear(&list);
}

static void members_are_copied_and_kept_in_order(void **state)
{
	AUTO_STRV char **list = NULL, **copy = NULL;
	AUTO_FREE char *joined = NULL;

	(void)state;
	strv_add(&list, "a");
	strv_addf(&list, "%s%d", "b", 2);
	strv_give(&list, xstrdup("c"));
	copy = strv_copy(list);
	strv_clear(&list);
	joined = strv_join(copy, ", ");
	assert_string_equal(joined, "a, b2, c");
	assert_int_equal(strv_len(copy), 3);
}

static void removing_takes_every_equal_member(void **state)
{
	AUTO_STRV char **list = strv_split("a b a c a", " ");
	AUTO_FREE char *joined = NULL;

	(void)state;
	assert_int_equal(strv_remove(list, "a"), 3);
	assert_int_equal(strv_remove(list, "x"), 0);
	strv_add(&list, "d");
	joined = strv_join(list, " ");
	assert_string_equal(joined, "b c d");
}

static void splitting_leaves_empty_parts_out(void **state)
{
	AUTO_STRV char **list = strv_split(",,a, b ,,c,", ", ");
	AUTO_FREE char *joined = strv_join(list, "|");

	(void)state;
	assert_string_equal(joined, "a|b|c");
	assert_null(strv_split(",,", ","));
	assert_null(strv_split("", ","));
}

static void sorting_drops_what_is_repeated(void **state)
{
	AUTO_STRV char **list = strv_split("b a c a b", " ");
	AUTO_FREE char *joined = NULL;

	(void)state;
	strv_sort_unique(list);
	joined = strv_join(list, "");
	assert_string_equal(joined, "abc");
}

static void an_environment_holds_each_name_once(void **state)
{
	AUTO_STRV char **env = NULL;

	(void)state;
	strv_env_set(&env, "AB", "1");
	strv_env_set(&env, "A", "2");
	strv_env_set(&env, "AB", "x=y");
	assert_int_equal(strv_len(env), 2);
	assert_string_equal(strv_env_get(env, "AB"), "x=y");
	assert_string_equal(strv_env_get(env, "A"), "2");
	assert_null(strv_env_get(env, "B"));
}

static void a_list_of_thousands_grows_by_its_length(void **state)
{
	AUTO_STRV char **list = NULL;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		strv_add_nth(&list, &n, i % 2 ? "odd" : "even");
		assert_int_equal(n, i + 1);
		assert_null(list[n]);
	}
	assert_int_equal(strv_len(list), 1000);
	assert_string_equal(list[998], "even");
	assert_string_equal(list[999], "odd");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_list_is_an_empty_list),
		cmocka_unit_test(members_are_copied_and_kept_in_order),
		cmocka_unit_test(removing_takes_every_equal_member),
		cmocka_unit_test(splitting_leaves_empty_parts_out),
		cmocka_unit_test(sorting_drops_what_is_repeated),
		cmocka_unit_test(an_environment_holds_each_name_once),
		cmocka_unit_test(a_list_of_thousands_grows_by_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
