/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cgroup_fixture.h"

#include "base/fd.h"
#include "cgroups/group.h"
#include "cgroups/keepers.h"

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
	assert_null(group_zone_name("_web"));
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

static void keepers_have_a_group_only_where_systemd_runs_the_host(void **state)
{
	struct fixture *f = as_root(state);
	int fd = -1;

	good(keepers_open(&f->host, &fd, &f->err), &f->err);
	assert_int_equal(fd >= 0, f->host.is_systemd && f->host.v1fd[CGROUP_SYSTEMD] < 0);
	cleanup_close(&fd);
	good(keepers_join_v1(&f->host, &f->err), &f->err);
	if (!f->host.is_systemd)
		assert_false(exists(f->host.v2fd, f->host.subtree, "_keepers"));
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
	good((int)fd_read_control(cg.outerfd, "cgroup.max.descendants", text, sizeof(text),
				  &f->err),
	     &f->err);
	assert_string_equal(text, "4096");
	good((int)fd_read_control(cg.outerfd, "cgroup.max.depth", text, sizeof(text), &f->err),
	     &f->err);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(names_that_leave_the_subtree_are_refused),
		CASE(names_of_control_files_and_units_are_escaped),
		CASE(a_zone_named_like_a_control_file_has_its_groups),
		CASE(a_store_id_is_hexadecimal),
		CASE(up_then_down_leaves_nothing_and_down_works_twice),
		CASE(the_zone_owns_its_inner_group_and_no_limit),
		CASE(keepers_have_a_group_only_where_systemd_runs_the_host),
		CASE(groups_of_an_earlier_run_are_replaced),
		CASE(groups_with_processes_are_not_taken_over),
		CASE(down_kills_what_is_inside_and_removes_what_the_zone_made),
		CASE(a_zone_can_make_only_so_many_groups),
		CASE(a_frozen_zone_stands_still_and_can_be_killed),
		CASE(a_process_in_a_v1_group_alone_is_ended_too),
		CASE(each_names_the_zones_of_the_store),
		CASE(a_process_joins_beside_an_init_that_made_an_inner_node),
		CASE(starts_and_ends_of_different_zones_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
