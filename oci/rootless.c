/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/rootless.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strv.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"

/* The host's own is the only one that maps every id, in one row (user_namespaces(7)). */
static bool is_nested(void)
{
	AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC); /* host path */
	unsigned long inside, outside, count;
	struct error ignored = { 0 };
	AUTO_FREE char *text = NULL;

	if (fd < 0 || fd_read_all(fd, 1 << 16, &text, NULL, &ignored) < 0)
		return false;
	return sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
	       (inside != 0 || outside != 0 || count != 4294967295UL);
}

bool rootless_is_outsider(void)
{
	return geteuid() != 0 || is_nested();
}

/* As runc tells a user namespace that stands for a user from a container with root in it. */
const char *rootless_root(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");

	if (!dir || !*dir)
		return "/run/zone-oci";
	if (geteuid() == 0 && (!is_nested() || (user && strcmp(user, "root") == 0)))
		return "/run/zone-oci";
	return xasprintf("%s/zone-oci", dir);
}

/* Ids of one sort, of the caller and of the configuration. */
struct ids {
	const char *key, *file, *program;
	uint32_t own;
	const struct oci_id_mapping *maps;
	size_t n;
};

static bool is_own_alone(const struct ids *ids)
{
	return ids->n == 1 && ids->maps[0].host == ids->own && ids->maps[0].size == 1;
}

static int check_ids(const struct ids *ids, struct error *err)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->maps[i].container == 0 && ids->maps[i].host == ids->own)
			return 0;
	return error_set(err, ERR_UNSUPPORTED, "%s: without the host's root, 0 must be the caller"
			 " (%" PRIu32 ")", ids->key, ids->own);
}

/* newuidmap(1) is a setuid program: it works from outside only. */
static int run_program(const struct ids *ids, pid_t pid, struct error *err)
{
	AUTO_STRV char **argv = NULL;
	AUTO_CLOSE int pidfd = -1;
	int status;
	pid_t child;

	strv_add(&argv, ids->program);
	strv_addf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < ids->n; i++) {
		strv_addf(&argv, "%" PRIu32, ids->maps[i].container);
		strv_addf(&argv, "%" PRIu32, ids->maps[i].host);
		strv_addf(&argv, "%" PRIu32, ids->maps[i].size);
	}
	pidfd = proc_spawn(&(struct proc_spawn){ .argv = argv, .stdin_fd = -1, .stdout_fd = -1,
						 .stderr_fd = 2, .dirfd = -1 }, &child, err);
	if (pidfd < 0) {
		bool is_missing = err->kind == ERR_UNSUPPORTED;

		error_wrap(err, "%s", ids->key);
		return is_missing ? error_hint(err, "it comes with the package uidmap") : -1;
	}
	status = proc_reap(pidfd, err);
	if (status < 0)
		return -1;
	return status == 0 ? 0 : error_set(err, ERR_FAILED, "%s: %s failed", ids->key,
					   ids->program);
}

/* Stays outside, and says how it went once the caller is in its new namespace. */
static _Noreturn void map_from_outside(int sock, const struct ids ids[2])
{
	struct error err = { 0 };
	pid_t pid;

	if (read(sock, &pid, sizeof(pid)) == (ssize_t)sizeof(pid)) {
		if (run_program(&ids[0], pid, &err) == 0)
			(void)run_program(&ids[1], pid, &err);
		(void)!write(sock, &err, sizeof(err));	/* nobody else to tell */
	}
	_exit(0);
}

static int hear(int sock, struct error *err)
{
	const pid_t pid = getpid();
	struct error answer;

	if (write(sock, &pid, sizeof(pid)) != (ssize_t)sizeof(pid) ||
	    read(sock, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		return error_set(err, ERR_FAILED, "map the ids of the user namespace");
	if (answer.kind == 0)
		return 0;
	*err = answer;
	return -1;
}

static int write_own(const struct ids *ids, struct error *err)
{
	char text[48];

	snprintf(text, sizeof(text), "%" PRIu32 " %" PRIu32 " 1\n", ids->maps[0].container,
		 ids->own);
	if (fd_write_control(AT_FDCWD, ids->file, text, err) < 0)
		return error_wrap(err, "%s", ids->key);
	return 0;
}

/* Nobody may drop a group that keeps files from it, before there is a map (CVE-2014-8989). */
static int write_alone(const struct ids ids[2], struct error *err)
{
	if (fd_write_control(AT_FDCWD, "/proc/self/setgroups", "deny", err) < 0)
		return -1;
	return write_own(&ids[0], err) < 0 ? -1 : write_own(&ids[1], err);
}

static int make_namespace(struct error *err)
{
	return unshare(CLONE_NEWUSER) < 0 ? error_sys(err, "make a user namespace") : 0;
}

static int enter_with_programs(const struct ids ids[2], struct error *err)
{
	int pair[2];
	pid_t helper;
	int status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "make a socket");
	helper = fork();
	if (helper == 0) {
		close(pair[0]);
		map_from_outside(pair[1], ids);
	}
	close(pair[1]);
	status = helper < 0 ? error_sys(err, "fork") : make_namespace(err);
	if (status == 0)
		status = hear(pair[0], err);
	close(pair[0]);
	if (helper > 0)
		(void)waitpid(helper, NULL, 0);	/* it has answered, or hears that we are gone */
	return status;
}

static int become_root(struct error *err)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return error_sys(err, "become the container's root");
	return 0;
}

int rootless_enter(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;
	const struct ids ids[2] = {
		{ "linux.uidMappings", "/proc/self/uid_map", "newuidmap", geteuid(), l->uids,
		  l->n_uids },
		{ "linux.gidMappings", "/proc/self/gid_map", "newgidmap", getegid(), l->gids,
		  l->n_gids },
	};

	if (!spec_makes_namespace(spec, OCI_NS_USER)) {
		error_set(err, ERR_UNSUPPORTED, "rootless container requires user namespaces");
		return error_hint(err, "'zone-oci spec --rootless' writes a config.json with one");
	}
	if (check_ids(&ids[0], err) < 0 || check_ids(&ids[1], err) < 0)
		return -1;
	if (!is_own_alone(&ids[0]) || !is_own_alone(&ids[1]))
		return enter_with_programs(ids, err) < 0 ? -1 : become_root(err);
	if (make_namespace(err) < 0 || write_alone(ids, err) < 0)
		return -1;
	return become_root(err);
}

int rootless_join(int pidfd, struct error *err)
{
	if (setns(pidfd, CLONE_NEWUSER) < 0)
		return error_sys(err, "enter the container's user namespace");
	return become_root(err);
}
