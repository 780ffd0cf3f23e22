/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

static void set_says_kind_and_text_and_drops_an_older_hint(void **state)
{
	struct error err = { .sys = EIO, .hint = "old" };

	(void)state;
	assert_int_equal(error_set(&err, ERR_NOT_FOUND, "no zone '%s'", "web"), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.text, "no zone 'web'");
	assert_string_equal(err.hint, "");
}

static void a_system_error_ends_with_its_reason(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_sys(&err, "open '%s'", "a"), -1);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "open 'a': No such file or directory");
}

static void what_the_host_lacks_is_a_resource(void **state)
{
	static const int lacks[] = { ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(lacks); i++) {
		errno = lacks[i];
		error_sys(&err, "x");
		assert_int_equal(err.kind, ERR_RESOURCE);
	}
}

static void wrapping_keeps_kind_errno_and_hint(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOSPC;
	error_sys(&err, "write");
	error_hint(&err, "try: zonectl %s", "prune");
	assert_int_equal(error_wrap(&err, "zone '%s'", "web"), -1);
	assert_int_equal(err.kind, ERR_RESOURCE);
	assert_int_equal(err.sys, ENOSPC);
	assert_string_equal(err.text, "zone 'web': write: No space left on device");
	assert_string_equal(err.hint, "try: zonectl prune");
}

static void a_hostile_name_cannot_drive_a_terminal(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, ERR_FAILED, "'%s'", "a\x1b[2J\n\xff\xc2\x9b \xe2\x80\xae \xc3\xbc");
	assert_string_equal(err.text,
			    "'a\\x1b[2J\\x0a\\xff\\xc2\\x9b \\xe2\\x80\\xae \xc3\xbc'");
}

static void an_overlong_text_keeps_both_ends(void **state)
{
	struct error err = { 0 };
	char name[4096];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	errno = EINVAL;
	error_sys(&err, "open '%s'", name);
	error_wrap(&err, "zone 'web'");
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	assert_true(str_starts(err.text, "zone 'web': open 'nnn"));
	assert_true(str_ends(err.text, "nnn: Invalid argument"));
	assert_non_null(strstr(err.text, "..."));
}

static void a_cut_never_leaves_half_a_character(void **state)
{
	struct error err = { 0 };
	char name[1024];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(name, 'n', shift);
		for (size_t i = shift; i + 3 < sizeof(name); i += 3)
			memcpy(name + i, "\xe2\x82\xac", 4);
		error_set(&err, ERR_FAILED, "%s", name);
		assert_true(str_is_clean(err.text));
		assert_true(strlen(err.text) > ERROR_TEXT_MAX - 8);
	}
}

static void every_kind_has_the_word_of_the_manual(void **state)
{
	static const char *const words[] = {
		"none", "failed", "usage", "not-found", "wrong-state", "busy", "exists",
		"no-resource", "unsupported", "partial",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(words); i++)
		assert_string_equal(error_code((enum error_kind)i), words[i]);
	assert_int_equal(ERR_PARTIAL, 9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_says_kind_and_text_and_drops_an_older_hint),
		cmocka_unit_test(a_system_error_ends_with_its_reason),
		cmocka_unit_test(what_the_host_lacks_is_a_resource),
		cmocka_unit_test(wrapping_keeps_kind_errno_and_hint),
		cmocka_unit_test(a_hostile_name_cannot_drive_a_terminal),
		cmocka_unit_test(an_overlong_text_keeps_both_ends),
		cmocka_unit_test(a_cut_never_leaves_half_a_character),
		cmocka_unit_test(every_kind_has_the_word_of_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
