/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/guess.h"

static const char *of(const char *typed)
{
	static const char *const words[] = { "boot", "reboot", "memory", "memory-high", "ip",
					     "no" };
	struct guess g = { .typed = typed };

	for (size_t i = 0; i < N_ROWS(words); i++)
		guess_offer(&g, words[i]);
	return g.found;
}

static void the_nearest_word_is_found(void **state)
{
	(void)state;
	assert_string_equal(of("bot"), "boot");
	assert_string_equal(of("rebot"), "reboot");
	assert_string_equal(of("memroy"), "memory");
	assert_string_equal(of("memory-hihg"), "memory-high");
	assert_string_equal(of("ipp"), "ip");
}

static void of_two_that_are_as_near_the_first_counts(void **state)
{
	(void)state;
	assert_string_equal(of("io"), "ip");
}

static void what_is_like_none_is_none(void **state)
{
	(void)state;
	assert_null(of(""));
	assert_null(of("ab"));
	assert_null(of("nothing-like-it"));
	assert_null(of("memory-high-and-much-more"));
}

static void words_of_any_length_are_taken(void **state)
{
	char word[200], typed[200];
	struct guess g = { .typed = typed };

	(void)state;
	for (size_t len = 1; len < sizeof(word) - 1; len++) {
		for (size_t i = 0; i < len; i++)
			word[i] = typed[i] = 'a';
		word[len] = typed[len] = '\0';
		typed[0] = 'b';
		g.found = NULL;
		guess_offer(&g, word);
		assert_true((g.found != NULL) == (len > 1 && len <= 63));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(of_two_that_are_as_near_the_first_counts),
		cmocka_unit_test(what_is_like_none_is_none),
		cmocka_unit_test(words_of_any_length_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
