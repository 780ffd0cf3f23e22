/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/v1.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "cgroups/group.h"

enum { MOVE_PASSES = 64, DRAIN_PASSES = 16, CPUS_TEXT_MAX = 4096 };

static const enum cgroup_controller always[] = { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_SYSTEMD };

/* A new cpuset group has no processor and no memory node, and no process can join it
 * (cpusets(7)); each level is given what the one above has, unless it has some. */
static int fill_cpuset(int parentfd, int fd, struct error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < N_ROWS(files); i++) {
		char text[CPUS_TEXT_MAX];
		ssize_t n = fd_read_control(fd, files[i], text, sizeof(text), err);

		if (n < 0)
			return -1;
		if (n > 0)
			continue;
		if (fd_read_control(parentfd, files[i], text, sizeof(text), err) < 0 ||
		    fd_write_control(fd, files[i], text, err) < 0)
			return -1;
	}
	return 0;
}

static int fill_cpusets(int rootfd, const char *path, struct error *err)
{
	AUTO_CLOSE int parentfd = fcntl(rootfd, F_DUPFD_CLOEXEC, 3);
	char part[GROUP_PATH_MAX];
	size_t end = 0;

	if (parentfd < 0)
		return error_sys(err, "copy a descriptor");
	do {
		AUTO_CLOSE int fd = -1;

		end += strcspn(path + end, "/");
		snprintf(part, sizeof(part), "%.*s", (int)end, path);
		fd = group_open(rootfd, part, err);
		if (fd < 0 || fill_cpuset(parentfd, fd, err) < 0)
			return error_wrap(err, "cpuset cgroup '%s'", part);
		close(parentfd);
		parentfd = TAKE_FD(fd);
	} while (path[end++]);
	return 0;
}

static bool is_together(const struct cgroup_host *host, size_t a, size_t b)
{
	return host->v1fd[a] >= 0 && host->v1fd[b] >= 0 && host->v1_lead[a] == host->v1_lead[b];
}

/* Makes the directory; one left by an earlier run is replaced, so that its limits and its
 * counters go with it. */
static int make_group(int rootfd, const char *path, struct error *err)
{
	struct error first;
	int fd = group_make(rootfd, path, &first);

	if (fd >= 0)
		return fd;
	if (first.sys == EEXIST && unlinkat(rootfd, path, AT_REMOVEDIR) == 0)
		return group_make(rootfd, path, err);
	if (first.sys == EEXIST && errno == EBUSY)
		return error_set(err, ERR_STATE, "cgroup '%s': processes are still in it", path);
	*err = first;
	return -1;
}

static int make(struct cgroup *cg, const char *path, enum cgroup_controller controller,
		struct error *err)
{
	const struct cgroup_host *host = cg->host;
	AUTO_CLOSE int fd = -1;

	/* Controllers that are mounted together ("cpu,cpuacct") share one group. */
	for (size_t i = 0; i < CGROUP_CONTROLLERS && fd < 0; i++) {
		if (cg->v1fd[i] >= 0 && is_together(host, i, controller))
			fd = fcntl(cg->v1fd[i], F_DUPFD_CLOEXEC, 3);
	}
	if (fd < 0)
		fd = make_group(host->v1fd[controller], path, err);
	if (fd < 0)
		return error_wrap(err, "%s", cgroup_controller_name(controller));
	if (is_together(host, CGROUP_CPUSET, controller) &&
	    fill_cpusets(host->v1fd[CGROUP_CPUSET], path, err) < 0)
		return -1;
	cg->v1fd[controller] = TAKE_FD(fd);
	return 0;
}

int v1_up(struct cgroup *cg, const char *path, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(always); i++) {
		if (cg->host->v1fd[always[i]] >= 0 && make(cg, path, always[i], err) < 0)
			return -1;
	}
	return 0;
}

static bool has_pid(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

/* One pass over a group that all processes of the zone are in. Returns how many it moved. */
static int move_missing(int fromfd, int tofd, struct error *err)
{
	AUTO_FREE pid_t *from = NULL;
	AUTO_FREE pid_t *to = NULL;
	size_t n_from, n_to;
	int moved = 0;

	if (group_pids(fromfd, &from, &n_from, err) < 0 || group_pids(tofd, &to, &n_to, err) < 0)
		return -1;
	for (size_t i = 0; i < n_from; i++) {
		struct error refused;

		if (has_pid(to, n_to, from[i]))
			continue;
		moved++;
		if (group_join(tofd, from[i], &refused) == 0 || refused.sys == ESRCH)
			continue;
		*err = refused;
		return -1;
	}
	return moved;
}

/* A child is born in its parent's groups, so whatever was forked during a pass is either there
 * already or moved by the next one. */
static int move_all(int fromfd, int tofd, struct error *err)
{
	for (int i = 0; i < MOVE_PASSES; i++) {
		int moved = move_missing(fromfd, tofd, err);

		if (moved <= 0)
			return moved;
	}
	return error_set(err, ERR_FAILED, "processes are started faster than they can be moved");
}

/* A group that every process of the zone has joined. The zone can't make groups in v1, so each is
 * a full list. */
static int full_list(const struct cgroup *cg)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (cg->v1fd[i] >= 0)
			return cg->v1fd[i];
	}
	return -1;
}

