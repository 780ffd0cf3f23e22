/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/num.h"

static void a_whole_number_is_the_whole_word(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "a" };
	struct error err = { 0 };
	uint64_t value = 7;

	(void)state;
	assert_int_equal(num_u64("18446744073709551615", 0, UINT64_MAX, &value, &err), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(num_u64("010", 0, 99, &value, &err), 0);
	assert_int_equal(value, 10);
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(num_u64(bad[i], 0, UINT64_MAX, &value, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(value, 10);
	}
}

static void a_number_out_of_range_is_told_the_end_of_it(void **state)
{
	struct error err = { 0 };
	uint64_t value = 0;

	(void)state;
	assert_int_equal(num_u64("70000", 0, 65535, &value, &err), -1);
	assert_string_equal(err.text, "70000 is above 65535");
	assert_int_equal(num_u64("0", 1, 65535, &value, &err), -1);
	assert_string_equal(err.text, "0 is below 1");
	assert_int_equal(num_u64("18446744073709551616", 0, UINT64_MAX, &value, &err), -1);
	assert_string_equal(err.text, "18446744073709551616 is above 18446744073709551615");
}

static void a_size_has_a_unit_but_for_nought(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0 }, { "1K", 1024 }, { "512M", 536870912 }, { "1.5G", 1610612736 },
		{ "2t", 2199023255552 }, { "0.001K", 1 }, { "1.0000000000000000000001K", 1024 },
		{ "0G", 0 }, { "16777215T", 16777215ULL << 40 },
	};
	struct error err = { 0 };
	uint64_t bytes = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_int_equal(num_size(rows[i].text, &bytes, &err), 0);
		assert_true(bytes == rows[i].bytes);
	}
}

