/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/signals.h"

static void a_signal_has_a_name_or_a_number(void **state)
{
	static const struct {
		const char *text;
		int number;
	} rows[] = {
		{ "SIGTERM", SIGTERM }, { "term", SIGTERM }, { "sigQuit", SIGQUIT }, { "9", 9 },
		{ "64", 64 }, { "SIGRTMIN", 34 }, { "SIGRTMIN+3", 37 }, { "RTMAX-1", 63 },
		{ "SIGWINCH", SIGWINCH },
	};
	struct error err = { 0 };
	int n;

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_int_equal(signal_parse(rows[i].text, &n, &err), 0);
		assert_int_equal(n, rows[i].number);
	}
}

static void everything_else_is_none(void **state)
{
	static const char *const rows[] = {
		"", "0", "65", "-1", "SIG", "SIGNOTHING", "TERM+1", "RTMIN-1", "RTMAX+1",
		"RTMIN+31", "RTMIN+", "SIGTERM ", "1 ", "SIGSIGTERM",
	};
	struct error err = { 0 };
	int n = -7;

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_int_equal(signal_parse(rows[i], &n, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_int_equal(n, -7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_has_a_name_or_a_number),
		cmocka_unit_test(everything_else_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
