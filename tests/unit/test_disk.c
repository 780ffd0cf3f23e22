/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include "disks/disk.h"
#include "disks/ext4.h"
#include "disks/image.h"
#include "disks/plain.h"

#define MIB ((uint64_t)1 << 20)

/* A zone's directory, which the fixture's root is. */
static struct disk zone_of(const struct fixture *f)
{
	return (struct disk){ .varfd = f->dirfd, .zonefd = f->rootfd, .runfd = -1 };
}

static void a_zone_is_of_the_kind_that_lies_in_its_directory(void **state)
{
	struct fixture *f = *state;
	struct disk d = zone_of(f);

	made(mkdirat(f->rootfd, "data", 0700));
	assert_ptr_equal(disk_kind_of(&d), &disk_plain);
	put(f->rootfd, ".disk.img.new", 0600, "");
	assert_ptr_equal(disk_kind_of(&d), &disk_plain);
	put(f->rootfd, "disk.img", 0600, "");
	assert_ptr_equal(disk_kind_of(&d), &disk_image);
}

static void a_place_with_a_limit_is_no_plain_directory(void **state)
{
	struct disk d = zone_of(*state);
	struct disk_want want = { .templatefd = -1 };
	struct error err = { 0 };

	assert_ptr_equal(disk_choose(&d, &want, &err), &disk_plain);
	want.limits.bytes = 16 * MIB;
	assert_ptr_not_equal(disk_choose(&d, &want, &err), &disk_plain);
	assert_ptr_not_equal(disk_choose(&d, &want, &err), NULL);
}

static void a_limit_that_a_plain_place_lacks_needs_another(void **state)
{
	struct disk d = zone_of(*state);
	const struct disk_limits none = { 0 }, some = { .bytes = 16 * MIB };
	struct error err = { 0 };

	made(mkdirat(d.zonefd, "data", 0700));
	assert_int_equal(disk_limit(&d, &none, &err), DISK_CHANGED);
	assert_int_equal(disk_limit(&d, &some, &err), DISK_COPY);
	d.runfd = d.zonefd;
	assert_int_equal(disk_limit(&d, &some, &err), DISK_STOPPED);
}

static void the_device_of_a_zone_is_noted_and_forgotten(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(disk_device_read(f->rootfd), -1);
	assert_int_equal(disk_device_write(f->rootfd, 17, &err), 0);
	assert_int_equal(disk_device_read(f->rootfd), 17);
	assert_int_equal(disk_device_write(f->rootfd, 4, &err), 0);
	assert_int_equal(disk_device_read(f->rootfd), 4);
	assert_int_equal(disk_device_write(f->rootfd, -1, &err), 0);
	assert_int_equal(disk_device_read(f->rootfd), -1);
	assert_int_equal(disk_device_read(-1), -1);
}

static int image_make(const struct fixture *f, uint64_t bytes)
{
	int fd = openat(f->rootfd, "disk.img", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	made(fd);
	made(ftruncate(fd, (off_t)bytes));
	return fd;
}

static void an_image_says_of_itself_what_it_was_made_of(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = image_make(f, 64 * MIB);
	struct error err = { 0 };
	struct ext4_super s;

	if (ext4_make(f->rootfd, "disk.img", 2000, true, &err) < 0) {
		if (err.kind == ERR_UNSUPPORTED)
			skip();
		fail_msg("%s", err.text);
	}
	assert_int_equal(ext4_read(fd, &s, &err), 0);
	assert_int_equal(s.bytes, 64 * MIB);
	assert_in_range(s.free_bytes, 50 * MIB, 63 * MIB);
	assert_int_equal(s.asked_inodes, 2000);
	assert_in_range(s.inodes, 2000, 2100);
	assert_int_equal(s.inodes - s.free_inodes, 11);
	assert_true(s.has_journal);
	assert_false(s.has_errors);
}

static void an_image_takes_little_of_the_host(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = image_make(f, 10240 * MIB);
	struct error err = { 0 };
	struct ext4_super s;
	struct stat st;

	if (ext4_make(f->rootfd, "disk.img", 0, false, &err) < 0) {
		if (err.kind == ERR_UNSUPPORTED)
			skip();
		fail_msg("%s", err.text);
	}
	assert_int_equal(ext4_read(fd, &s, &err), 0);
	assert_false(s.has_journal);
	assert_int_equal(s.asked_inodes, 0);
	made(fstat(fd, &st));
	assert_true(st.st_blocks * 512 < 1000000);
}

static void a_file_that_holds_no_filesystem_is_refused(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = image_make(f, 64 * MIB);
	struct error err = { 0 };
	struct ext4_super s;

	assert_int_equal(ext4_read(fd, &s, &err), -1);
	assert_string_equal(err.text, "the image holds no filesystem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(a_zone_is_of_the_kind_that_lies_in_its_directory),
		TREE_TEST(a_place_with_a_limit_is_no_plain_directory),
		TREE_TEST(a_limit_that_a_plain_place_lacks_needs_another),
		TREE_TEST(the_device_of_a_zone_is_noted_and_forgotten),
		TREE_TEST(an_image_says_of_itself_what_it_was_made_of),
		TREE_TEST(an_image_takes_little_of_the_host),
		TREE_TEST(a_file_that_holds_no_filesystem_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
