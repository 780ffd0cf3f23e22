/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups on the host's real hierarchies, whatever layout it has, in a store of
 * this process's own. Needs root; skipped with the reason elsewhere.
 */
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "cgroups/group.h"
#include "cgroups/stats.h"

enum { UID = 1000000000, WAIT_MS = 5000 };

struct fixture {
	struct cgroup_host host;
	struct cgroup_limits limits;
	struct error err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	char store[17];

	*state = f;
	f->host = (struct cgroup_host)CGROUP_HOST_NONE;
	limits_init(&f->limits);
	if (geteuid() != 0)
		return 0;
	snprintf(store, sizeof(store), "%x", (unsigned int)getpid());
	return cgroup_host_open(&f->host, store, &f->err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int rc = 0;

	if (f->host.v2fd >= 0)
		rc = cgroup_down(&f->host, "web", WAIT_MS, &f->err);
	limits_clear(&f->limits);
	cgroup_host_close(&f->host);
	free(f);
	return rc;
}

static struct fixture *as_root(void **state)
{
	if (geteuid() == 0)
		return *state;
	print_message("# skip: needs root\n");
	skip();
	return NULL;
}

/* A failure shows the error's text. */
static void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_true(rc >= 0);
}

/* A child born in the zone's groups, which waits for a signal. */
static pid_t start_inside(const struct cgroup *cg, struct error *err)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cg->innerfd,
	};
	pid_t pid = sys_clone3(&args);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	good(cgroup_join_v1(cg, pid, err), err);
	return pid;
}

static bool exists(int rootfd, const char *subtree, const char *rest)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", subtree, rest);
	return fstatat(rootfd, path, &st, 0) == 0;
}

static bool leaves_nothing(const struct cgroup_host *host)
{
	bool is_clean = !exists(host->v2fd, host->subtree, "web");

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		is_clean = is_clean && (host->v1fd[i] < 0 || !exists(host->v1fd[i], host->subtree, "web"));
	return is_clean && (host->is_systemd || !exists(host->v2fd, host->subtree, "."));
}

static void names_that_leave_the_subtree_are_refused(void **state)
{
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "../x", "_x", "/etc" };
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(cgroup_up(&cg, &f->host, bad[i], &f->limits, UID, &f->err), -1);
		assert_int_equal(f->err.kind, ERR_USAGE);
		assert_int_equal(cgroup_down(&f->host, bad[i], 0, &f->err), -1);
		assert_int_equal(cgroup_open(&cg, &f->host, bad[i], &f->err), -1);
	}
}

static void names_of_control_files_and_units_are_escaped(void **state)
{
	struct error err = { 0 };
	char path[GROUP_PATH_MAX];

	(void)state;
	good(group_path("zonectl", "web", path, &err), &err);
	assert_string_equal(path, "zonectl/web");
	good(group_path("zonectl", "cgroup.procs", path, &err), &err);
	assert_string_equal(path, "zonectl/_cgroup.procs");
	good(group_path("zonectl", "tasks", path, &err), &err);
	assert_string_equal(path, "zonectl/_tasks");
	assert_string_equal(group_zone_name("_tasks"), "tasks");
	assert_string_equal(group_zone_name("web"), "web");
	assert_null(group_zone_name("zonectl-1a.slice"));
	assert_null(group_zone_name("_"));
}

static void a_zone_named_like_a_control_file_has_its_groups(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	good(cgroup_up(&cg, &f->host, "cgroup.procs", &f->limits, UID, &f->err), &f->err);
	good(cgroup_down(&f->host, "cgroup.procs", 0, &f->err), &f->err);
}

