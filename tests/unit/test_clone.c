/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "templates/clone.h"
#include "templates/digest.h"

static struct stat stat_of(int dirfd, const char *name)
{
	struct stat st;

	made(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW));
	return st;
}

static void a_copy_has_the_digest_of_its_original(void **state)
{
	static const struct timespec then[2] = { { 1000, 7 }, { 1000, 7 } };
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	AUTO_CLOSE int dirfd = make_dir(f->rootfd, "d");
	struct digest one, two;
	struct error err = { 0 };

	put(f->rootfd, "su", 04755, "x");
	put(dirfd, "a", 0600, "text");
	made(linkat(dirfd, "a", f->rootfd, "z", 0));
	made(symlinkat("/etc/passwd", f->rootfd, "l"));
	made(linkat(f->rootfd, "l", f->rootfd, "m", 0));
	made(mkfifoat(f->rootfd, "p", 0640));
	made(fchmod(dirfd, 02550));
	made(futimens(dirfd, then));
	made(futimens(f->rootfd, then));
	assert_int_equal(clone_copy(f->rootfd, copyfd, &err), 0);
	assert_int_equal(digest_tree(f->rootfd, NULL, NULL, &one, &err), 0);
	assert_int_equal(digest_tree(copyfd, NULL, NULL, &two, &err), 0);
	assert_string_equal(one.hex, two.hex);
	assert_int_equal(stat_of(copyfd, "z").st_ino, stat_of(copyfd, "d/a").st_ino);
	assert_int_equal(stat_of(copyfd, "d").st_mtim.tv_nsec, 7);
	assert_int_equal(stat_of(copyfd, "m").st_nlink, 2);
}

static void one_name_is_copied_with_all_below_it_and_a_link_is_not_followed(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	AUTO_CLOSE int dirfd = make_dir(f->rootfd, "d");
	struct error err = { 0 };

	put(f->rootfd, "f", 04751, "text");
	put(dirfd, "a", 0600, "x");
	made(fchmod(dirfd, 02750));
	made(symlinkat("d", f->rootfd, "l"));
	made(mkfifoat(f->rootfd, "p", 0640));
	assert_int_equal(clone_name(f->rootfd, "f", copyfd, &err), 0);
	assert_int_equal(clone_name(f->rootfd, "d", copyfd, &err), 0);
	assert_int_equal(clone_name(f->rootfd, "l", copyfd, &err), 0);
	assert_int_equal(clone_name(f->rootfd, "p", copyfd, &err), 0);
	assert_int_equal(stat_of(copyfd, "f").st_mode, S_IFREG | 04751);
	assert_int_equal(stat_of(copyfd, "d").st_mode, S_IFDIR | 02750);
	assert_int_equal(stat_of(copyfd, "d/a").st_size, 1);
	assert_true(S_ISLNK(stat_of(copyfd, "l").st_mode));
	assert_true(S_ISFIFO(stat_of(copyfd, "p").st_mode));
	/* What is there is not replaced. */
	assert_int_equal(clone_name(f->rootfd, "f", copyfd, &err), -1);
	assert_int_equal(err.sys, EEXIST);
	err = (struct error){ 0 };
	assert_int_equal(clone_name(f->rootfd, "nosuch", copyfd, &err), -1);
	assert_int_equal(err.sys, ENOENT);
}

static void holes_stay_holes(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	AUTO_CLOSE int fd = openat(f->rootfd, "s", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	AUTO_CLOSE int readfd = -1;
	struct error err = { 0 };
	char text[5] = "";

	made(ftruncate(fd, 64 << 20));
	assert_int_equal(pwrite(fd, "data", 4, 8 << 20), 4);
	assert_int_equal(clone_copy(f->rootfd, copyfd, &err), 0);
	assert_int_equal(stat_of(copyfd, "s").st_size, 64 << 20);
	assert_true(stat_of(copyfd, "s").st_blocks < 1000);
	readfd = openat(copyfd, "s", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(readfd, text, 4, 8 << 20), 4);
	assert_string_equal(text, "data");
}

static void xattrs_come_along(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	AUTO_CLOSE int fd = -1;
	struct error err = { 0 };
	char value[4] = "";

	put(f->rootfd, "f", 0644, "x");
	fd = openat(f->rootfd, "f", O_RDONLY | O_CLOEXEC);
	if (fsetxattr(fd, "user.x", "y", 1, 0) < 0) {
		print_message("# skip: no user xattrs on the filesystem of /tmp\n");
		skip();
	}
	assert_int_equal(clone_copy(f->rootfd, copyfd, &err), 0);
	close(fd);
	fd = openat(copyfd, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "user.x", value, sizeof(value)), 1);
	assert_string_equal(value, "y");
}

/* What an overlay's upper layer has and a template has not. */
static void an_exact_copy_has_devices_and_every_xattr(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	AUTO_CLOSE int dirfd = make_dir(f->rootfd, "d");
	AUTO_CLOSE int seenfd = -1;
	struct error err = { 0 };
	char value[8] = "";

	if (geteuid() != 0)
		skip();
	made(mknodat(f->rootfd, "gone", S_IFCHR, makedev(0, 0)));
	made(linkat(f->rootfd, "gone", dirfd, "gone too", 0));
	made(mknodat(f->rootfd, "sock", S_IFSOCK | 0600, 0));
	made(fsetxattr(dirfd, "trusted.overlay.opaque", "y", 1, 0));
	assert_int_equal(clone_exact(f->rootfd, copyfd, &err), 0);
	assert_true(S_ISCHR(stat_of(copyfd, "gone").st_mode));
	assert_int_equal(stat_of(copyfd, "gone").st_rdev, makedev(0, 0));
	assert_int_equal(stat_of(copyfd, "d/gone too").st_ino, stat_of(copyfd, "gone").st_ino);
	assert_true(S_ISSOCK(stat_of(copyfd, "sock").st_mode));
	seenfd = openat(copyfd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fgetxattr(seenfd, "trusted.overlay.opaque", value, sizeof(value)), 1);
	assert_string_equal(value, "y");
}

static void a_name_that_is_taken_fails_and_says_which(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int copyfd = make_dir(f->dirfd, "copy");
	struct error err = { 0 };

	put(f->rootfd, "f", 0644, "x");
	made(symlinkat("/tmp/elsewhere", copyfd, "f"));
	assert_int_equal(clone_copy(f->rootfd, copyfd, &err), -1);
	assert_string_equal(err.text, "copy: 'f': make file: File exists");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(a_copy_has_the_digest_of_its_original),
		TREE_TEST(one_name_is_copied_with_all_below_it_and_a_link_is_not_followed),
		TREE_TEST(holes_stay_holes),
		TREE_TEST(xattrs_come_along),
		TREE_TEST(an_exact_copy_has_devices_and_every_xattr),
		TREE_TEST(a_name_that_is_taken_fails_and_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
