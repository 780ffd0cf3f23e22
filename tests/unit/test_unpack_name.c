/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "templates/unpack_name.h"

static int check(const char *name, bool is_directory, char out[8192], struct error *err)
{
	struct unpack_limits limits;
	const char *good;

	unpack_limits_init(&limits);
	snprintf(out, 8192, "%s", name);
	if (unpack_name_check(out, is_directory, &limits, &good, err) < 0)
		return -1;
	memmove(out, good, strlen(good) + 1);
	return 0;
}

static void good_names_lose_their_dot_and_their_slash(void **state)
{
	static const struct {
		const char *raw;
		bool is_directory;
		const char *name;
	} rows[] = {
		{ "a", false, "a" },	  { "./a", false, "a" }, { "a/b", false, "a/b" },
		{ "./a/b/", true, "a/b" }, { "./", true, "" },	 { ".", true, "" },
		{ "...", false, "..." },  { ".a", false, ".a" }, { "a..", false, "a.." },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct error err = { 0 };
		char out[8192];

		assert_int_equal(check(rows[i].raw, rows[i].is_directory, out, &err), 0);
		assert_string_equal(out, rows[i].name);
	}
}

static void names_that_mean_another_place_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "/", "/a", "//a", "..", "../a", "a/..", "a/../b", "./..", "./../a", "a//b",
		".//a", "././a", "a/.", "a/./b", "a//", "./.",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		struct error err = { 0 };
		char out[8192];

		assert_int_equal(check(bad[i], true, out, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void a_slash_at_the_end_is_for_directories(void **state)
{
	struct error err = { 0 };
	char out[8192];

	(void)state;
	assert_int_equal(check("a/", true, out, &err), 0);
	assert_int_equal(check("a/", false, out, &err), -1);
}

static void limits_go_as_arguments_and_come_back(void **state)
{
	struct unpack_limits limits, again = { 0 };
	AUTO_STRV char **args = NULL;
	struct error err = { 0 };

	(void)state;
	unpack_limits_init(&limits);
	limits.entries = 77;
	unpack_limits_args(&limits, &args);
	for (char **arg = args; *arg; arg++)
		assert_int_equal(unpack_limits_set(&again, *arg, &err), 0);
	assert_memory_equal(&limits, &again, sizeof(limits));
}

static void an_unknown_limit_is_refused(void **state)
{
	static const char *const bad[] = { "entry=1",	"entries",   "entries=",
					   "entries=0", "depth=256", "=1" };
	struct unpack_limits limits;

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		struct error err = { 0 };

		assert_int_equal(unpack_limits_set(&limits, bad[i], &err), -1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names_lose_their_dot_and_their_slash),
		cmocka_unit_test(names_that_mean_another_place_are_refused),
		cmocka_unit_test(a_slash_at_the_end_is_for_directories),
		cmocka_unit_test(limits_go_as_arguments_and_come_back),
		cmocka_unit_test(an_unknown_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
