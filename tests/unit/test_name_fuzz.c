/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What zone_name_check() takes is what the regular expression of the manual takes: a million names.
 */

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/config.h"
#include "runtime/zone.h"

enum { NAMES = 1000000, LENGTH_MAX = 70 };

/* Half of the bytes are such that names come out which are nearly right. */
static const char near[] = "abcxyz0189..__--az/";
static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t number(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

static void make_name(char name[LENGTH_MAX + 1])
{
	bool is_odd = number(4) == 0;
	uint32_t n = number(16) == 0 ? 60 + number(LENGTH_MAX - 60 + 1) : number(12);

	for (uint32_t i = 0; i < n; i++)
		name[i] = is_odd ? (char)(1 + number(255)) : near[number(sizeof(near) - 1)];
	name[n] = '\0';
}

static void zone_names_are_those_of_the_expression(void **state)
{
	char name[LENGTH_MAX + 1];
	unsigned int taken = 0;
	regex_t re;

	(void)state;
	assert_int_equal(regcomp(&re, "^[a-z0-9][a-z0-9._-]{0,62}$", REG_EXTENDED | REG_NOSUB), 0);
	for (int i = 0; i < NAMES; i++) {
		struct error err = { 0 };
		bool is_name;

		make_name(name);
		is_name = regexec(&re, name, 0, NULL, 0) == 0;
		if ((zone_name_check(name, &err) == 0) != is_name)
			fail_msg("'%s' is %s", name, is_name ? "refused" : "taken");
		taken += is_name;
	}
	regfree(&re);
	/* Neither side may be all there is. */
	assert_in_range(taken, NAMES / 20, NAMES - NAMES / 20);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = {
		"",	    ".",	 "..",	  "-x",	    "_x",     "/",   "a/b",
		"../x",	    "a\nb",	 "a\n",	  "\n",	    "A",      "a b", "a\x7f",
		"\xc3\xa9", "a\xc3\xa9", "a\xff", ".new-a", ".old-a",
	};
	char longest[] = "a23456789b123456789c123456789d123456789e123456789f123456789g123x";
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(zone_name_check(names[i], &err), -1);
	assert_int_equal(zone_name_check(longest, &err), -1);
	longest[63] = '\0';
	assert_int_equal(zone_name_check(longest, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_names_are_those_of_the_expression),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
