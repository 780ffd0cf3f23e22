/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "runtime/caps.h"
#include "runtime/child.h"
#include "runtime/mounts.h"
#include "runtime/mounts_user.h"
#include "runtime/ssh_demand.h"
#include "runtime/uidmap.h"

/* Shared by the caller and the builder, which runs in the caller's memory and descriptor table
 * while the caller is stopped (base/vfork.h). */
struct builder {
	const struct launch *l;
	struct launched *out;
	int stubfd;
	int gate[2], ready[2], report[2];
	int procfd;			/* what mount_proc() made */
};

/* Runs as a process of the zone's pid namespace, which is what makes the proc it mounts the
 * zone's, with all of the host's power over mounts. */
static int mount_proc(void *arg, struct error *err)
{
	struct builder *b = arg;

	b->procfd = mounts_proc(err);
	return b->procfd < 0 ? -1 : 0;
}

/* The namespaces are counted against the user who makes the user namespace (namespaces(7)), and so
 * are inotify instances (inotify(7)): that user is the zone's own root, or all zones together would
 * share the budget of the host's root. */
static int set_euid(uid_t uid, struct error *err)
{
	if (syscall(SYS_setresuid, -1, uid, -1) < 0)
		return error_sys(err, "become user %u", uid);
	return caps_raise(err);
}

/* What the builder makes in the zone's files belongs to the zone's root, and on an idmapped mount
 * nobody else's files could be made at all (EOVERFLOW, mount_setattr(2)). */
static int set_fsids(uint32_t id, struct error *err)
{
	(void)setfsgid(id);	/* both say the old id, whether they failed or not */
	(void)setfsuid(id);
	if (setfsuid((uid_t)-1) != (int)id)
		return error_set(err, ERR_FAILED, "become user %u for files", id);
	return caps_raise(err);
}

static pid_t clone_namespaces(struct builder *b)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_PARENT | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND |
			 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			 (b->l->shares_net ? 0 : CLONE_NEWNET),
		.pidfd = (uint64_t)(uintptr_t)&b->out->pidfd,
		.cgroup = (uint64_t)b->l->cgroup->innerfd,
	};

	return sys_clone3(&args);
}

static int clone_child(struct builder *b, struct error *err)
{
	const struct child child = {
		.l = b->l, .stubfd = b->stubfd, .gatefd = b->gate[0],
		.readyfd = b->ready[1], .reportfd = b->report[1],
	};
	pid_t pid;

	if (cgroup_join_v1(b->l->cgroup, 0, err) < 0 || confine_raise(&b->l->confine, err) < 0)
		return -1;
	if (set_euid(b->l->uid_base, err) < 0)
		return -1;
	pid = clone_namespaces(b);
	if (pid == 0) {
		close(b->gate[1]);
		close(b->report[0]);
		child_run(&child);
	}
	if (pid < 0)
		return error_sys(err, "clone into new namespaces");
	b->out->pid = pid;
	if (set_euid(0, err) < 0)
		return -1;
	return uidmap_write(pid, b->l->uid_base, err);
}

static int open_namespace(pid_t pid, const char *name, struct error *err)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

static int enter_cgroupns(const struct builder *b, struct error *err)
{
	char byte;

	if (read(b->ready[0], &byte, 1) != 1)
		return confine_report(b->report[0], b->l->argv[0], err) < 0 ? -1 :
		       error_set(err, ERR_FAILED, "the first process of the zone was killed");
	if (setns(b->out->pidfd, CLONE_NEWCGROUP) < 0)
		return error_sys(err, "enter the cgroup namespace");
	return 0;
}

/* In the zone's network namespace. What is opened and allocated here is the caller's (vfork). */
static int open_route(struct builder *b, struct error *err)
{
	struct launched *out = b->out;

	out->netnsfd = open_namespace(out->pid, "net", err);
	if (out->netnsfd < 0)
		return -1;
	out->route = xcalloc(1, sizeof(*out->route));
	return nl_open(out->route, NETLINK_ROUTE, err);
}

static int build_tree(struct builder *b, int usernsfd, int rootfd, struct error *err)
{
	struct mounts_out made = { -1, -1 };
	int ret;

	if (setns(b->out->pidfd, CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) < 0)
		return error_sys(err, "enter the namespaces");
	if (!b->l->shares_net && open_route(b, err) < 0)
		return -1;
	if (b->l->listens_ssh) {
		b->out->sshfd = ssh_demand_listen(err);
		if (b->out->sshfd < 0)
			return -1;
	}
	if (vfork_run(mount_proc, b, 0, err) < 0)
		return -1;
	ret = mounts_system(b->l, rootfd, b->procfd, &made, err);
	close(b->procfd);
	b->out->ptyfd = made.ptyfd;
	b->out->notifyfd = made.notifyfd;
	for (char *const *m = b->l->mounts; m && *m && ret == 0; m++)
		ret = mounts_user(rootfd, usernsfd, *m, err);
	if (ret < 0 || enter_cgroupns(b, err) < 0)
		return -1;
	return mounts_cgroup(rootfd, err);
}

