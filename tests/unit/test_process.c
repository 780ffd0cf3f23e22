/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "runtime/process.h"

enum { CHILDREN = 3 };

static pid_t traps[CHILDREN];

/* In place of libc's: to open the arguments of a trap takes for ever. */
int openat(int dirfd, const char *path, int flags, ...)
{
	char trap[64];
	va_list args;
	mode_t mode;

	for (size_t i = 0; i < CHILDREN; i++) {
		snprintf(trap, sizeof(trap), "/proc/%d/cmdline", (int)traps[i]);
		while (traps[i] > 0 && strcmp(path, trap) == 0)
			pause();
	}
	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

struct fixture {
	pid_t children[CHILDREN];
	struct process *list;
	struct error err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memset(traps, 0, sizeof(traps));
	f->list = xcalloc(CHILDREN, sizeof(*f->list));
	for (size_t i = 0; i < CHILDREN; i++) {
		f->children[i] = fork();
		if (f->children[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		f->list[i].pid = f->children[i];
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < CHILDREN; i++) {
		kill(f->children[i], SIGKILL);
		waitpid(f->children[i], NULL, 0);
	}
	process_clear(f->list, CHILDREN);
	free(f);
	return 0;
}

static void a_name_that_looks_like_fields_is_a_name(void **state)
{
	struct fixture *f = *state;
	struct process p;

	prctl(PR_SET_NAME, "x) Z 1 (\n");
	assert_int_equal(process_read(getpid(), &p, &f->err), 0);
	assert_int_equal(p.pid, getpid());
	assert_string_equal(p.name, "x) Z 1 (\n");
	assert_int_equal(p.state, 'R');
	assert_int_equal(p.uid, geteuid());
	assert_true(p.memory > 0);
}

static void a_process_that_ended_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct process p;

	kill(f->children[0], SIGKILL);
	waitpid(f->children[0], NULL, 0);
	assert_int_equal(process_read(f->children[0], &p, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void arguments_are_read_with_spaces_between(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(process_read_arguments(f->list, CHILDREN, &f->err), 0);
	for (size_t i = 0; i < CHILDREN; i++) {
		assert_non_null(f->list[i].arguments);
		assert_non_null(strstr(f->list[i].arguments, "test_process"));
	}
}

static void a_process_whose_arguments_never_come_holds_nobody_up(void **state)
{
	struct fixture *f = *state;
	int64_t start = clock_ms();

	traps[1] = f->children[1];
	assert_int_equal(process_read_arguments(f->list, CHILDREN, &f->err), 0);
	assert_true(clock_ms() - start < 900);
	assert_non_null(f->list[0].arguments);
	assert_null(f->list[1].arguments);
	assert_non_null(f->list[2].arguments);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_name_that_looks_like_fields_is_a_name),
		CASE(a_process_that_ended_is_not_found),
		CASE(arguments_are_read_with_spaces_between),
		CASE(a_process_whose_arguments_never_come_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
