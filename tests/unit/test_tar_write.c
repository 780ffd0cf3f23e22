/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "templates/tar_write.h"

static void a_record_counts_its_own_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < 12000; n++) {
		AUTO_FREE char *value = xcalloc(1, n + 1);
		AUTO_STR struct str pax = { 0 };
		char *end;

		memset(value, 'v', n);
		tar_pax(&pax, "key", value, n);
		assert_int_equal(strtoul(str_text(&pax), &end, 10), pax.len);
		assert_memory_equal(end, " key=", 5);
		assert_int_equal(str_text(&pax)[pax.len - 1], '\n');
	}
}

/* What the writer makes of one entry; size in *out_len. */
static char *written(const struct tar_entry *e, size_t *out_len)
{
	AUTO_FREE struct tar_writer *w = xcalloc(1, sizeof(*w));
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	struct error err = { 0 };
	char *data;
	off_t len;

	assert_true(fd >= 0);
	tar_begin(w, fd);
	assert_int_equal(tar_entry(w, e, &err), 0);
	assert_int_equal(tar_end(w, &err), 0);
	len = lseek(fd, 0, SEEK_END);
	data = xcalloc(1, (size_t)len);
	assert_int_equal(pread(fd, data, (size_t)len, 0), len);
	*out_len = (size_t)len;
	return data;
}

static void what_ustar_can_say_needs_no_pax_header(void **state)
{
	const struct tar_entry e = {
		.type = '0', .path = "etc/motd", .mode = 0644, .uid = 65535, .gid = 7,
		.mtime = 8589934591,
	};
	size_t len;
	AUTO_FREE char *tar = written(&e, &len);

	(void)state;
	assert_int_equal(len, 10240);
	assert_string_equal(tar, "./etc/motd");
	assert_string_equal(tar + 100, "0000644");
	assert_string_equal(tar + 108, "0177777");
	assert_memory_equal(tar + 136, "77777777777", 11);
	assert_int_equal(tar[156], '0');
}

static void what_ustar_has_no_room_for_is_said_in_pax(void **state)
{
	char path[200];
	const struct tar_entry e = {
		.type = '0', .path = path, .uid = 3000000, .mtime = -5,
		.size = UINT64_C(1) << 33,
	};
	AUTO_FREE char *tar = NULL;
	size_t len;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	tar = written(&e, &len);
	assert_int_equal(tar[156], 'x');
	assert_non_null(strstr(tar + 512, " path=./ppp"));
	assert_non_null(strstr(tar + 512, "15 uid=3000000\n"));
	assert_non_null(strstr(tar + 512, "19 size=8589934592\n"));
	assert_non_null(strstr(tar + 512, "12 mtime=-5\n"));
	assert_null(strstr(tar + 512, "hdrcharset"));
}

static void a_long_name_that_is_no_utf8_is_said_to_be_bytes(void **state)
{
	char path[200];
	const struct tar_entry e = { .type = '5', .path = path };
	AUTO_FREE char *tar = NULL;
	size_t len;

	(void)state;
	memset(path, '\xe4', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	tar = written(&e, &len);
	assert_memory_equal(tar + 512, "21 hdrcharset=BINARY\n", 21);
}

static void the_root_is_a_dot_and_links_name_their_targets(void **state)
{
	const struct tar_entry root = { .type = '5', .path = "" };
	const struct tar_entry hard = { .type = '1', .path = "b", .target = "a" };
	const struct tar_entry soft = { .type = '2', .path = "b", .target = "../a" };
	size_t len;
	AUTO_FREE char *one = written(&root, &len);
	AUTO_FREE char *two = written(&hard, &len);
	AUTO_FREE char *three = written(&soft, &len);

	(void)state;
	assert_string_equal(one, "./");
	assert_string_equal(two + 157, "./a");
	assert_string_equal(three + 157, "../a");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_counts_its_own_length),
		cmocka_unit_test(what_ustar_can_say_needs_no_pax_header),
		cmocka_unit_test(what_ustar_has_no_room_for_is_said_in_pax),
		cmocka_unit_test(a_long_name_that_is_no_utf8_is_said_to_be_bytes),
		cmocka_unit_test(the_root_is_a_dot_and_links_name_their_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