static int build(void *arg, struct error *err)
{
	struct builder *b = arg;
	AUTO_CLOSE int usernsfd = -1;
	AUTO_CLOSE int rootfd = -1;

	if (mounts_private(err) < 0 || clone_child(b, err) < 0)
		return -1;
	close(b->ready[1]);
	close(b->report[1]);
	b->ready[1] = b->report[1] = -1;
	usernsfd = open_namespace(b->out->pid, "user", err);
	if (usernsfd < 0 || set_fsids(b->l->uid_base, err) < 0)
		return -1;
	rootfd = mounts_root(b->l, usernsfd, &b->out->disk_device, err);
	if (rootfd < 0)
		return error_wrap(err, "root filesystem");
	if (build_tree(b, usernsfd, rootfd, err) < 0 || mounts_pivot(rootfd, err) < 0)
		return -1;
	if (send(b->gate[1], "m", 1, MSG_NOSIGNAL) != 1)
		return error_sys(err, "tell the first process of the zone");
	return 0;
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static int open_pipes(struct builder *b, struct error *err)
{
	/* A socket, as send(2) can do without SIGPIPE when the child is gone. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b->gate) < 0 ||
	    pipe2(b->ready, O_CLOEXEC) < 0 || pipe2(b->report, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	return 0;
}

void launched_init(struct launched *l)
{
	*l = (struct launched){ .pidfd = -1, .ptyfd = -1, .notifyfd = -1, .noticefd = -1,
				.sshfd = -1, .netnsfd = -1, .disk_device = -1, .gatefd = -1,
				.reportfd = -1 };
}

/* Ends and reaps a child that will not be let go. */
static void abandon(struct launched *l)
{
	if (l->pidfd >= 0) {
		(void)sys_pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0);	/* may be gone */
		while (waitid(P_PIDFD, (id_t)l->pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL) < 0 &&
		       errno == EINTR)
			;
	}
	launched_close(l);
}

int launch_make(struct launched *out, const struct launch *l, struct error *err)
{
	struct error failure = { 0 };
	struct builder b = {
		.l = l, .out = out, .gate = { -1, -1 }, .ready = { -1, -1 }, .report = { -1, -1 },
		.procfd = -1,
	};
	int ret;

	launched_init(out);
	out->program = l->argv[0];
	b.stubfd = confine_stub_open(err);
	if (b.stubfd < 0)
		return -1;
	ret = open_pipes(&b, &failure);
	if (ret == 0)
		ret = vfork_run(build, &b, CLONE_NEWNS, &failure);
	if (ret == 0) {
		out->gatefd = TAKE_FD(b.gate[1]);
		out->reportfd = TAKE_FD(b.report[0]);
	}
	close_pair(b.gate);
	close_pair(b.ready);
	close_pair(b.report);
	close(b.stubfd);
	if (ret == 0)
		return 0;
	abandon(out);
	*err = failure;
	return -1;
}

/* The child sent it before it executed anything, or has none. */
static int take_notices(struct launched *l, struct error *err)
{
	size_t n_fds = 1;
	char byte;

	if (recv(l->gatefd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		return 0;
	return fd_receive(l->gatefd, &l->noticefd, &n_fds, &byte, 1, err) < 0 ? -1 : 0;
}

/* Also a kill closes the report pipe without a word. The program is executed then, or the process
 * has no memory left to have one in, which ends before its descriptors are closed (do_exit() in
 * kernel/exit.c), so that the link leads nowhere. One that ended by itself since is no failure. */
static bool was_killed(const struct launched *l)
{
	siginfo_t info = { 0 };
	char path[32], target[8];

	snprintf(path, sizeof(path), "/proc/%d/exe", l->pid);
	if (readlink(path, target, sizeof(target)) >= 0) /* host path */
		return false;
	return waitid(P_PIDFD, (id_t)l->pidfd, &info, WEXITED | WNOWAIT | __WALL) == 0 &&
	       info.si_code == CLD_KILLED && info.si_status == SIGKILL;
}

int launch_go(struct launched *l, struct error *err)
{
	if (send(l->gatefd, "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
		return error_sys(err, "let the zone's init go");
	if (confine_report(l->reportfd, l->program, err) < 0 || take_notices(l, err) < 0)
		return -1;
	if (was_killed(l))
		return error_set(err, ERR_FAILED, "init was killed as it started");
	close(TAKE_FD(l->gatefd));
	close(TAKE_FD(l->reportfd));
	return 0;
}

void launched_close_net(struct launched *l)
{
	if (l->route)
		nl_close(l->route);
	free(TAKE_PTR(l->route));
	if (l->netnsfd >= 0)
		close(TAKE_FD(l->netnsfd));
}

void launched_close(struct launched *l)
{
	int *fds[] = { &l->pidfd, &l->ptyfd, &l->notifyfd, &l->noticefd, &l->sshfd, &l->gatefd,
		       &l->reportfd };

	for (size_t i = 0; i < N_ROWS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	launched_close_net(l);
}