static void a_store_id_is_hexadecimal(void **state)
{
	AUTO_CGROUP_HOST struct cgroup_host host = CGROUP_HOST_NONE;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_host_open(&host, "../x", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(cgroup_host_open(&host, "0123456789abcdef0", &err), -1);
}

static void up_then_down_leaves_nothing_and_down_works_twice(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	assert_true(exists(f->host.v2fd, f->host.subtree, "web/zone"));
	good(cgroup_down(&f->host, "web", 0, &f->err), &f->err);
	assert_true(leaves_nothing(&f->host));
	good(cgroup_down(&f->host, "web", 0, &f->err), &f->err);
	assert_int_equal(cgroup_open(&cg, &f->host, "web", &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void the_zone_owns_its_inner_group_and_no_limit(void **state)
{
	static const struct {
		const char *path;
		uid_t uid;
	} owners[] = {
		{ "web", 0 }, { "web/cgroup.procs", 0 }, { "web/cgroup.subtree_control", 0 },
		{ "web/zone", UID }, { "web/zone/cgroup.procs", UID },
		{ "web/zone/cgroup.threads", UID }, { "web/zone/cgroup.subtree_control", UID },
		{ "web/zone/cgroup.freeze", 0 }, { "web/zone/cgroup.kill", 0 },
		{ "web/zone/cgroup.max.descendants", 0 }, { "web/zone/cgroup.type", 0 },
	};
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	for (size_t i = 0; i < N_ROWS(owners); i++) {
		char path[256];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", f->host.subtree, owners[i].path);
		assert_int_equal(fstatat(f->host.v2fd, path, &st, 0), 0);
		assert_int_equal(st.st_uid, owners[i].uid);
	}
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		struct stat st;

		if (cg.v1fd[i] >= 0) {
			assert_int_equal(fstat(cg.v1fd[i], &st), 0);
			assert_int_equal(st.st_uid, 0);
		}
	}
}

static void groups_of_an_earlier_run_are_replaced(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup old = CGROUP_NONE;
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	bool is_frozen;

	good(cgroup_up(&old, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	good(mkdirat(old.innerfd, "left", 0755), &f->err);
	good(cgroup_freeze(&old, true, WAIT_MS, &f->err), &f->err);
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	assert_false(exists(f->host.v2fd, f->host.subtree, "web/zone/left"));
	good(cgroup_is_frozen(&cg, &is_frozen, &f->err), &f->err);
	assert_false(is_frozen);
}

static void groups_with_processes_are_not_taken_over(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup old = CGROUP_NONE;
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	pid_t pid;
	bool is_populated;

	good(cgroup_up(&old, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	pid = start_inside(&old, &f->err);
	assert_int_equal(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STATE);
	good(cgroup_is_populated(&old, &is_populated, &f->err), &f->err);
	assert_true(is_populated);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void down_kills_what_is_inside_and_removes_what_the_zone_made(void **state)
{
	static const char *const odd[] = { "a b", "x\ty", "\xff\xfe", "-rf", "zone", "%s%n" };
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	AUTO_CLOSE int fd = -1;
	char name[32];
	int status;
	pid_t pid;

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	for (size_t i = 0; i < N_ROWS(odd); i++)
		good(mkdirat(cg.innerfd, odd[i], 0755), &f->err);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		good(mkdirat(cg.innerfd, name, 0755), &f->err);
	}
	fd = group_open(cg.innerfd, "g7", &f->err);
	for (int i = 0; i < 20; i++) {
		int next;

		good(mkdirat(fd, "deep", 0755), &f->err);
		next = group_open(fd, "deep", &f->err);
		good(next, &f->err);
		close(fd);
		fd = next;
	}
	pid = start_inside(&cg, &f->err);
	good(group_join(fd, pid, &f->err), &f->err);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	assert_true(leaves_nothing(&f->host));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_zone_can_make_only_so_many_groups(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	char text[32];

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	good((int)fd_read_control(cg.outerfd, "cgroup.max.descendants", text, sizeof(text), &f->err),
	     &f->err);
	assert_string_equal(text, "4096");
	good((int)fd_read_control(cg.outerfd, "cgroup.max.depth", text, sizeof(text), &f->err), &f->err);
	assert_string_equal(text, "32");
}

static void a_frozen_zone_stands_still_and_can_be_killed(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	bool is_frozen;
	int status;
	pid_t pid;

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	pid = start_inside(&cg, &f->err);
	good(cgroup_freeze(&cg, true, WAIT_MS, &f->err), &f->err);
	good(cgroup_is_frozen(&cg, &is_frozen, &f->err), &f->err);
	assert_true(is_frozen);
	good(cgroup_freeze(&cg, false, WAIT_MS, &f->err), &f->err);
	good(cgroup_is_frozen(&cg, &is_frozen, &f->err), &f->err);
	assert_false(is_frozen);
	good(cgroup_freeze(&cg, true, WAIT_MS, &f->err), &f->err);
	good(cgroup_kill(&cg, WAIT_MS, &f->err), &f->err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void a_process_in_a_v1_group_alone_is_ended_too(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	if (cg.v1fd[CGROUP_PIDS] < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		print_message("# skip: no v1 hierarchy here\n");
		skip();
	}
	good(cgroup_join_v1(&cg, pid, &f->err), &f->err);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(leaves_nothing(&f->host));
}

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
	good(cgroup_stats(&cg, &stats, &f->err), &f->err);
	assert_true(stats.has_pids);
	assert_int_equal(stats.pids, 1);
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

static int note_name(void *arg, const char *name, struct error *err)
{
	char *all = arg;

	(void)err;
	strcat(all, name);
	strcat(all, " ");
	return 0;
}

static void each_names_the_zones_of_the_store(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	char all[256] = "";

	good(cgroup_each(&f->host, note_name, all, &f->err), &f->err);
	assert_string_equal(all, "");
	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	good(cgroup_each(&f->host, note_name, all, &f->err), &f->err);
	assert_string_equal(all, "web ");
}

/* What systemd does in a zone: its own processes move to a leaf, then controllers are enabled. A
 * group whose controllers are all on v1 never refuses, so the rule shows on v2 only. */
static void a_process_joins_beside_an_init_that_made_an_inner_node(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	AUTO_CLOSE int leaffd = -1;
	pid_t pid, guest;
	struct stat st;

	good(cgroup_up(&cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	pid = start_inside(&cg, &f->err);
	good(mkdirat(cg.innerfd, "init.scope", 0755), &f->err);
	leaffd = group_open(cg.innerfd, "init.scope", &f->err);
	good(group_join(leaffd, pid, &f->err), &f->err);
	guest = fork();
	if (guest == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (fd_write_control(cg.innerfd, "cgroup.subtree_control", "+memory", &f->err) == 0) {
		/* The zone put a trap under the name. */
		good(mkdirat(cg.innerfd, "enter", 0755), &f->err);
		good(fchownat(cg.innerfd, "enter", UID, UID, 0), &f->err);
		good(cgroup_join_v2(&cg, guest, &f->err), &f->err);
		good(unlinkat(cg.innerfd, "enter", AT_REMOVEDIR), &f->err);
		good(cgroup_join_v2(&cg, guest, &f->err), &f->err);
		good(fstatat(cg.innerfd, "enter", &st, 0), &f->err);
		assert_int_equal(st.st_uid, 0);
	} else {
		good(cgroup_join_v2(&cg, guest, &f->err), &f->err);
	}
	good(cgroup_join_v1(&cg, guest, &f->err), &f->err);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	waitpid(pid, NULL, 0);
	assert_int_equal(waitpid(guest, NULL, 0), guest);
}

/* Zones of one store start and end at once: the last one's end takes the subtree away under the
 * next one's start. */
static void starts_and_ends_of_different_zones_do_not_meet(void **state)
{
	struct fixture *f = as_root(state);
	pid_t pids[4];
	int status;

	for (size_t i = 0; i < N_ROWS(pids); i++) {
		pids[i] = fork();
		for (int k = 0; pids[i] == 0 && k < 40; k++) {
			AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
			char name[16];

			snprintf(name, sizeof(name), "z%zu", i);
			if (cgroup_up(&cg, &f->host, name, &f->limits, UID, &f->err) < 0 ||
			    cgroup_down(&f->host, name, 0, &f->err) < 0) {
				fprintf(stderr, "# %s\n", f->err.text);
				_exit(1);
			}
		}
		if (pids[i] == 0)
			_exit(0);
	}
	for (size_t i = 0; i < N_ROWS(pids); i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_true(leaves_nothing(&f->host));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(names_that_leave_the_subtree_are_refused),
		CASE(names_of_control_files_and_units_are_escaped),
		CASE(a_zone_named_like_a_control_file_has_its_groups),
		CASE(a_store_id_is_hexadecimal),
		CASE(up_then_down_leaves_nothing_and_down_works_twice),
		CASE(the_zone_owns_its_inner_group_and_no_limit),
		CASE(groups_of_an_earlier_run_are_replaced),
		CASE(groups_with_processes_are_not_taken_over),
		CASE(down_kills_what_is_inside_and_removes_what_the_zone_made),
		CASE(a_zone_can_make_only_so_many_groups),
		CASE(a_frozen_zone_stands_still_and_can_be_killed),
		CASE(a_process_in_a_v1_group_alone_is_ended_too),
		CASE(pids_hold_a_fork_bomb),
		CASE(limits_change_and_go_while_the_zone_runs),
		CASE(memory_below_what_is_in_use_is_refused_and_the_old_limit_stays),
		CASE(swap_is_limited_beside_memory_and_both_move_both_ways),
		CASE(a_limit_that_the_host_cannot_hold_leaves_nothing),
		CASE(each_names_the_zones_of_the_store),
		CASE(a_process_joins_beside_an_init_that_made_an_inner_node),
		CASE(starts_and_ends_of_different_zones_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
