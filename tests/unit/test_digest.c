/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include <sys/xattr.h>

#include "templates/digest.h"

static const struct timespec then[2] = { { 1000, 5 }, { 1000, 5 } };

/* The same small tree, in an order of making that order says. */
static void plant(int dirfd, bool backward)
{
	static const char *const names[] = { "a", "b", "c" };

	for (int i = 0; i < 3; i++) {
		const char *name = names[backward ? 2 - i : i];

		put(dirfd, name, 0644, name);
		made(utimensat(dirfd, name, then, 0));
	}
	made(linkat(dirfd, "a", dirfd, "z", 0));
	made(symlinkat("a", dirfd, "l"));
	made(utimensat(dirfd, "l", then, AT_SYMLINK_NOFOLLOW));
	made(futimens(dirfd, then));
}

static struct digest digest_of(int rootfd)
{
	struct digest d = { .size = 0 };
	struct error err = { 0 };

	assert_int_equal(digest_tree(rootfd, NULL, NULL, &d, &err), 0);
	return d;
}

static void the_same_tree_has_one_digest_wherever_it_lies(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int otherfd = make_dir(f->dirfd, "other");
	struct digest one, two;

	plant(f->rootfd, false);
	plant(otherfd, true);
	one = digest_of(f->rootfd);
	two = digest_of(otherfd);
	assert_string_equal(one.hex, two.hex);
	assert_int_equal(one.size, 3);
	assert_int_equal(one.files, 5);
}

/* Makes one change, sees another digest. */
static void differs(struct fixture *f, const struct digest *before)
{
	struct digest now;

	made(futimens(f->rootfd, then));
	now = digest_of(f->rootfd);
	assert_string_not_equal(now.hex, before->hex);
}

static void contents_count(void **state)
{
	struct fixture *f = *state;
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	put(f->rootfd, "b", 0644, "B");
	made(utimensat(f->rootfd, "b", then, 0));
	differs(f, &before);
}

static void the_mode_counts(void **state)
{
	struct fixture *f = *state;
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	made(fchmodat(f->rootfd, "b", 04755, 0));
	differs(f, &before);
}

static void the_time_counts_in_seconds(void **state)
{
	struct fixture *f = *state;
	const struct timespec near[2] = { { 1000, 900 }, { 1000, 900 } };
	const struct timespec far[2] = { { 1001, 0 }, { 1001, 0 } };
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	made(utimensat(f->rootfd, "b", near, 0));
	assert_string_equal(digest_of(f->rootfd).hex, before.hex);
	made(utimensat(f->rootfd, "b", far, 0));
	differs(f, &before);
}

static void two_names_of_one_file_are_not_two_files(void **state)
{
	struct fixture *f = *state;
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	made(unlinkat(f->rootfd, "z", 0));
	put(f->rootfd, "z", 0644, "a");
	made(utimensat(f->rootfd, "z", then, 0));
	differs(f, &before);
}

static void where_a_link_points_counts(void **state)
{
	struct fixture *f = *state;
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	made(unlinkat(f->rootfd, "l", 0));
	made(symlinkat("b", f->rootfd, "l"));
	made(utimensat(f->rootfd, "l", then, AT_SYMLINK_NOFOLLOW));
	differs(f, &before);
}

static void a_name_is_no_part_of_the_contents(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int otherfd = make_dir(f->dirfd, "other");

	put(f->rootfd, "ab", 0644, "c");
	put(otherfd, "a", 0644, "bc");
	made(utimensat(f->rootfd, "ab", then, 0));
	made(utimensat(otherfd, "a", then, 0));
	made(futimens(f->rootfd, then));
	made(futimens(otherfd, then));
	assert_string_not_equal(digest_of(f->rootfd).hex, digest_of(otherfd).hex);
}

static void kept_xattrs_count(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = -1;
	struct digest before;

	plant(f->rootfd, false);
	before = digest_of(f->rootfd);
	fd = openat(f->rootfd, "b", O_RDONLY | O_CLOEXEC);
	if (fsetxattr(fd, "user.x", "y", 1, 0) < 0) {
		print_message("# skip: no user xattrs on the filesystem of /tmp\n");
		skip();
	}
	differs(f, &before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(the_same_tree_has_one_digest_wherever_it_lies),
		TREE_TEST(contents_count),
		TREE_TEST(the_mode_counts),
		TREE_TEST(the_time_counts_in_seconds),
		TREE_TEST(two_names_of_one_file_are_not_two_files),
		TREE_TEST(where_a_link_points_counts),
		TREE_TEST(a_name_is_no_part_of_the_contents),
		TREE_TEST(kept_xattrs_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
