/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child is pid 1 of the zone and has every capability over the zone's user namespace, none over
 * the host's. Until it executes the stub it is the only process of the zone, so nobody can race
 * with it; but the files it sees after the pivot are the template's, hostile, so it opens none of
 * them except /dev/console, which stands in a tmpfs that the builder filled, and, as the zone's
 * root, those that setup.c writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "runtime/config.h"
#include "runtime/mounts.h"
#include "runtime/users.h"
#include "runtime/zone_launch.h"

/* How many of each the zone may have, by its own user namespace (namespaces(7), /proc/sys/user).
 * Raising them from inside needs CAP_SYS_RESOURCE, which a zone does not keep. They stop a zone
 * from filling the host's tables, and nested user namespaces with what they would give back. */
/* clang-format off */
static const struct ns_limit_row {
	const char *file;
	const char *limit;
	const char *nesting;		/* with features+=nesting */
} ns_limit_rows[] = {
	{ "user/max_user_namespaces",   "0",    "256" },
	{ "user/max_pid_namespaces",    "128",  "512" },
	{ "user/max_net_namespaces",    "64",   "256" },
	{ "user/max_ipc_namespaces",    "128",  "512" },
	{ "user/max_uts_namespaces",    "256",  "512" },
	{ "user/max_mnt_namespaces",    "1024", "2048" },
	{ "user/max_cgroup_namespaces", "128",  "512" },
	{ "user/max_time_namespaces",   "16",   "64" },
};
/* clang-format on */

/* Through /proc/sys of the zone's own proc, which the builder sends before it covers it. The files
 * show the opener's own user namespace. In the host's proc the names of all zones, also of those
 * that ended, lie in one chain of the kernel's table of names: a thousand cost each further zone
 * 6 ms (proc_sys_compare() in fs/proc/proc_sysctl.c). */
static int limit_namespaces(const struct launching *b, uint64_t features, struct error *err)
{
	AUTO_CLOSE int sysfd = -1;
	size_t n_fds = 1;
	char byte;

	if (fd_receive(b->gate[0], &sysfd, &n_fds, &byte, 1, err) <= 0 || n_fds != 1)
		_exit(1);	/* who launched it is gone, see launch_wait() */
	for (size_t i = 0; i < N_ROWS(ns_limit_rows); i++) {
		const struct ns_limit_row *row = &ns_limit_rows[i];
		const char *limit = features & FEATURE_NESTING ? row->nesting : row->limit;

		if (fd_write_control(sysfd, row->file, limit, err) < 0 && err->sys != ENOENT)
			return error_wrap(err, "limit namespaces");
	}
	return 0;
}

static int own_cgroup_namespace(const struct launching *b, struct error *err)
{
	/* Only now, as CLONE_NEWCGROUP beside CLONE_INTO_CGROUP would take the parent's group
	 * for the namespace's root (copy_cgroup_ns() in kernel/cgroup/namespace.c). */
	if (unshare(CLONE_NEWCGROUP) < 0)
		return error_sys(err, "make a cgroup namespace");
	if (write(b->ready[1], "c", 1) != 1)
		return error_sys(err, "tell the builder");
	return 0;
}

/* What is opened here stands in filesystems that the builder made and nobody else has seen. */
static int open_console(const struct zone_launch *z, int stdio[3], struct error *err)
{
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int slavefd = open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC); /* host path */
	int fd;

	if (rootfd < 0 || slavefd < 0)
		return error_sys(err, "open the console's terminal");
	if (mounts_console(rootfd, slavefd, err) < 0)
		return -1;
	fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC); /* host path */
	if (fd < 0)
		return error_sys(err, "open the console");
	if (z->size.ws_row > 0 && ioctl(fd, TIOCSWINSZ, &z->size) < 0)
		return error_sys(err, "set the console's size");
	if (z->is_session && ioctl(fd, TIOCSCTTY, 0) < 0)
		return error_sys(err, "make the console the controlling terminal");
	stdio[0] = stdio[1] = stdio[2] = fd;
	return 0;
}

static int set_stdio(const struct zone_launch *z, struct error *err)
{
	int stdio[3] = { z->launch.stdio[0], z->launch.stdio[1], z->launch.stdio[2] };

	if (setsid() < 0)
		return error_sys(err, "make a session");
	if (z->has_console && open_console(z, stdio, err) < 0)
		return -1;
	return confine_stdio(stdio, err);
}

/* As the zone's root, whose files they are: the process still has the host's group. */
static int set_up(const struct setup *setup, struct error *err)
{
	if (setup->parts == 0)
		return 0;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return error_sys(err, "become the zone's root");
	setup_apply(setup);
	return 0;
}

/* Whom the program runs as. The users are the zone's own, and its HOME is what they say, unless the
 * image says more. */
static int find_user(const struct zone_launch *z, struct confine_user *out, char ***env,
		     struct error *err)
{
	AUTO_CLOSE int rootfd = -1;
	struct user user;

	*out = (struct confine_user){ .uid = 0, .gid = 0 };
	if (!z->user)
		return 0;
	rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (rootfd < 0)
		return error_sys(err, "open the root");
	if (users_find(rootfd, z->user, &user, err) < 0)
		return -1;
	*out = user.ids;
	if (!strv_env_get(*env, "HOME"))
		strv_env_set(env, "HOME", user.home);
	return 0;
}

/* As the user, who may not be allowed there; and by no magic link, see enter.c. */
static int enter_dir(const char *dir, struct error *err)
{
	struct error why = { 0 };
	AUTO_CLOSE int rootfd = -1;
	AUTO_CLOSE int fd = -1;

	if (!dir)
		return 0;
	rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (rootfd < 0)
		return error_sys(err, "open the root");
	fd = path_open(rootfd, dir, O_PATH | O_DIRECTORY, &why);
	if (fd >= 0 && fchdir(fd) == 0)
		return 0;
	if (fd < 0)
		errno = why.sys;
	error_sys(err, "enter directory '%s'", dir);
	err->sys = 0;	/* that one is the program's (launch.h) */
	return -1;
}

int zone_inside(struct launching *b, struct error *err)
{
	const struct launch *l = b->l;
	const struct zone_launch *z = (const struct zone_launch *)l;
	AUTO_STRV char **env = strv_copy(l->env);
	struct confine_user user;
	AUTO_FREE char *path = NULL;

	if (own_cgroup_namespace(b, err) < 0)
		return -1;
	if (sethostname(z->hostname, strlen(z->hostname)) < 0)
		return error_sys(err, "set the hostname");
	if (!z->shares_net && launch_loopback(err) < 0)
		return -1;
	if (limit_namespaces(b, z->features, err) < 0)
		return -1;
	launch_wait(b);
	/* A copy into a namespace of another owner locks every mount together with its flags. */
	if (unshare(CLONE_NEWNS) < 0)
		return error_sys(err, "make a mount namespace");
	if (set_stdio(z, err) < 0)
		return -1;
	if (chdir("/") < 0) /* host path */
		return error_sys(err, "enter the root");
	if (set_up(z->setup, err) < 0)
		return -1;
	if (find_user(z, &user, &env, err) < 0 ||
	    confine_apply(&l->confine, &user, b->gate[0], err) < 0 || enter_dir(z->dir, err) < 0)
		return -1;
	path = l->task ? xstrdup("") : confine_find(l->argv[0], env, err);
	if (!path)
		return -1;
	launch_wait(b);
	if (l->task)
		confine_run(l->task);
	return confine_exec(&(struct confine_program){
		.stubfd = b->stubfd, .reportfd = b->report[1], .path = path, .argv = l->argv,
		.env = env,
	}, err);
}
