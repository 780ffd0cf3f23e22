/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/vfork.h"

static int note_pid(void *arg, struct error *err)
{
	pid_t *out = arg;

	(void)err;
	*out = getpid();
	return 0;
}

static int refuse(void *arg, struct error *err)
{
	(void)arg;
	return error_set(err, ERR_BUSY, "no");
}

static int be_killed(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	(void)kill(getpid(), SIGKILL);
	return 0;
}

static bool has_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0;
}

static void a_run_leaves_no_child(void **state)
{
	struct error err = { 0 };
	pid_t seen = 0;

	(void)state;
	assert_int_equal(vfork_run(note_pid, &seen, 0, &err), 0);
	assert_true(seen > 0 && seen != getpid());
	assert_false(has_child(seen));
	assert_int_equal(errno, ECHILD);
}

static void what_was_begun_has_done_its_work_and_is_reaped_later(void **state)
{
	struct error err = { 0 };
	pid_t seen = 0, pid = 0, first;

	(void)state;
	assert_int_equal(vfork_begin(note_pid, &seen, 0, &pid, &err), 0);
	assert_int_equal(pid, seen);
	assert_true(has_child(seen));
	first = pid;
	vfork_reap(&pid);
	assert_int_equal(pid, 0);
	assert_false(has_child(first));
	vfork_reap(&pid);
	assert_int_equal(pid, 0);
}

static void a_failure_is_told_and_reaped_too(void **state)
{
	struct error err = { 0 };
	pid_t pid = 0;

	(void)state;
	assert_int_equal(vfork_begin(refuse, NULL, 0, &pid, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(err.text, "no");
	assert_true(pid > 0);
	vfork_reap(&pid);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void one_that_is_killed_has_failed(void **state)
{
	struct error err = { 0 };
	pid_t pid = 0;

	(void)state;
	assert_int_equal(vfork_begin(be_killed, NULL, 0, &pid, &err), -1);
	assert_string_equal(err.text, "a helper process was killed");
	vfork_reap(&pid);
}

static void where_none_can_be_made_there_is_none_to_reap(void **state)
{
	struct error err = { 0 };
	pid_t pid = 1;

	(void)state;
	/* EINVAL, clone(2): a shared root directory and a new mount namespace. */
	assert_int_equal(vfork_begin(refuse, NULL, CLONE_NEWNS | CLONE_FS, &pid, &err), -1);
	assert_int_equal(err.sys, EINVAL);
	assert_int_equal(pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_leaves_no_child),
		cmocka_unit_test(what_was_begun_has_done_its_work_and_is_reaped_later),
		cmocka_unit_test(a_failure_is_told_and_reaped_too),
		cmocka_unit_test(one_that_is_killed_has_failed),
		cmocka_unit_test(where_none_can_be_made_there_is_none_to_reap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
