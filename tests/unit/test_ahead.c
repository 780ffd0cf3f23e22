/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "base/sha256.h"
#include "templates/ahead.h"
#include "templates/digest.h"

/* Hands the names over, each with its NUL, and waits until they have been read. */
static void read_ahead(struct fixture *f, struct ahead *a, const char *names, size_t len)
{
	struct ahead_run run = { .is_running = false };
	struct error err = { 0 };
	int fds[2];

	made(pipe2(fds, O_CLOEXEC));
	assert_int_equal(ahead_begin(&run, a, f->rootfd, fds[0], &err), 0);
	assert_int_equal(write(fds[1], names, len), len);
	close(fds[1]);
	pthread_join(run.thread, NULL);	/* ahead_end() would not wait for all of them */
	sigaction(SIGIO, &run.before, NULL);
	close(fds[0]);
}

#define READ_AHEAD(f, a, names) read_ahead(f, a, names, sizeof(names))

static const uint8_t *find(struct fixture *f, const struct ahead *a, const char *name)
{
	struct stat st;

	made(fstatat(f->rootfd, name, &st, AT_SYMLINK_NOFOLLOW));
	return ahead_find(a, &st);
}

static void a_finished_file_is_known_by_its_contents(void **state)
{
	struct fixture *f = *state;
	struct ahead a = { .n = 0 };
	uint8_t want[SHA256_SIZE];
	struct sha256 sum;

	put(f->rootfd, "a", 0644, "hello");
	put(f->rootfd, "b", 0644, "");
	assert_null(find(f, &a, "a"));
	READ_AHEAD(f, &a, "a\0b");
	sha256_init(&sum);
	sha256_add(&sum, "hello", 5);
	sha256_end(&sum, want);
	assert_non_null(find(f, &a, "a"));
	assert_memory_equal(find(f, &a, "a"), want, SHA256_SIZE);
	assert_non_null(find(f, &a, "b"));
	ahead_clear(&a);
	assert_null(find(f, &a, "a"));
}

/* Each changes the file in another way that leaves its size. */
static void write_again(int fd)
{
	assert_int_equal(pwrite(fd, "HELLO", 5, 0), 5);
}

static void write_mapped(int fd)
{
	char *map = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(map != MAP_FAILED);
	memcpy(map, "HELLO", 5);
	munmap(map, 5);
}

static void cut_and_grow(int fd)
{
	made(ftruncate(fd, 0));
	made(ftruncate(fd, 5));
}

static void set_xattr(int fd)
{
	made(fsetxattr(fd, "user.x", "y", 1, 0));
}

static void a_file_changed_at_once_and_given_its_old_time_is_not_known(void **state)
{
	static void (*const changes[])(int fd) = { write_again, write_mapped, cut_and_grow,
						   set_xattr };
	static const struct timespec then[2] = { { 1000, 5 }, { 1000, 5 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < N_ROWS(changes); i++) {
		AUTO_CLOSE int fd = -1;
		struct ahead a = { .n = 0 };

		put(f->rootfd, "a", 0644, "hello");
		made(utimensat(f->rootfd, "a", then, 0));
		READ_AHEAD(f, &a, "a");
		assert_non_null(find(f, &a, "a"));
		fd = openat(f->rootfd, "a", O_RDWR | O_CLOEXEC);
		made(fd);
		changes[i](fd);
		made(futimens(fd, then));
		assert_null(find(f, &a, "a"));
		ahead_clear(&a);
	}
}

static void a_file_that_somebody_can_still_write_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct ahead a = { .n = 0 };
	AUTO_CLOSE int fd = -1;
	char *map;
	int mapped;

	put(f->rootfd, "open", 0644, "hello");
	put(f->rootfd, "mapped", 0644, "hello");
	fd = openat(f->rootfd, "open", O_WRONLY | O_CLOEXEC);
	made(fd);
	mapped = openat(f->rootfd, "mapped", O_RDWR | O_CLOEXEC);
	made(mapped);
	map = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0);
	assert_true(map != MAP_FAILED);
	map[0] = 'H';
	close(mapped);
	READ_AHEAD(f, &a, "open\0mapped");
	assert_null(find(f, &a, "open"));
	assert_null(find(f, &a, "mapped"));
	munmap(map, 5);
	ahead_clear(&a);
}

