/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

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

/* A second way to the same directory: a lock belongs to the open file, not to the process. */
static int other_fd(const struct fixture *f)
{
	return open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void readers_share_and_a_writer_is_alone(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int other = other_fd(f);
	struct error err = { 0 };

	assert_int_equal(lock_take(f->rootfd, LOCK_SHARED, 0, &err), 0);
	assert_int_equal(lock_take(other, LOCK_SHARED, 0, &err), 0);
	assert_int_equal(lock_take(other, LOCK_ALONE, 0, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
}

static void a_held_lock_names_its_holder(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int other = other_fd(f);
	struct error err = { 0 };
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %d) for ", (int)getpid());
	assert_int_equal(lock_take(f->rootfd, LOCK_ALONE, 0, &err), 0);
	assert_int_equal(lock_take(other, LOCK_SHARED, 0, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_true(str_starts(err.text, "held by "));
	/* A file system may number its device otherwise in /proc/locks. */
	assert_true(strstr(err.text, pid) || strcmp(err.text, "held by another command") == 0);
}

static void a_dropped_or_closed_lock_is_free(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int other = other_fd(f);
	struct error err = { 0 };
	int third = other_fd(f);

	assert_int_equal(lock_take(f->rootfd, LOCK_ALONE, 0, &err), 0);
	lock_drop(f->rootfd);
	assert_int_equal(lock_take(third, LOCK_ALONE, 0, &err), 0);
	close(third);
	assert_int_equal(lock_take(other, LOCK_ALONE, 0, &err), 0);
}

static void waiting_ends_with_the_time_given(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int other = other_fd(f);
	struct error err = { 0 };
	int64_t start = clock_ms();

	assert_int_equal(lock_take(f->rootfd, LOCK_ALONE, 0, &err), 0);
	assert_int_equal(lock_take(other, LOCK_ALONE, 30, &err), -1);
	assert_true(clock_ms() - start >= 30);
}

/* Waits for a lock that a child holds for a moment. */
static void wait_for_another(struct fixture *f, int wait_ms)
{
	AUTO_CLOSE int other = other_fd(f);
	struct error err = { 0 };
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct timespec step = { .tv_nsec = 10000000 };

		lock_take(other, LOCK_ALONE, 0, &err);
		close(ends[1]);
		nanosleep(&step, NULL);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	close(other);
	other = -1;
	assert_int_equal(lock_take(f->rootfd, LOCK_ALONE, wait_ms, &err), 0);
	waitpid(pid, NULL, 0);
}

static void waiting_takes_a_lock_when_its_holder_ends(void **state)
{
	wait_for_another(*state, 10000);
}

static void waiting_for_ever_takes_it_too(void **state)
{
	wait_for_another(*state, -1);
}

static void a_path_descriptor_holds_no_lock(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int pathfd = open(f->dir, O_PATH | O_CLOEXEC);
	struct error err = { 0 };

	assert_int_equal(lock_take(pathfd, LOCK_SHARED, 0, &err), -1);
	assert_string_equal(err.text, "lock: Bad file descriptor");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(readers_share_and_a_writer_is_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_held_lock_names_its_holder, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dropped_or_closed_lock_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_ends_with_the_time_given, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_takes_a_lock_when_its_holder_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(waiting_for_ever_takes_it_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_path_descriptor_holds_no_lock, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
