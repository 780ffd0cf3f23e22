/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/zone_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/vfork.h"
#include "runtime/caps.h"
#include "runtime/mounts.h"
#include "runtime/mounts_user.h"
#include "runtime/ssh_demand.h"
#include "runtime/uidmap.h"

static const struct zone_launch *zone_of(const struct launching *b)
{
	return (const struct zone_launch *)b->l;
}

/* Runs as a process of the zone's pid namespace, which is what makes the proc it mounts the
 * zone's, with all of the host's power over mounts. */
static int mount_proc(void *arg, struct error *err)
{
	int *out = arg;

	*out = mounts_proc(err);
	return *out < 0 ? -1 : 0;
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

static int begin(struct launching *b, struct error *err)
{
	const struct zone_launch *z = zone_of(b);

	if (mounts_private(err) < 0 || cgroup_join_v1(z->cgroup, 0, err) < 0 ||
	    confine_raise(&b->l->confine, err) < 0)
		return -1;
	return set_euid(z->uid_base, err);
}

static int enter_cgroupns(struct launching *b, struct error *err)
{
	if (launch_hear(b, err) < 0)
		return -1;
	if (setns(b->out->pidfd, CLONE_NEWCGROUP) < 0)
		return error_sys(err, "enter the cgroup namespace");
	return 0;
}

/* In the zone's network namespace. What is opened and allocated here is the caller's (vfork). */
static int open_route(struct launching *b, struct error *err)
{
	struct launched *out = b->out;

	out->netnsfd = launch_namespace(out->pid, "net", err);
	if (out->netnsfd < 0)
		return -1;
	out->route = xcalloc(1, sizeof(*out->route));
	return nl_open(out->route, NETLINK_ROUTE, err);
}

/* For limit_namespaces() of child.c, as long as nothing covers them. */
static int send_sysctls(struct launching *b, int procfd, struct error *err)
{
	AUTO_CLOSE int sysfd = openat(procfd, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (sysfd < 0)
		return error_sys(err, "open '/proc/sys' of the zone");
	return fd_send(b->gate[1], &sysfd, 1, "s", 1, err);
}

static int build_tree(struct launching *b, int usernsfd, int rootfd, struct error *err)
{
	const struct zone_launch *z = zone_of(b);
	struct mounts_out made = { -1, -1 };
	int procfd = -1;
	int ret;

	if (setns(b->out->pidfd, CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) < 0)
		return error_sys(err, "enter the namespaces");
	if (!z->shares_net && open_route(b, err) < 0)
		return -1;
	if (z->listens_ssh) {
		b->out->sshfd = ssh_demand_listen(err);
		if (b->out->sshfd < 0)
			return -1;
	}
	if (vfork_run(mount_proc, &procfd, 0, err) < 0)
		return -1;
	ret = send_sysctls(b, procfd, err);
	if (ret == 0)
		ret = mounts_system(z, rootfd, procfd, &made, err);
	close(procfd);
	b->out->ptyfd = made.ptyfd;
	b->out->notifyfd = made.notifyfd;
	for (char *const *m = z->mounts; m && *m && ret == 0; m++)
		ret = mounts_user(rootfd, usernsfd, *m, err);
	if (ret < 0 || enter_cgroupns(b, err) < 0)
		return -1;
	return mounts_cgroup(rootfd, err);
}

static int build(struct launching *b, struct error *err)
{
	const struct zone_launch *z = zone_of(b);
	AUTO_CLOSE int usernsfd = -1;
	AUTO_CLOSE int rootfd = -1;

	if (set_euid(0, err) < 0 || uidmap_write(b->out->pid, z->uid_base, err) < 0)
		return -1;
	usernsfd = launch_namespace(b->out->pid, "user", err);
	if (usernsfd < 0 || set_fsids(z->uid_base, err) < 0)
		return -1;
	rootfd = mounts_root(z, usernsfd, &b->out->disk_device, err);
	if (rootfd < 0)
		return error_wrap(err, "root filesystem");
	if (build_tree(b, usernsfd, rootfd, err) < 0 || mounts_pivot(rootfd, err) < 0)
		return -1;
	return launch_tell(b, err);
}

const struct launch_kind zone_launch_kind = { .begin = begin, .build = build,
					      .inside = zone_inside };