int v1_add(struct cgroup *cg, const char *path, enum cgroup_controller controller,
	   struct error *err)
{
	int listfd = full_list(cg);
	bool is_populated = false;

	if (cg->v1fd[controller] >= 0)
		return 0;
	if (group_event(cg->outerfd, "populated", &is_populated, err) < 0)
		return -1;
	if (is_populated && listfd < 0)
		return error_set(err, ERR_STATE,
				 "the %s controller can only be had from the next boot on",
				 cgroup_controller_name(controller));
	if (make(cg, path, controller, err) < 0)
		return -1;
	if (is_populated && move_all(listfd, cg->v1fd[controller], err) < 0)
		return error_wrap(err, "%s cgroup '%s'", cgroup_controller_name(controller), path);
	return 0;
}

int v1_open(struct cgroup *cg, const char *path, struct error *err)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		struct error missing;

		if (cg->host->v1fd[i] < 0)
			continue;
		cg->v1fd[i] = group_open(cg->host->v1fd[i], path, &missing);
		if (cg->v1fd[i] >= 0 || missing.sys == ENOENT)
			continue;
		*err = missing;
		return -1;
	}
	return 0;
}

/* The pid is looked up again once a pidfd holds it, so that a number used again by the kernel is
 * not taken for the process that was listed. */
static int end_process(int fd, pid_t pid, int timeout_ms, struct error *err)
{
	AUTO_CLOSE int pidfd = sys_pidfd_open(pid, 0);
	AUTO_FREE pid_t *pids = NULL;
	size_t n;

	if (pidfd < 0 && (errno == ESRCH || errno == EINVAL))
		return 0;
	if (pidfd < 0)
		return error_sys(err, "open process %d", pid);
	if (group_pids(fd, &pids, &n, err) < 0)
		return -1;
	if (!has_pid(pids, n, pid))
		return 0;
	if (proc_signal(pidfd, SIGKILL, err) < 0 || proc_wait_end(pidfd, timeout_ms, err) < 0)
		return -1;
	return 0;
}

/* What the v2 kill did not reach: a process that was caught between joining v1 and v2. */
static int drain(int fd, int timeout_ms, struct error *err)
{
	for (int i = 0; i < DRAIN_PASSES; i++) {
		AUTO_FREE pid_t *pids = NULL;
		size_t n;

		if (group_pids(fd, &pids, &n, err) < 0)
			return -1;
		if (n == 0)
			return 0;
		for (size_t k = 0; k < n; k++) {
			if (end_process(fd, pids[k], timeout_ms, err) < 0)
				return -1;
		}
	}
	return error_set(err, ERR_FAILED, "processes do not end");
}

static int remove_one(int rootfd, const char *path, int timeout_ms, struct error *err)
{
	struct error why = { 0 };
	AUTO_CLOSE int fd = -1;

	if (unlinkat(rootfd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return error_sys(err, "remove");
	/* Another that cleans up after the same zone may remove it at any moment. */
	fd = group_open(rootfd, path, &why);
	if ((fd < 0 || drain(fd, timeout_ms, &why) < 0) && why.sys != ENOENT && why.sys != ENODEV) {
		*err = why;
		return -1;
	}
	return group_remove(rootfd, path, err);
}

int v1_down(const struct cgroup_host *host, const char *path, int timeout_ms, struct error *err)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (host->v1fd[i] < 0)
			continue;
		if (remove_one(host->v1fd[i], path, timeout_ms, err) < 0)
			return error_wrap(err, "%s cgroup '%s'", cgroup_controller_name(i), path);
		if (!host->is_systemd)
			group_prune(host->v1fd[i], host->subtree);
	}
	return 0;
}

/* Moving a process takes the lock that every fork and exit reads, and after some 10 ms without a
 * writer that means an RCU grace period: 5 to 15 ms here, several times a whole boot. A thread
 * that moves itself is let through without the lock (cgroup_procs_write_start() in
 * kernel/cgroup/cgroup.c), so the one thread of a child writes "0" to "tasks". */
int v1_join(const struct cgroup *cg, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		int fd = cg->v1fd[i];

		if (fd < 0)
			continue;
		if ((pid == 0 ? group_join_thread(fd, err) : group_join(fd, pid, err)) < 0)
			return error_wrap(err, "enter the zone's %s cgroup",
					  cgroup_controller_name(i));
	}
	return 0;
}
