/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include "base/mem.h"
#include "disks/btrfs.h"
#include "disks/pool.h"
#include "disks/pool_make.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static void a_record_reads_back_as_it_was_written(void **state)
{
	const struct fixture *f = *state;
	AUTO_POOL_RECORD struct pool_record a = { .is_file = true, .is_ready = true, .uuid = UUID };
	AUTO_POOL_RECORD struct pool_record b = { 0 };
	struct error err = { 0 };

	assert_false(pool_exists(f->rootfd));
	assert_int_equal(pool_record_read(f->rootfd, &b, &err), 0);
	a.on = xstrdup("/a \"b\"/\xc3\xa9.img");
	assert_int_equal(pool_record_write(f->rootfd, &a, &err), 0);
	assert_true(pool_exists(f->rootfd));
	assert_int_equal(pool_record_read(f->rootfd, &b, &err), 1);
	assert_string_equal(b.on, a.on);
	assert_string_equal(b.uuid, UUID);
	assert_true(b.is_file);
	assert_true(b.is_ready);
	assert_int_equal(pool_record_remove(f->rootfd, &err), 0);
	assert_int_equal(pool_record_remove(f->rootfd, &err), 0);
	assert_false(pool_exists(f->rootfd));
}

static void a_fault_in_the_record_is_named_where_it_stands(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "[]", "pool.json:1:1: expected an object" },
		{ "{\"is_file\": true}", "pool.json:1:1: it lacks \"on\"" },
		{ "{\"on\": \"a\", \"size\": 1}", "pool.json:1:21: size: unknown key" },
		{ "{\"on\": 7}", "pool.json:1:8: on: expected a string" },
		{ "{\"on\": \"a\", \"uuid\": \"" UUID "0\"}", "is no uuid" },
		{ "{\"on\": \"a\"", "pool.json" },
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct pool_record r = { 0 };
		struct error err = { 0 };

		put(f->rootfd, "pool.json", 0600, rows[i].text);
		assert_int_equal(pool_record_read(f->rootfd, &r, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s': %s", rows[i].text, err.text);
		made(unlinkat(f->rootfd, "pool.json", 0));
	}
}

static void only_a_btrfs_has_a_uuid(void **state)
{
	enum { SUPER = 64 << 10 };
	static const unsigned char uuid[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
						0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	const struct fixture *f = *state;
	AUTO_CLOSE int fd = openat(f->rootfd, "disk", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char text[POOL_UUID_LEN + 1];
	struct error err = { 0 };

	assert_int_equal(pool_uuid_read(fd, text, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(pwrite(fd, uuid, sizeof(uuid), SUPER + 0x20), sizeof(uuid));
	assert_int_equal(pwrite(fd, "_BHRfS_X", 8, SUPER + 0x40), 8);
	assert_int_equal(pool_uuid_read(fd, text, &err), -1);
	assert_int_equal(pwrite(fd, "_BHRfS_M", 8, SUPER + 0x40), 8);
	assert_int_equal(pool_uuid_read(fd, text, &err), 0);
	assert_string_equal(text, UUID);
}

static void a_zone_with_a_link_is_in_the_pool(void **state)
{
	const struct fixture *f = *state;
	const struct disk d = { .varfd = f->dirfd, .zonefd = f->rootfd, .runfd = -1 };
	struct disk_usage usage;
	struct error err = { 0 };

	made(symlinkat("../../pool/zones/65536", f->rootfd, "subvolume"));
	assert_ptr_equal(disk_kind_of(&d), &disk_btrfs);
	made(unlinkat(f->rootfd, "subvolume", 0));
	/* One that leads elsewhere is followed nowhere. */
	made(symlinkat("../../pool/zones/../../etc", f->rootfd, "subvolume"));
	assert_int_equal(disk_usage(&d, &usage, &err), -1);
	assert_string_equal(err.text, "'subvolume' leads to no subvolume of the pool");
	assert_int_equal(disk_remove(&d, &err), -1);
}

static void space_is_that_of_the_directory(void **state)
{
	const struct fixture *f = *state;

	assert_true(pool_space_for(f->rootfd, NULL) > 0);
	assert_true(pool_space_for(f->rootfd, "/x.img") > 0);
	assert_int_equal(pool_space_for(f->rootfd, "/no/such/directory/x.img"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(a_record_reads_back_as_it_was_written),
		TREE_TEST(a_fault_in_the_record_is_named_where_it_stands),
		TREE_TEST(only_a_btrfs_has_a_uuid),
		TREE_TEST(a_zone_with_a_link_is_in_the_pool),
		TREE_TEST(space_is_that_of_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
