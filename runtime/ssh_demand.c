/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stranger can make happen: a process of the host's that lives some milliseconds, and a
 * server inside the zone that counts against the zone's limits. The first enters the zone as every
 * command does (enter.c) and holds nothing of the keeper's once it has. A zone that is frozen or
 * has no process left to give would keep it waiting, so a timer ends it.
 */
#include "runtime/ssh_demand.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "runtime/enter.h"
#include "runtime/setup_access.h"
#include "runtime/ssh.h"

enum {
	BACKLOG = 128, START_LIMIT_S = 30,
	PACE_MS = 50, BURST = 20,	/* 20 connections a second, 20 at once */
	REAP_MS = 1000,
};

static int listen_on(int family, struct error *err)
{
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(SSH_PORT) };
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(SSH_PORT) };
	AUTO_CLOSE int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0, ret;

	if (fd < 0)
		return error_sys(err, "ssh: make a socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0))
		return error_sys(err, "ssh: set up a socket");
	if (family == AF_INET6)
		ret = bind(fd, (const struct sockaddr *)&v6, sizeof(v6));
	else
		ret = bind(fd, (const struct sockaddr *)&v4, sizeof(v4));
	if (ret < 0 || listen(fd, BACKLOG) < 0)
		return error_sys(err, "ssh: listen on port %d", SSH_PORT);
	return TAKE_FD(fd);
}

int ssh_demand_listen(struct error *err)
{
	struct error why = { 0 };
	int fd = listen_on(AF_INET6, &why);

	if (fd >= 0 || (why.sys != EAFNOSUPPORT && why.sys != EADDRNOTAVAIL)) {
		if (fd < 0)
			*err = why;
		return fd;
	}
	return listen_on(AF_INET, err);
}

struct elsewhere {
	int pidfd, fd;
};

static int listen_elsewhere(void *arg, struct error *err)
{
	struct elsewhere *e = arg;

	if (setns(e->pidfd, CLONE_NEWNET) < 0)
		return error_sys(err, "enter the zone's network namespace");
	e->fd = ssh_demand_listen(err);
	return e->fd < 0 ? -1 : 0;
}

int ssh_demand_listen_in(int pidfd, struct error *err)
{
	struct elsewhere e = { pidfd, -1 };

	return vfork_run(listen_elsewhere, &e, 0, err) < 0 ? -1 : e.fd;
}

void ssh_demand_init(struct ssh_demand *d, int listenfd)
{
	d->listenfd = listenfd;
	d->tokens = BURST;
	d->counted_ms = clock_ms();
}

void ssh_demand_close(struct ssh_demand *d)
{
	if (d->listenfd >= 0)
		close(d->listenfd);
	d->listenfd = -1;
}

static void add_tokens(struct ssh_demand *d)
{
	int64_t now = clock_ms(), more = (now - d->counted_ms) / PACE_MS;

	if (more <= 0)
		return;
	d->counted_ms += more * PACE_MS;
	d->tokens = more < BURST - (int64_t)d->tokens ? d->tokens + (unsigned int)more : BURST;
}

static void reap(struct ssh_demand *d)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < d->n_answering; i++)
		if (waitpid(d->answering[i], NULL, WNOHANG) == 0)
			d->answering[n++] = d->answering[i];
	d->n_answering = n;
}

int ssh_demand_poll_set(struct ssh_demand *d, struct pollfd *out)
{
	*out = (struct pollfd){ -1, POLLIN, 0 };
	reap(d);
	if (d->listenfd < 0)
		return d->n_answering ? REAP_MS : -1;
	add_tokens(d);
	if (d->tokens == 0)
		return PACE_MS;
	if (d->n_answering < SSH_DEMAND_MAX)
		out->fd = d->listenfd;
	return d->n_answering ? REAP_MS : -1;
}

/* In the zone, as its root: what init's unit or the package would have made. OpenSSH gives its
 * privileges up in the directory. */
static void prepare_server(void)
{
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int fd = -1;
	struct error ignored;	/* the server says what it lacks */

	if (rootfd >= 0)
		fd = path_mkdirs(rootfd, "run/sshd", 0755, &ignored);
	(void)setup_make_host_keys(&ignored); /* as above */
}

/* The servers that can be started for one connection, in order of preference. */
static const char *const servers[][4] = {
	{ "/usr/sbin/sshd", "-i" },
	{ "/usr/bin/sshd", "-i" },
	{ "/usr/sbin/dropbear", "-i", "-R" },
	{ "/usr/bin/dropbear", "-i", "-R" },
};

/* Returns a pidfd of the server. */
static int run_inside(struct zone *z, const char *const argv[], int connfd, int nullfd,
		      struct error *err)
{
	const struct enter_options options = {
		.argv = (char *const *)argv, .dir = "/", .prepare = prepare_server,
		.stdio = { connfd, connfd, nullfd },
	};
	struct entered entered;

	return zone_enter(z, &options, &entered, err) < 0 ? -1 : entered.pidfd;
}

static int start_server(struct zone *z, int connfd, int nullfd)
{
	for (size_t i = 0; i < N_ROWS(servers); i++) {
		struct error err = { 0 };
		int pidfd = run_inside(z, servers[i], connfd, nullfd, &err);

		if (pidfd >= 0 || err.sys != ENOENT)
			return pidfd;
	}
	return -1;
}

/* It stays as the server's parent: a zone does not end while a process of it waits to be reaped by
 * somebody outside (zap_pid_ns_processes() in kernel/pid_namespace.c). */
static void answer(struct zone *z, int listenfd)
{
	int connfd = accept4(listenfd, NULL, NULL, SOCK_CLOEXEC);
	int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	int pidfd;

	(void)alarm(START_LIMIT_S);
	if (connfd < 0 || nullfd < 0)
		return;
	pidfd = start_server(z, connfd, nullfd);
	(void)alarm(0);
	(void)prctl(PR_SET_NAME, "zonessh");
	if (pidfd < 0 || dup2(pidfd, STDIN_FILENO) < 0)
		return;
	(void)sys_close_range(STDIN_FILENO + 1, ~0U, 0);	/* else they would live as long */
	(void)proc_reap(STDIN_FILENO, &(struct error){ 0 });	/* nobody asks how it ended */
}

void ssh_demand_serve(struct ssh_demand *d, const struct pollfd *row, struct zone *z)
{
	pid_t pid;

	if (d->listenfd < 0 || row->fd != d->listenfd || !row->revents)
		return;
	d->tokens--;
	pid = fork();
	if (pid == 0) {
		answer(z, d->listenfd);
		_exit(0);
	}
	if (pid > 0)
		d->answering[d->n_answering++] = pid;
}
