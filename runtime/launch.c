/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "netns/link.h"

static pid_t clone_namespaces(struct launching *b)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_PARENT | CLONE_CLEAR_SIGHAND | b->l->namespaces |
			 (b->l->cgroupfd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&b->out->pidfd,
		.cgroup = b->l->cgroupfd >= 0 ? (uint64_t)b->l->cgroupfd : 0,
	};

	return sys_clone3(&args);
}

static void child_run(struct launching *b)
{
	struct error err = { 0 };

	close(b->gate[1]);
	close(b->ready[0]);
	close(b->report[0]);
	if (b->l->kind->inside(b, &err) < 0)
		(void)!write(b->report[1], &err, sizeof(err));	/* nobody else to tell */
	_exit(127);
}

static int build(void *arg, struct error *err)
{
	struct launching *b = arg;

	if (b->l->kind->begin(b, err) < 0)
		return -1;
	b->out->pid = clone_namespaces(b);
	if (b->out->pid == 0)
		child_run(b);
	if (b->out->pid < 0)
		return error_sys(err, "clone into new namespaces");
	close(TAKE_FD(b->ready[1]));
	close(TAKE_FD(b->report[1]));
	return b->l->kind->build(b, err);
}

int launch_namespace(pid_t pid, const char *name, struct error *err)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

int launch_tell(struct launching *b, struct error *err)
{
	if (send(b->gate[1], "m", 1, MSG_NOSIGNAL) != 1)
		return error_sys(err, "tell the first process of '%s'", b->l->name);
	return 0;
}

void launch_wait(const struct launching *b)
{
	char byte;
	ssize_t n;

	do
		n = read(b->gate[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(1);
}

static int hear(int readyfd, int reportfd, const char *program, struct error *err)
{
	char byte;
	ssize_t n;

	do
		n = read(readyfd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	if (confine_report(reportfd, program, err) < 0)
		return -1;
	return error_set(err, ERR_FAILED, "the first process was killed");
}

int launch_hear(struct launching *b, struct error *err)
{
	return hear(b->ready[0], b->report[0], b->l->argv[0], err);
}

int launch_ready(struct launched *l, struct error *err)
{
	return hear(l->readyfd, l->reportfd, l->program, err);
}

int launch_loopback(struct error *err)
{
	struct nl nl;
	int ret;

	if (nl_open(&nl, NETLINK_ROUTE, err) < 0)
		return -1;
	ret = link_set_up(&nl, LINK_LOOPBACK, err);
	nl_close(&nl);
	return ret;
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static int open_pipes(struct launching *b, struct error *err)
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
				.sshfd = -1, .netnsfd = -1, .disk_device = -1, .readyfd = -1,
				.gatefd = -1, .reportfd = -1 };
}

/* Ends and reaps a child that will not be let go. */
static void abandon(struct launched *l)
{
	if (l->pidfd >= 0)
		proc_end(l->pidfd);
	launched_close(l);
}

int launch_make(struct launched *out, const struct launch *l, struct error *err)
{
	struct error failure = { 0 };
	struct launching b = {
		.l = l, .out = out, .gate = { -1, -1 }, .ready = { -1, -1 }, .report = { -1, -1 },
	};
	int ret;

	launched_init(out);
	out->program = l->argv[0];
	b.stubfd = confine_stub_open(err);
	if (b.stubfd < 0)
		return -1;
	ret = open_pipes(&b, &failure);
	if (ret == 0)
		ret = vfork_begin(build, &b, l->builds_apart ? CLONE_NEWNS : 0, &out->builder,
				  &failure);
	if (ret == 0) {
		out->readyfd = TAKE_FD(b.ready[0]);
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

int launch_let(struct launched *l, struct error *err)
{
	if (send(l->gatefd, "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
		return error_sys(err, "let the first process go");
	return 0;
}

int launch_go(struct launched *l, struct error *err)
{
	if (launch_let(l, err) < 0)
		return -1;
	if (confine_report(l->reportfd, l->program, err) < 0 || take_notices(l, err) < 0)
		return -1;
	if (was_killed(l))
		return error_set(err, ERR_FAILED, "init was killed as it started");
	/* Init runs. The end of the builder's mount namespace is a wait for all processors. */
	vfork_reap(&l->builder);
	close(TAKE_FD(l->readyfd));
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
	int *fds[] = { &l->pidfd, &l->ptyfd, &l->notifyfd, &l->noticefd, &l->sshfd, &l->readyfd,
		       &l->gatefd, &l->reportfd };

	for (size_t i = 0; i < N_ROWS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	launched_close_net(l);
	vfork_reap(&l->builder);
}
