/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

struct fixture {
	char dir[sizeof("/tmp/zonectl-test-XXXXXX")];
	int rootfd;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	strcpy(f->dir, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->rootfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->rootfd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status = path_remove(tmpfd, f->dir + strlen("/tmp/"), &err);

	close(tmpfd);
	close(f->rootfd);
	free(f);
	return status;
}

static void reading_takes_all_and_ends_it_with_nul(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *big = xcalloc(10000, 1), *read = NULL;
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;
	size_t len = 0;

	memset(big, 'x', 9999);
	assert_int_equal(fd_replace_nosync(f->rootfd, "a", 0600, big, 9999, &err), 0);
	fd = openat(f->rootfd, "a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, 9999, &read, &len, &err), 0);
	assert_int_equal(len, 9999);
	assert_string_equal(read, big);
}

static void reading_more_than_allowed_is_a_usage_error(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;
	char *text = NULL;

	assert_int_equal(fd_replace_nosync(f->rootfd, "a", 0600, "12345", 5, &err), 0);
	fd = openat(f->rootfd, "a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, 4, &text, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "longer than 4 bytes");
	assert_null(text);
}

static void a_short_exact_read_has_no_errno(void **state)
{
	struct error err = { 0 };
	char buf[4];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], "abc", 3, &err), 0);
	close(ends[1]);
	assert_int_equal(fd_read_exact(ends[0], buf, 4, &err), -1);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.text, "read: ended after 3 of 4 bytes");
	close(ends[0]);
}

static void a_control_file_is_read_without_its_newline(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char buf[8];

	fd_replace_nosync(f->rootfd, "pids.max", 0600, "max\n", 4, &err);
	assert_int_equal(fd_read_control(f->rootfd, "pids.max", buf, sizeof(buf), &err), 3);
	assert_string_equal(buf, "max");
	assert_int_equal(fd_write_control(f->rootfd, "pids.max", "1234567\n", &err), 0);
	assert_int_equal(fd_read_control(f->rootfd, "pids.max", buf, sizeof(buf), &err), -1);
	assert_string_equal(err.text, "read 'pids.max': longer than 7 bytes");
}

static void a_missing_control_file_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(fd_write_control(f->rootfd, "memory.max", "1", &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "write 'memory.max': No such file or directory");
}

static void replacing_sets_text_and_mode_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	mode_t before = umask(077);
	char buf[16];
	struct stat st;

	assert_int_equal(fd_replace(f->rootfd, "zone.json", 0644, "old", 3, &err), 0);
	assert_int_equal(fd_replace(f->rootfd, "zone.json", 0664, "new", 3, &err), 0);
	umask(before);
	assert_int_equal(fd_read_control(f->rootfd, "zone.json", buf, sizeof(buf), &err), 3);
	assert_string_equal(buf, "new");
	assert_int_equal(fstatat(f->rootfd, "zone.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
}

static void a_failed_replacement_leaves_nothing_beside(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSEDIR DIR *dir = NULL;
	struct error err = { 0 };
	int n = 0;

	assert_int_equal(mkdirat(f->rootfd, "d", 0700), 0);
	assert_int_equal(fd_replace(f->rootfd, "d", 0644, "x", 1, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	dir = fdopendir(dup(f->rootfd));
	while (readdir(dir))
		n++;
	assert_int_equal(n, 3);	/* ".", ".." and "d" */
}

static void descriptors_pass_over_a_socket_close_on_exec(void **state)
{
	struct error err = { 0 };
	int pair[2], ends[2], got[2] = { -1, -1 }, spare[2];
	size_t n = 2;
	char data[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_send(pair[0], ends, 2, "hello", 5, &err), 0);
	assert_int_equal(fd_receive(pair[1], got, &n, data, sizeof(data), &err), 5);
	assert_int_equal(n, 2);
	assert_memory_equal(data, "hello", 5);
	assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fd_write_all(got[1], "x", 1, &err), 0);
	assert_int_equal(fd_read_exact(ends[0], data, 1, &err), 0);
	close(pair[0]);
	n = 2;
	assert_int_equal(fd_receive(pair[1], spare, &n, data, sizeof(data), &err), 0);
	close(pair[1]);
	close(ends[0]);
	close(ends[1]);
	close(got[0]);
	close(got[1]);
}

static void more_descriptors_than_there_is_room_for_are_closed(void **state)
{
	struct error err = { 0 };
	int pair[2], sent[3] = { 0, 0, 0 }, got[1] = { -1 };
	int before = dup(0), after;
	size_t n = 1;
	char data[8];

	(void)state;
	close(before);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(fd_send(pair[0], sent, 3, "x", 1, &err), 0);
	assert_int_equal(fd_receive(pair[1], got, &n, data, sizeof(data), &err), -1);
	assert_string_equal(err.text, "receive: more than 1 descriptors");
	close(pair[0]);
	close(pair[1]);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void moving_up_frees_the_old_number(void **state)
{
	struct error err = { 0 };
	int fd = dup(0), moved = fd_move_up(fd, 100, &err);

	(void)state;
	assert_true(moved >= 100);
	assert_true(fcntl(moved, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	close(moved);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reading_takes_all_and_ends_it_with_nul, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reading_more_than_allowed_is_a_usage_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_short_exact_read_has_no_errno, setup, teardown),
		cmocka_unit_test_setup_teardown(a_control_file_is_read_without_its_newline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_missing_control_file_is_not_made, setup,
						teardown),
		cmocka_unit_test_setup_teardown(replacing_sets_text_and_mode_whatever_the_umask,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_replacement_leaves_nothing_beside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(descriptors_pass_over_a_socket_close_on_exec, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_descriptors_than_there_is_room_for_are_closed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(moving_up_frees_the_old_number, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