static void what_is_no_plain_file_below_the_root_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct ahead a = { .n = 0 };

	put(f->dirfd, "outside", 0644, "hello");
	put(f->rootfd, "x", 0644, "hello");
	made(symlinkat("x", f->rootfd, "link"));
	made(symlinkat("..", f->rootfd, "up"));
	made(mkdirat(f->rootfd, "dir", 0755));
	made(mkfifoat(f->rootfd, "fifo", 0644));
	READ_AHEAD(f, &a, "link\0up/outside\0../outside\0dir\0fifo\0\0missing");
	assert_int_equal(a.n, 0);
	ahead_clear(&a);
}

static void a_file_with_xattrs_is_left_to_the_digest_of_the_tree(void **state)
{
	struct fixture *f = *state;
	struct ahead a = { .n = 0 };

	put(f->rootfd, "a", 0644, "hello");
	{
		AUTO_CLOSE int fd = openat(f->rootfd, "a", O_RDONLY | O_CLOEXEC);

		set_xattr(fd);
	}
	READ_AHEAD(f, &a, "a");
	assert_null(find(f, &a, "a"));
	ahead_clear(&a);
}

static void noise_is_no_name(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *noise = xcalloc(1, 60000);
	struct ahead a = { .n = 0 };

	memset(noise, 'a', 60000);
	read_ahead(f, &a, noise, 60000);
	read_ahead(f, &a, "unended", 7);
	assert_int_equal(a.n, 0);
	ahead_clear(&a);
}

static void more_files_than_the_first_table_holds_are_known(void **state)
{
	struct fixture *f = *state;
	struct ahead a = { .n = 0 };
	char names[1000 * 5];

	for (int i = 0; i < 1000; i++) {
		snprintf(names + 5 * i, 5, "%04d", i);
		put(f->rootfd, names + 5 * i, 0644, names + 5 * i);
	}
	read_ahead(f, &a, names, sizeof(names));
	for (int i = 0; i < 1000; i++)
		assert_non_null(find(f, &a, names + 5 * i));
	ahead_clear(&a);
}

static void a_tree_has_the_same_digest_with_and_without_it(void **state)
{
	struct fixture *f = *state;
	struct digest plain, ahead, changed;
	struct ahead a = { .n = 0 };
	struct error err = { 0 };

	put(f->rootfd, "a", 0644, "hello");
	put(f->rootfd, "b", 0600, "world");
	made(linkat(f->rootfd, "a", f->rootfd, "c", 0));
	READ_AHEAD(f, &a, "a\0b");
	assert_int_equal(a.n, 2);
	assert_int_equal(digest_tree(f->rootfd, NULL, NULL, &plain, &err), 0);
	assert_int_equal(digest_tree(f->rootfd, &a, NULL, &ahead, &err), 0);
	assert_string_equal(plain.hex, ahead.hex);
	assert_int_equal(plain.size, ahead.size);
	put(f->rootfd, "b", 0600, "WORLD");
	assert_int_equal(digest_tree(f->rootfd, NULL, NULL, &plain, &err), 0);
	assert_int_equal(digest_tree(f->rootfd, &a, NULL, &changed, &err), 0);
	assert_string_equal(plain.hex, changed.hex);
	ahead_clear(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_finished_file_is_known_by_its_contents),
		TEST(a_file_changed_at_once_and_given_its_old_time_is_not_known),
		TEST(a_file_that_somebody_can_still_write_is_not_remembered),
		TEST(what_is_no_plain_file_below_the_root_is_not_remembered),
		TEST(a_file_with_xattrs_is_left_to_the_digest_of_the_tree),
		TEST(noise_is_no_name),
		TEST(more_files_than_the_first_table_holds_are_known),
		TEST(a_tree_has_the_same_digest_with_and_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