static void a_wrong_size_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "5", "G", "1.G", ".5G", "-1G", "1.5", "5GB", "0x1G", " 1G", "1G ", "1e9", "0.0",
		"16777216T", "99999999999999999999G",
	};
	struct error err = { 0 };
	uint64_t bytes = 7;

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		err.kind = ERR_NONE;
		assert_int_equal(num_size(bad[i], &bytes, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_int_equal(bytes, 7);
}

static void a_time_counts_seconds_unless_it_says_otherwise(void **state)
{
	static const char *const bad[] = {
		"", "s", "1d", "1.5s", "-1", "1 s", "99999999999999999h"
	};
	struct error err = { 0 };
	uint64_t ms = 0;

	(void)state;
	assert_int_equal(num_duration("90", &ms, &err), 0);
	assert_int_equal(ms, 90000);
	assert_int_equal(num_duration("250ms", &ms, &err), 0);
	assert_int_equal(ms, 250);
	assert_int_equal(num_duration("2m", &ms, &err), 0);
	assert_int_equal(ms, 120000);
	assert_int_equal(num_duration("1h", &ms, &err), 0);
	assert_int_equal(ms, 3600000);
	for (size_t i = 0; i < N_ROWS(bad); i++)
		assert_int_equal(num_duration(bad[i], &ms, &err), -1);
}

static void thousandths_have_at_most_three_places(void **state)
{
	static const char *const bad[] = { "", ".5", "1.", "1.2345", "-1", "1,5", "1.5x",
					   "18446744073709552" };
	char text[NUM_TEXT_MAX];
	struct error err = { 0 };
	uint64_t milli = 0;

	(void)state;
	assert_int_equal(num_milli("1.5", &milli, &err), 0);
	assert_int_equal(milli, 1500);
	assert_int_equal(num_milli("0.025", &milli, &err), 0);
	assert_int_equal(milli, 25);
	assert_int_equal(num_milli("4", &milli, &err), 0);
	assert_int_equal(milli, 4000);
	for (size_t i = 0; i < N_ROWS(bad); i++)
		assert_int_equal(num_milli(bad[i], &milli, &err), -1);
	assert_string_equal(num_milli_text(1500, text), "1.5");
	assert_string_equal(num_milli_text(25, text), "0.025");
	assert_string_equal(num_milli_text(100000, text), "100");
	assert_string_equal(num_milli_text(0, text), "0");
}

static void a_count_may_be_in_thousands(void **state)
{
	static const char *const bad[] = { "", "k", "1.5k", "1G", "200 k", "-1",
					   "18446744073709552k" };
	uint64_t value = 7;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(num_count("200k", &value, &err), 0);
	assert_int_equal(value, 200000);
	assert_int_equal(num_count("3M", &value, &err), 0);
	assert_int_equal(value, 3000000);
	assert_int_equal(num_count("1024", &value, &err), 0);
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(num_count(bad[i], &value, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(value, 1024);
	}
}

static void a_mode_is_octal(void **state)
{
	static const char *const bad[] = {
		"", "8", "0888", "10000", "0o7", "u+x", "77777777777777"
	};
	struct error err = { 0 };
	uint32_t mode = 0;

	(void)state;
	assert_int_equal(num_mode("0755", &mode, &err), 0);
	assert_int_equal(mode, 0755);
	assert_int_equal(num_mode("7777", &mode, &err), 0);
	assert_int_equal(mode, 07777);
	for (size_t i = 0; i < N_ROWS(bad); i++)
		assert_int_equal(num_mode(bad[i], &mode, &err), -1);
}

static void a_written_size_is_short_and_reads_back_the_same(void **state)
{
	char text[NUM_TEXT_MAX];
	struct error err = { 0 };
	uint64_t random = 88172645463325252, bytes = 0;

	(void)state;
	assert_string_equal(num_size_text(0, text), "0");
	assert_string_equal(num_size_text(536870912, text), "512M");
	assert_string_equal(num_size_text(1610612736, text), "1.5G");
	assert_string_equal(num_size_text(1ULL << 40, text), "1T");
	for (int i = 0; i < 2000; i++) {
		uint64_t value = random >> i % 64;

		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		assert_int_equal(num_size(num_size_text(value, text), &bytes, &err), 0);
		assert_true(bytes == value);
	}
}

static void people_read_three_digits(void **state)
{
	char text[NUM_TEXT_MAX];

	(void)state;
	assert_string_equal(num_size_human(0, text), "0B");
	assert_string_equal(num_size_human(999, text), "999B");
	assert_string_equal(num_size_human(1000, text), "1.0K");
	assert_string_equal(num_size_human(1288490189, text), "1.2G");
	assert_string_equal(num_size_human(10188, text), "9.9K");
	assert_string_equal(num_size_human(10239, text), "10K");
	assert_string_equal(num_size_human(1048000, text), "1.0M");
	assert_string_equal(num_size_human(UINT64_MAX, text), "16E");
	assert_string_equal(num_duration_human(17, text), "17s");
	assert_string_equal(num_duration_human(247, text), "4m07s");
	assert_string_equal(num_duration_human(7500, text), "2h05m");
	assert_string_equal(num_duration_human(274000, text), "3d4h");
}

static void a_rate_is_bits_or_bytes_a_second(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		const char *again;
	} rows[] = {
		{ "8kbit", 1000, "8kbit" },
		{ "10mbit", 1250000, "10mbit" },
		{ "10gbit", 1250000000, "10gbit" },
		{ "1M", 1048576, "1M" },
		{ "1.5M", 1572864, "1.5M" },
		{ "1000mbit", 125000000, "1gbit" },
		{ "0", 0, "0" },
	};
	static const char *const bad[] = { "", "10", "10Mbit", "mbit", "10mbits", "-1mbit",
					   "1.5mbit", "99999999999999999gbit", "10 mbit" };

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct error err = { 0 };
		char text[NUM_TEXT_MAX];
		uint64_t rate = 0;

		assert_int_equal(num_rate(rows[i].text, &rate, &err), 0);
		assert_int_equal(rate, rows[i].bytes);
		assert_string_equal(num_rate_text(rate, text), rows[i].again);
	}
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		struct error err = { 0 };
		uint64_t rate = 0;

		if (num_rate(bad[i], &rate, &err) == 0)
			fail_msg("'%s' passed", bad[i]);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_number_is_the_whole_word),
		cmocka_unit_test(a_number_out_of_range_is_told_the_end_of_it),
		cmocka_unit_test(a_size_has_a_unit_but_for_nought),
		cmocka_unit_test(a_wrong_size_is_refused),
		cmocka_unit_test(a_time_counts_seconds_unless_it_says_otherwise),
		cmocka_unit_test(thousandths_have_at_most_three_places),
		cmocka_unit_test(a_rate_is_bits_or_bytes_a_second),
		cmocka_unit_test(a_count_may_be_in_thousands),
		cmocka_unit_test(a_mode_is_octal),
		cmocka_unit_test(a_written_size_is_short_and_reads_back_the_same),
		cmocka_unit_test(people_read_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
