/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/span.h"

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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

enum { WAIT_MS = 5000 };

struct fixture {
	struct span span;
	char parent[48], path[64];
	pid_t child;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	snprintf(f->parent, sizeof(f->parent), "/zonectl-test-%d", (int)getpid());
	snprintf(f->path, sizeof(f->path), "%s/one", f->parent);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	if (f->child > 0) {
		kill(f->child, SIGKILL);
		waitpid(f->child, NULL, 0);
	}
	span_remove(&f->span, f->parent, &err);
	span_close(&f->span);
	free(f);
	return 0;
}

static void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_int_equal(rc, 0);
}

static struct fixture *made(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	if (geteuid() != 0) {
		print_message("# skip: needs root\n");
		skip();
	}
	good(span_host(&f->span, &err), &err);
	good(span_make(&f->span, f->path, &err), &err);
	return f;
}

/* A process that sleeps in all of the groups. */
static void start_child(struct fixture *f)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	f->child = fork();
	if (f->child == 0) {
		struct error err = { 0 };

		if (span_join(&f->span, &err) == 0 && write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static void a_process_that_joins_is_in_every_hierarchy(void **state)
{
	struct fixture *f = made(state);
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = -1;
	struct error err = { 0 };
	size_t found = 0;

	start_child(f);
	path = xasprintf("/proc/%d/cgroup", f->child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	good(fd_read_all(fd, 1 << 16, &text, NULL, &err), &err);
	for (const char *at = text; (at = strstr(at, f->path)); at++)
		found++;
	assert_int_equal(found, f->span.n);
}

static void its_processes_are_listed_with_those_below(void **state)
{
	struct fixture *f = made(state);
	AUTO_FREE pid_t *pids = NULL;
	AUTO_SPAN struct span parent = { .n = 0 };
	struct error err = { 0 };
	size_t n = 0;

	start_child(f);
	good(span_host(&parent, &err), &err);
	good(span_open(&parent, f->parent, &err), &err);
	good(span_pids(&parent, &pids, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(pids[0], f->child);
}

static void a_group_with_processes_is_not_taken(void **state)
{
	struct fixture *f = made(state);
	AUTO_SPAN struct span again = { .n = 0 };
	struct error err = { 0 };

	start_child(f);
	good(span_host(&again, &err), &err);
	assert_int_equal(span_make(&again, f->path, &err), -1);
	assert_int_equal(err.kind, ERR_STATE);
	assert_non_null(strstr(err.text, "is not empty"));
}

static void one_that_is_ours_is_adopted_with_its_processes(void **state)
{
	struct fixture *f = made(state);
	AUTO_SPAN struct span again = { .n = 0 };
	struct error err = { 0 };
	bool is_empty = true;

	start_child(f);
	good(span_host(&again, &err), &err);
	good(span_adopt(&again, f->path, &err), &err);
	good(span_wait_empty(&again, 0, &is_empty, &err), &err);
	assert_false(is_empty);
	good(span_kill(&again, WAIT_MS, &err), &err);
	good(span_wait_empty(&again, WAIT_MS, &is_empty, &err), &err);
	assert_true(is_empty);
}

static void the_group_of_a_process_is_found_below(void **state)
{
	struct fixture *f = made(state);
	AUTO_SPAN struct span above = { .n = 0 };
	struct error err = { 0 };
	struct stat below, found;

	if (span_v2(&f->span) < 0)
		skip();
	start_child(f);
	good(span_host(&above, &err), &err);
	good(span_open(&above, f->parent, &err), &err);
	good(span_follow(&above, f->child, &err), &err);
	assert_int_equal(fstat(span_v2(&f->span), &below), 0);
	assert_int_equal(fstat(span_v2(&above), &found), 0);
	assert_int_equal(found.st_ino, below.st_ino);
}

static void a_group_is_given_away_with_the_files_of_a_delegation(void **state)
{
	struct fixture *f = made(state);
	struct error err = { 0 };
	int fd = span_v2(&f->span);
	struct stat st;

	if (fd < 0)
		skip();
	good(span_give(&f->span, 4321, &err), &err);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 4321);
	assert_int_equal(fstatat(fd, "cgroup.procs", &st, 0), 0);
	assert_int_equal(st.st_uid, 4321);
	assert_int_equal(fstatat(fd, "cgroup.freeze", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
}

static void an_empty_group_that_is_there_is_taken(void **state)
{
	struct fixture *f = made(state);
	AUTO_SPAN struct span again = { .n = 0 };
	struct error err = { 0 };

	good(span_host(&again, &err), &err);
	good(span_make(&again, f->path, &err), &err);
}

static void it_is_frozen_thawed_and_killed_also_while_frozen(void **state)
{
	struct fixture *f = made(state);
	struct error err = { 0 };
	bool is_frozen = false;
	int status = 0;

	start_child(f);
	good(span_freeze(&f->span, true, WAIT_MS, &err), &err);
	good(span_is_frozen(&f->span, &is_frozen, &err), &err);
	assert_true(is_frozen);
	good(span_freeze(&f->span, false, WAIT_MS, &err), &err);
	good(span_is_frozen(&f->span, &is_frozen, &err), &err);
	assert_false(is_frozen);
	good(span_freeze(&f->span, true, WAIT_MS, &err), &err);
	good(span_kill(&f->span, WAIT_MS, &err), &err);
	assert_int_equal(waitpid(f->child, &status, 0), f->child);
	f->child = 0;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void removing_it_leaves_what_is_above(void **state)
{
	struct fixture *f = made(state);
	AUTO_SPAN struct span parent = { .n = 0 };
	struct error err = { 0 };

	good(span_remove(&f->span, f->path, &err), &err);
	good(span_host(&parent, &err), &err);
	good(span_open(&parent, f->path, &err), &err);
	assert_int_equal(span_v2(&parent), -1);
	assert_int_equal(span_v1(&parent, "memory"), -1);
	span_close(&parent);
	good(span_host(&parent, &err), &err);
	good(span_open(&parent, f->parent, &err), &err);
	for (size_t i = 0; i < parent.n; i++)
		assert_true(parent.parts[i].fd >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_process_that_joins_is_in_every_hierarchy, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(its_processes_are_listed_with_those_below, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_group_with_processes_is_not_taken, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_ours_is_adopted_with_its_processes,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_group_of_a_process_is_found_below, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_group_is_given_away_with_the_files_of_a_delegation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_group_that_is_there_is_taken, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_is_frozen_thawed_and_killed_also_while_frozen,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(removing_it_leaves_what_is_above, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
