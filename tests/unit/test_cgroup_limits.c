/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cgroup_fixture.h"

#include <sys/mman.h>

#include "base/fd.h"
#include "cgroups/group.h"
#include "cgroups/stats.h"

/* Exit status 0: fork(2) was refused inside. */
static int count_forks(const struct cgroup *cg, int n)
{
	struct error err;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_join_v1(cg, 0, &err) < 0 || cgroup_join_v2(cg, 0, &err) < 0)
			_exit(100);
		for (int i = 0; i < n; i++) {
			pid_t child = fork();

			if (child < 0)
				_exit(i);
			if (child == 0) {
				pause();
				_exit(0);
			}
		}
		_exit(n);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void pids_hold_a_fork_bomb(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	if (!cgroup_host_has(&f->host, CGROUP_PIDS)) {
		print_message("# skip: no pids controller here\n");
		skip();
	}
	f->limits.pids = 5;
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	assert_int_equal(count_forks(&cg, 20), 4);
}

static void limits_change_and_go_while_the_zone_runs(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct cgroup_stats stats;
	pid_t *pids = NULL;
	size_t n;
	pid_t pid;

	if (!cgroup_host_has(&f->host, CGROUP_CPU) || !cgroup_host_has(&f->host, CGROUP_CPUSET)) {
		print_message("# skip: no cpu and cpuset controller here\n");
		skip();
	}
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	pid = start_inside(&cg, &f->err);
	f->limits.cpus_milli = 500;
	f->limits.cpu_burst_ms = 50;
	f->limits.cpu_weight = 300;
	f->limits.cpuset = xstrdup("0");
	f->limits.pids = 50;
	f->limits.memory = 64 << 20;
	good(limits_apply(&cg, &f->limits, &f->err), &f->err);
	f->limits.cpus_milli = 5;
	f->limits.cpu_burst_ms = 1;
	f->limits.memory = 32 << 20;
	good(limits_apply(&cg, &f->limits, &f->err), &f->err);
	if (cg.v1fd[CGROUP_CPU] >= 0) {
		good(group_pids(cg.v1fd[CGROUP_CPU], &pids, &n, &f->err), &f->err);
		assert_int_equal(n, 1);
		assert_int_equal(pids[0], pid);
		free(pids);
	}
	good(cgroup_stats(&f->host, "web", CGROUP_STATS_ALL, &stats, &f->err), &f->err);
	assert_int_equal(stats.pids, 1);
	assert_int_equal(stats.pids_limit, 50);
	assert_int_equal(stats.memory_limit, 32 << 20);
	limits_clear(&f->limits);
	good(limits_apply(&cg, &f->limits, &f->err), &f->err);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	waitpid(pid, NULL, 0);
	assert_true(leaves_nothing(&f->host));
}

/* A child inside that holds size bytes; says so by a byte on the pipe. */
static pid_t start_holder(const struct cgroup *cg, size_t size, struct error *err)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char *data;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroup_join_v1(cg, 0, err) < 0 || cgroup_join_v2(cg, 0, err) < 0)
			_exit(1);
		data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(data, 1, size);
		mlock(data, size);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void memory_below_what_is_in_use_is_refused_and_the_old_limit_stays(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	bool is_v1 = f->host.v1fd[CGROUP_MEMORY] >= 0;
	char text[64];
	pid_t pid;

	if (!cgroup_host_has(&f->host, CGROUP_MEMORY)) {
		print_message("# skip: no memory controller here\n");
		skip();
	}
	f->limits.memory = 64 << 20;
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	pid = start_holder(&cg, 24 << 20, &f->err);
	f->limits.memory = 8 << 20;
	assert_int_equal(limits_apply(&cg, &f->limits, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_RESOURCE);
	assert_non_null(strstr(f->err.text, "in use and can't be reclaimed to 8.0M"));
	good((int)fd_read_control(is_v1 ? cg.v1fd[CGROUP_MEMORY] : cg.outerfd,
				  is_v1 ? "memory.limit_in_bytes" : "memory.max",
				  text, sizeof(text), &f->err), &f->err);
	assert_string_equal(text, "67108864");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	f->limits.memory = 48 << 20;
	good(limits_apply(&cg, &f->limits, &f->err), &f->err);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	waitpid(pid, NULL, 0);
}

static void swap_is_limited_beside_memory_and_both_move_both_ways(void **state)
{
	static const struct {
		uint64_t memory, swap;
	} steps[] = {
		{ 64 << 20, 0 }, { 128 << 20, 64 << 20 }, { 32 << 20, 0 }, { 32 << 20, 1 << 20 },
		{ 256 << 20, CGROUP_SWAP_UNSET }, { 16 << 20, 16 << 20 }, { 0, CGROUP_SWAP_UNSET },
	};
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	f->limits.memory = 64 << 20;
	f->limits.swap = 0;
	if (!cgroup_host_has(&f->host, CGROUP_MEMORY) ||
	    cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err) < 0) {
		print_message("# skip: no swap limit here: %s\n", f->err.text);
		skip();
	}
	for (size_t i = 0; i < N_ROWS(steps); i++) {
		f->limits.memory = steps[i].memory;
		f->limits.swap = steps[i].swap;
		good(limits_apply(&cg, &f->limits, &f->err), &f->err);
	}
}

static void a_limit_that_the_host_cannot_hold_leaves_nothing(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	f->limits.cpuset = xstrdup("0-8000");
	assert_int_equal(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), -1);
	assert_true(leaves_nothing(&f->host));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(pids_hold_a_fork_bomb),
		CASE(limits_change_and_go_while_the_zone_runs),
		CASE(memory_below_what_is_in_use_is_refused_and_the_old_limit_stays),
		CASE(swap_is_limited_beside_memory_and_both_move_both_ways),
		CASE(a_limit_that_the_host_cannot_hold_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
