/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_LIMIT_MOUNTS_H
#define BENCH_LIMIT_MOUNTS_H

/*
 * The mounts of the bare limit below its root: those of runtime/mounts.c and runtime/dev.c, in a
 * row, with no check. limit.bash compares what comes out of it with zonectl's.
 */

#include "base/sys.h"

enum {
	NOSUID = MOUNT_ATTR_NOSUID,
	NODEV = MOUNT_ATTR_NODEV,
	NOEXEC = MOUNT_ATTR_NOEXEC,
	RO = MOUNT_ATTR_RDONLY,
	SAFE = NOSUID | NODEV | NOEXEC,
};

#define UID_BASE 1879048192		/* the first of its ids */
#define UID_TEXT "1879048192"
#define GID_TTY_TEXT "1879048197"
#define ID_MAP "0 1879048192 65536\n"

/* A detached mount of a new filesystem; options are names and values, ended by NULL. */
int mount_new(const char *type, const char *const options[], unsigned int attrs);
/* A detached copy of the mount at path below dirfd. */
int tree_copy(int dirfd, const char *path, unsigned int attrs);
void attach(int treefd, int dirfd, const char *target);
/* Mounts /dev and what stands in it below rootfd; its descriptor. */
int mount_dev(int rootfd);
/* Covers and masks below /proc and /sys; what the kernel lacks fails where it is attached. */
void cover(int rootfd, int devfd);

#endif
