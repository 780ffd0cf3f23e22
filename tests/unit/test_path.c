/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"

struct fixture {
	char dir[sizeof("/tmp/zonectl-test-XXXXXX")];	/* holds "root" and "outside" */
	int dirfd, rootfd;
};

/* A file below the fixture's directory, made without the code under test. */
static void put(int dirfd, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	strcpy(f->dir, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->dirfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(f->dirfd, "root", 0700);
	mkdirat(f->dirfd, "outside", 0700);
	put(f->dirfd, "outside/secret", "secret");
	f->rootfd = openat(f->dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f->rootfd < 0 ? -1 : 0;
}

/* Every test ends with the host's file untouched and every descriptor closed. */
static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char text[16] = "";
	int fd = openat(f->dirfd, "outside/secret", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));
	int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status = path_remove(tmpfd, f->dir + strlen("/tmp/"), &err);

	close(fd);
	close(tmpfd);
	close(f->rootfd);
	close(f->dirfd);
	free(f);
	return n == 6 && memcmp(text, "secret", 6) == 0 ? status : -1;
}

static bool is_there(const struct fixture *f, const char *path)
{
	return faccessat(f->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void open_keeps_links_inside_the_root(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char *text = NULL;

	symlinkat("/outside", f->rootfd, "absolute");
	symlinkat("../outside", f->rootfd, "upward");
	assert_int_equal(path_open(f->rootfd, "absolute/secret", O_RDONLY, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "open 'absolute/secret': No such file or directory");
	assert_int_equal(path_open(f->rootfd, "upward/secret", O_RDONLY, &err), -1);
	assert_int_equal(path_open(f->rootfd, "../../../outside/secret", O_RDONLY, &err), -1);
	mkdirat(f->rootfd, "outside", 0700);
	put(f->rootfd, "outside/secret", "mine");
	assert_int_equal(path_read(f->rootfd, "upward/secret", 10, &text, NULL, &err), 0);
	assert_string_equal(text, "mine");
	free(text);
}

static void the_working_directory_is_no_root(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(path_open(AT_FDCWD, "/etc/passwd", O_RDONLY, &err), -1);
	assert_int_equal(err.sys, EBADF);
	assert_int_equal(path_remove(AT_FDCWD, "/tmp/none", &err), -1);
	assert_int_equal(err.sys, EBADF);
}

static void open_follows_no_magic_link(void **state)
{
	AUTO_CLOSE int procfd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(path_open(procfd, "cwd", O_RDONLY, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(path_open(procfd, "fd/0", O_RDONLY, &err), -1);
	assert_int_equal(err.sys, ELOOP);
}

static void open_never_writes(void **state)
{
	static const int flags[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE };
	struct fixture *f = *state;
	struct error err = { 0 };

	put(f->rootfd, "a", "text");
	for (size_t i = 0; i < N_ROWS(flags); i++) {
		assert_int_equal(path_open(f->rootfd, "a", flags[i], &err), -1);
		assert_int_equal(err.sys, EINVAL);
		assert_int_equal(path_open_nolink(f->rootfd, "a", flags[i], true, &err), -1);
	}
}

static void nolink_refuses_a_link_anywhere(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;

	mkdirat(f->rootfd, "d", 0700);
	put(f->rootfd, "d/a", "text");
	symlinkat("d", f->rootfd, "l");
	symlinkat("a", f->rootfd, "d/l");
	assert_int_equal(path_open_nolink(f->rootfd, "l/a", O_RDONLY, false, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(path_open_nolink(f->rootfd, "d/l", O_RDONLY, false, &err), -1);
	assert_int_equal(path_open_nolink(f->rootfd, "../outside", O_RDONLY, false, &err), -1);
	assert_int_equal(err.sys, EXDEV);
	fd = path_open_nolink(f->rootfd, "/d/a", O_RDONLY, true, &err);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void one_mount_means_one(void **state)
{
	AUTO_CLOSE int hostfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(hostfd, "proc/self/stat", O_PATH, false, &err);

	(void)state;
	assert_int_equal(path_open_nolink(hostfd, "proc/version", O_RDONLY, true, &err), -1);
	assert_int_equal(err.sys, EXDEV);
}

static void a_fifo_for_a_file_neither_hangs_nor_reads(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char *text = NULL;

	mkfifoat(f->rootfd, "passwd", 0600);
	assert_int_equal(path_read(f->rootfd, "passwd", 100, &text, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "read 'passwd': not a regular file");
	assert_int_equal(path_read(f->rootfd, ".", 100, &text, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void a_file_larger_than_asked_is_refused_unread(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_create(f->rootfd, "sparse", 0600, &err);
	char *text = NULL;

	assert_int_equal(ftruncate(fd, (off_t)4 << 30), 0);
	assert_int_equal(path_read(f->rootfd, "sparse", 1 << 20, &text, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "read 'sparse': longer than 1048576 bytes");
}

static void a_file_that_lies_about_its_size_is_capped_too(void **state)
{
	AUTO_CLOSE int procfd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	char *text = NULL;

	(void)state;
	assert_int_equal(path_read(procfd, "maps", 16, &text, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "read 'maps': longer than 16 bytes");
}

static void a_link_is_read_and_looked_at_itself(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_FREE char *target = NULL;
	struct stat st;

	symlinkat("/etc/passwd", f->rootfd, "l");
	target = path_readlink(f->rootfd, "l", &err);
	assert_string_equal(target, "/etc/passwd");
	assert_int_equal(path_lstat(f->rootfd, "l", &st, &err), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_null(path_readlink(f->rootfd, ".", &err));
	assert_int_equal(err.sys, EINVAL);
	assert_int_equal(path_lstat(f->rootfd, "none", &st, &err), -1);
	assert_int_equal(err.sys, ENOENT);
}

static void mkdirs_makes_what_is_missing_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	mode_t before = umask(077);
	AUTO_CLOSE int fd = path_mkdirs(f->rootfd, "/a//b/c/", 0755, &err);
	AUTO_CLOSE int again = path_mkdirs(f->rootfd, "a/b/c", 0700, &err);
	AUTO_CLOSE int root = path_mkdirs(f->rootfd, "", 0700, &err);
	struct stat st, other;

	umask(before);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstat(again, &other), 0);
	assert_true(st.st_ino == other.st_ino);
	assert_int_equal(fstat(root, &other), 0);
	assert_int_equal(fstat(f->rootfd, &st), 0);
	assert_true(st.st_ino == other.st_ino);
}

static void mkdirs_refuses_links_and_going_up(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	symlinkat("../outside", f->rootfd, "l");
	symlinkat("../outside/new", f->rootfd, "dangling");
	assert_int_equal(path_mkdirs(f->rootfd, "l/x", 0755, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_string_equal(err.text, "make directory 'l/x': Too many levels of symbolic links");
	assert_int_equal(path_mkdirs(f->rootfd, "dangling", 0755, &err), -1);
	assert_int_equal(path_mkdirs(f->rootfd, "a/../../outside/y", 0755, &err), -1);
	assert_int_equal(err.sys, EXDEV);
	assert_false(is_there(f, "outside/x"));
	assert_false(is_there(f, "outside/y"));
	assert_false(is_there(f, "outside/new"));
}

static void parent_wants_a_name(void **state)
{
	static const char *const bad[] = { "", "/", ".", "..", "a/..", "a/", "a/." };
	struct fixture *f = *state;
	struct error err = { 0 };
	const char *name = NULL;
	AUTO_CLOSE int fd = path_parent(f->rootfd, "/x", &name, &err);

	assert_true(fd >= 0);
	assert_string_equal(name, "x");
	mkdirat(f->rootfd, "a", 0700);
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(path_parent(f->rootfd, bad[i], &name, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void create_never_opens_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_create(f->rootfd, "new", 04755, &err);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 04755);
	assert_int_equal(path_create(f->rootfd, "new", 0644, &err), -1);
	assert_int_equal(err.sys, EEXIST);
	symlinkat("../outside/made", f->rootfd, "l");
	assert_int_equal(path_create(f->rootfd, "l", 0644, &err), -1);
	assert_false(is_there(f, "outside/made"));
}

static void writing_replaces_a_link_and_not_its_target(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_FREE char *text = NULL;

	symlinkat("../outside/secret", f->rootfd, "resolv.conf");
	assert_int_equal(path_write(f->rootfd, "resolv.conf", 0644, "mine", 4, &err), 0);
	assert_int_equal(path_read(f->rootfd, "resolv.conf", 10, &text, NULL, &err), 0);
	assert_string_equal(text, "mine");
	symlinkat("../outside", f->rootfd, "l");
	assert_int_equal(path_write(f->rootfd, "l/secret", 0644, "mine", 4, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	mkdirat(f->rootfd, "d", 0700);
	assert_int_equal(path_write(f->rootfd, "d", 0644, "mine", 4, &err), -1);
	assert_string_equal(err.text, "write 'd': Is a directory");
}

static void a_link_replaces_a_file_or_link_but_no_directory(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_FREE char *target = NULL;

	put(f->rootfd, "l", "text");
	assert_int_equal(path_symlink(f->rootfd, "l", "one", &err), 0);
	assert_int_equal(path_symlink(f->rootfd, "l", "/two", &err), 0);
	target = path_readlink(f->rootfd, "l", &err);
	assert_string_equal(target, "/two");
	mkdirat(f->rootfd, "d", 0700);
	assert_int_equal(path_symlink(f->rootfd, "d", "one", &err), -1);
	assert_string_equal(err.text, "make link 'd': Is a directory");
}

static void removing_takes_a_tree_and_no_target_of_a_link(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char name[32];

	close(path_mkdirs(f->rootfd, "t/a/b/c", 0755, &err));
	close(path_mkdirs(f->rootfd, "t/locked", 0755, &err));
	put(f->rootfd, "t/locked/a", "x");
	fchmodat(f->rootfd, "t/locked", geteuid() == 0 ? 0 : 0700, 0);
	symlinkat("../../outside", f->rootfd, "t/l");
	symlinkat("../../../outside/secret", f->rootfd, "t/a/l");
	mkfifoat(f->rootfd, "t/a/fifo", 0600);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "t/a/b/%s%d", i % 3 == 0 ? "d" : "f", i);
		if (i % 3 == 0)
			close(path_mkdirs(f->rootfd, strcat(name, "/x"), 0755, &err));
		else
			put(f->rootfd, name, "x");
	}
	assert_int_equal(path_remove(f->rootfd, "t", &err), 0);
	assert_false(is_there(f, "root/t"));
}

static void removing_nothing_is_success_and_leaves_the_error_alone(void **state)
{
	struct fixture *f = *state;
	struct error err = { .text = "old" };

	assert_int_equal(path_remove(f->rootfd, "none", &err), 0);
	assert_int_equal(path_remove(f->rootfd, "none/below", &err), 0);
	assert_string_equal(err.text, "old");
}

static void removing_goes_through_no_link(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	symlinkat("../outside", f->rootfd, "l");
	assert_int_equal(path_remove(f->rootfd, "l/secret", &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(path_remove(f->rootfd, "../outside/secret", &err), -1);
	assert_int_equal(path_remove(f->rootfd, "l", &err), 0);
	assert_false(is_there(f, "root/l"));
}

static void a_tree_deeper_than_any_path_is_removed(void **state)
{
	enum { DEPTH = 900 };
	struct fixture *f = *state;
	struct error err = { 0 };
	int dirfd = path_mkdirs(f->rootfd, "t", 0700, &err);

	for (int i = 0; i < DEPTH; i += 3) {
		int next = path_mkdirs(dirfd, "a/b/c", 0700, &err);

		assert_true(next >= 0);
		if (i % 100 == 0)
			put(next, "file", "x");
		close(dirfd);
		dirfd = next;
	}
	close(dirfd);
	assert_int_equal(path_remove(f->rootfd, "t", &err), 0);
	assert_false(is_there(f, "root/t"));
}

/* Swaps the directory d and the link l that leads outside, until it is killed. */
static pid_t start_swapping(int rootfd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;)
		renameat2(rootfd, "d", rootfd, "l", RENAME_EXCHANGE);
}

static void a_racing_rename_never_leads_outside(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	int inside = 0, refused = 0;
	pid_t pid;

	mkdirat(f->rootfd, "d", 0700);
	symlinkat("../outside", f->rootfd, "l");
	pid = start_swapping(f->rootfd);
	/* Until both were met, so that the test cannot pass by never racing. */
	for (int i = 0; i < 1000000 && (i < 500 || inside == 0 || refused == 0); i++) {
		int status = path_write(f->rootfd, "d/x", 0600, "x", 1, &err);

		inside += status == 0;
		refused += status < 0;
		status = path_mkdirs(f->rootfd, "d/y/z", 0700, &err);
		if (status >= 0)
			close(status);
		(void)path_remove(f->rootfd, "d/y", &err);
		(void)path_remove(f->rootfd, "d/secret", &err);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(inside > 0);
	assert_true(refused > 0);
	assert_false(is_there(f, "outside/x"));
	assert_false(is_there(f, "outside/y"));
	assert_true(is_there(f, "outside/secret"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(open_keeps_links_inside_the_root, setup, teardown),
		cmocka_unit_test_setup_teardown(the_working_directory_is_no_root, setup, teardown),
		cmocka_unit_test_setup_teardown(open_follows_no_magic_link, setup, teardown),
		cmocka_unit_test_setup_teardown(open_never_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(nolink_refuses_a_link_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(one_mount_means_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fifo_for_a_file_neither_hangs_nor_reads, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_larger_than_asked_is_refused_unread, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_lies_about_its_size_is_capped_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_is_read_and_looked_at_itself, setup,
						teardown),
		cmocka_unit_test_setup_teardown(mkdirs_makes_what_is_missing_whatever_the_umask,
						setup, teardown),
		cmocka_unit_test_setup_teardown(mkdirs_refuses_links_and_going_up, setup, teardown),
		cmocka_unit_test_setup_teardown(parent_wants_a_name, setup, teardown),
		cmocka_unit_test_setup_teardown(create_never_opens_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(writing_replaces_a_link_and_not_its_target, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_link_replaces_a_file_or_link_but_no_directory,
						setup, teardown),
		cmocka_unit_test_setup_teardown(removing_takes_a_tree_and_no_target_of_a_link,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			removing_nothing_is_success_and_leaves_the_error_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(removing_goes_through_no_link, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tree_deeper_than_any_path_is_removed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_racing_rename_never_leads_outside, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
