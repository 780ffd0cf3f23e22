/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "runtime/site_config.h"

static char dir[32];
static int etcfd = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-site-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	etcfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return etcfd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlinkat(etcfd, SITE_CONFIG_NAME, 0);	/* a test without a file has none */
	close(etcfd);
	return rmdir(dir);
}

static int read_text(struct site_config *c, const char *text, struct error *err)
{
	assert_int_equal(fd_replace_nosync(etcfd, SITE_CONFIG_NAME, 0644, text, strlen(text), err),
			 0);
	site_config_init(c);
	return site_config_read(c, etcfd, err);
}

static void without_a_file_the_defaults_hold(void **state)
{
	struct site_config c;
	struct unpack_limits limits;
	struct error err = { 0 };

	(void)state;
	site_config_init(&c);
	assert_int_equal(site_config_read(&c, etcfd, &err), 0);
	assert_int_equal(c.uid_start, 1000000000);
	assert_int_equal((uint64_t)c.uid_start + c.uid_count, UINT64_C(1) << 31);
	unpack_limits_init(&limits);
	assert_memory_equal(&c.unpack, &limits, sizeof(limits));
	site_config_clear(&c);
}

static void each_key_is_read_and_the_others_stay(void **state)
{
	struct site_config c;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_text(&c,
				   "{\"uid-range\": {\"start\": 131072, \"count\": 65536},"
				   " \"unpack-limits\": {\"bytes\": 5000, \"depth\": 7},"
				   " \"names\": false, \"hosts-file\": true}",
				   &err),
			 0);
	assert_int_equal(c.uid_start, 131072);
	assert_int_equal(c.uid_count, 65536);
	assert_int_equal(c.unpack.bytes, 5000);
	assert_int_equal(c.unpack.depth, 7);
	assert_true(c.has_no_names);
	assert_true(c.has_hosts_file);
	assert_int_equal(c.unpack.path, 4095);
	site_config_clear(&c);
}

static void a_fault_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[]", "zonectl.json:1:1: expected an object" },
		{ "{\"uid-rnage\": {}}", "zonectl.json:1:15: uid-rnage: no such key" },
		{ "{\"uid-range\": 5}", "zonectl.json:1:15: uid-range: expected an object" },
		{ "{\"uid-range\": {\"start\": 5}}",
		  "zonectl.json:1:25: uid-range.start: 5 is below 65536" },
		{ "{\"uid-range\": {\"begin\": 5}}",
		  "zonectl.json:1:25: uid-range.begin: no such key" },
		{ "{\"uid-range\": {\"start\": 2000000000, \"count\": 2000000000}}",
		  "zonectl.json:1:15: uid-range: start and count end above 2147483648" },
		{ "{\n\t\"unpack-limits\": {\"byte\": 5}}",
		  "zonectl.json:2:28: unpack-limits.byte: no such key" },
		{ "{\"unpack-limits\": {\"entries\": 0}}",
		  "zonectl.json:1:31: unpack-limits.entries: 0 is below 1" },
		{ "{\"unpack-limits\": {\"depth\": 256}}",
		  "zonectl.json:1:29: unpack-limits.depth: 256 is above 255" },
		{ "{\"unpack-limits\": {\"ratio\": \"5\"}}",
		  "zonectl.json:1:29: unpack-limits.ratio: expected a number, "
		  "found a string" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct site_config c;
		struct error err = { 0 };

		assert_int_equal(read_text(&c, rows[i].text, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].expected);
		site_config_clear(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_the_defaults_hold),
		cmocka_unit_test(each_key_is_read_and_the_others_stay),
		cmocka_unit_test(a_fault_is_named_with_its_place),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
