/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_CGROUP_FIXTURE_H
#define TESTS_UNIT_CGROUP_FIXTURE_H

/*
 * A zone "web" on the host's real hierarchies, whatever layout it has, in a store
 * of this process's own. Needs root; skipped with the reason elsewhere.
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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"

enum { UID = 1000000000, WAIT_MS = 5000 };

struct fixture {
	struct cgroup_host host;
	struct cgroup_limits limits;
	struct error err;
};

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline struct fixture *as_root(void **state)
{
	if (geteuid() == 0)
		return *state;
	print_message("# skip: needs root\n");
	skip();
	return NULL;
}

/* A failure shows the error's text. */
static inline void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_true(rc >= 0);
}

/* A child born in the zone's groups, which waits for a signal. */
static inline pid_t start_inside(const struct cgroup *cg, struct error *err)
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

static inline bool exists(int rootfd, const char *subtree, const char *rest)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", subtree, rest);
	return fstatat(rootfd, path, &st, 0) == 0;
}

static inline bool leaves_nothing(const struct cgroup_host *host)
{
	bool is_clean = !exists(host->v2fd, host->subtree, "web");

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		is_clean = is_clean &&
			   (host->v1fd[i] < 0 || !exists(host->v1fd[i], host->subtree, "web"));
	return is_clean && (host->is_systemd || !exists(host->v2fd, host->subtree, "."));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
