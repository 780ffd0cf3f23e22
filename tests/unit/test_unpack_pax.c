/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "templates/unpack_pax.h"

#define TEXT(s) s, sizeof(s) - 1

static void the_records_of_an_entry_are_read(void **state)
{
	struct unpack_pax pax = { 0 };

	(void)state;
	pax_take(&pax, 'x', TEXT("13 path=a/b/\n10 size=7\n19 comment=a=b c\xff" "d\n"));
	assert_string_equal(pax.fault, "");
	assert_true(pax.has_name && pax.has_slash && pax.has_size && pax_names(&pax));
	assert_int_equal(pax.size, 7);
}

static void what_readers_would_take_differently_is_a_fault(void **state)
{
	static const struct {
		char kind;
		const char *text;
		size_t len;
		const char *fault;
	} rows[] = {
		{ 'x', TEXT("8 path=a\n"), "damaged" },		/* one short */
		{ 'x', TEXT("11 path=a\n"), "damaged" },	/* one long */
		{ 'x', TEXT("9 path=ab"), "damaged" },
		{ 'x', TEXT("0 path=a\n"), "damaged" },
		{ 'x', TEXT(" 9 path=a\n"), "damaged" },
		{ 'x', TEXT("9 patha=\n9 path"), "damaged" },
		{ 'x', TEXT("6 =ab\n"), "damaged" },
		{ 'x', TEXT("99999999999999999999 path=a\n"), "damaged" },
		{ 'x', TEXT("9 path=a\n9 path=b\n"), "says twice 'path'" },
		{ 'x', TEXT("10 size=5\n10 size=5\n"), "says twice 'size'" },
		{ 'x', TEXT("8 path=\n"), "no proper 'path'" },
		{ 'x', TEXT("12 path=a\0b\n"), "no proper 'path'" },
		{ 'x', TEXT("13 linkpath=\n"), "no proper 'linkpath'" },
		{ 'x', TEXT("11 size=-1\n"), "no proper 'size'" },
		{ 'x', TEXT("11 size=5x\n"), "no proper 'size'" },
		{ 'x', TEXT("28 size=9223372036854775808\n"), "no proper 'size'" },
		{ 'x', TEXT("9 uid=+1\n"), "no proper 'uid'" },
		{ 'g', TEXT("9 path=a\n"), "must not set 'path'" },
		{ 'g', TEXT("10 size=0\n"), "must not set 'size'" },
		{ 'g', TEXT("11 mtime=5\n"), "must not set 'mtime'" },
		{ 'L', TEXT("a\0b"), "NUL" },
		{ 'L', TEXT("\0"), "empty" },
		{ 'K', TEXT(""), "empty" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct unpack_pax pax = { 0 };

		pax_take(&pax, rows[i].kind, rows[i].text, rows[i].len);
		if (!strstr(pax.fault, rows[i].fault))
			fail_msg("row %zu: '%s', not '%s'", i, pax.fault, rows[i].fault);
	}
}

static void what_says_nothing_of_entries_may_be_said_of_all(void **state)
{
	struct unpack_pax pax = { 0 };

	(void)state;
	pax_take(&pax, 'g', TEXT("16 comment=0a1b\n"));
	pax_take(&pax, 'g', TEXT("15 comment=0a1\n"));
	pax_take(&pax, 'x', TEXT("9 path=a\n"));
	assert_string_equal(pax.fault, "");
}

static void holes_are_listed_record_by_record(void **state)
{
	struct unpack_pax pax = { 0 };

	(void)state;
	pax_take(&pax, 'x', TEXT("23 GNU.sparse.offset=0\n25 GNU.sparse.numbytes=5\n"
				 "23 GNU.sparse.offset=9\n25 GNU.sparse.numbytes=0\n"));
	assert_string_equal(pax.fault, "");
}

static void a_name_has_one_place(void **state)
{
	struct unpack_pax pax = { 0 }, two = { 0 }, again = { 0 }, links = { 0 };

	(void)state;
	pax_take(&pax, 'L', TEXT("long\0"));
	assert_string_equal(pax.fault, "");
	pax_take(&pax, 'x', TEXT("9 path=a\n"));
	assert_string_equal(pax.fault, "it is named in two kinds of extended header");
	pax_take(&two, 'x', TEXT("9 path=a\n"));
	pax_take(&two, 'x', TEXT("11 mtime=5\n"));
	assert_string_equal(two.fault, "it has two extended headers");
	pax_take(&again, 'L', TEXT("a\0"));
	pax_take(&again, 'K', TEXT("b\0"));
	assert_string_equal(again.fault, "");
	pax_take(&again, 'L', TEXT("a\0"));
	assert_string_equal(again.fault, "it has two long names");
	pax_take(&links, 'x', TEXT("14 linkpath=a\n"));
	pax_take(&links, 'K', TEXT("b\0"));
	assert_string_equal(links.fault, "it is named in two kinds of extended header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_records_of_an_entry_are_read),
		cmocka_unit_test(what_readers_would_take_differently_is_a_fault),
		cmocka_unit_test(what_says_nothing_of_entries_may_be_said_of_all),
		cmocka_unit_test(holes_are_listed_record_by_record),
		cmocka_unit_test(a_name_has_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
