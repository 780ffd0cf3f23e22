/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_MOUNTS_H
#define RUNTIME_MOUNTS_H

/*
 * The mount plan of a zone. All of it runs in the builder of launch.c: a process
 * of the host's user namespace with a mount namespace of its own, before any
 * process of the zone executes anything. Every mount is made detached, given its
 * attributes, and attached by descriptor; every target is found by base/path.h.
 */

#include <stdint.h>

#include "base/error.h"
#include "runtime/zone_launch.h"

/* Cuts the builder's mount namespace off from the host's. */
int mounts_private(struct error *err);
/* Makes the root filesystem, idmapped by usernsfd, and attaches it. Returns its O_PATH descriptor.
 * *out_device is that of disk_attach(). */
int mounts_root(const struct zone_launch *l, int usernsfd, int *out_device, struct error *err);
/* Makes a proc of the caller's active pid namespace; detached. Child-safe. */
int mounts_proc(struct error *err);

struct mounts_out {
	int ptyfd;			/* the console's master, or -1 */
	int notifyfd;			/* the bound notify socket, or -1 */
};

/* Attaches procfd and everything else below rootfd but the cgroups. The caller has entered the
 * child's network and IPC namespaces, which sysfs and mqueue belong to. */
int mounts_system(const struct zone_launch *l, int rootfd, int procfd, struct mounts_out *out,
		  struct error *err);
/* Attaches cgroup2 as the caller's cgroup namespace, which must be the child's, shows it. */
int mounts_cgroup(int rootfd, struct error *err);
/* Binds a terminal over /dev/console below rootfd, in place of an older one. All are in the
 * caller's mount namespace, the zone's: not in the builder's, whose mounts are locked in the zone,
 * as a new keeper needs to replace it. Changes the working directory. */
int mounts_console(int rootfd, int slavefd, struct error *err);
/* Makes rootfd the root of the mount namespace and leaves nothing of the host in it. */
int mounts_pivot(int rootfd, struct error *err);

#endif
