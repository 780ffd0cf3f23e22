/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_SPAN_H
#define CGROUPS_SPAN_H

/*
 * A group of one path in every hierarchy that is mounted on this host: what the
 * container engines expect, who name the path themselves and read the group's
 * files by it. A zone's groups are another matter (cgroup.h). The path belongs to
 * the host and is walked as a string; cgroupfs has no links.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { SPAN_MAX = 24, SPAN_NAMES_MAX = 64 };

struct span_part {
	char names[SPAN_NAMES_MAX];	/* "cpu,cpuacct", "name=systemd"; "" is v2 */
	char where[SPAN_NAMES_MAX + 24]; /* it is mounted: "/sys/fs/cgroup/memory" */
	int rootfd;			/* of the hierarchy */
	int fd;				/* of the group, -1: it is not there */
	bool is_made;			/* by span_make() */
};

struct span {
	struct span_part parts[SPAN_MAX];
	size_t n;
};

#define AUTO_SPAN __attribute__((cleanup(span_close)))

/* Opens the roots of the hierarchies that /proc/self/cgroup lists, as they are mounted below
 * /sys/fs/cgroup; one that is not mounted is left out. s is empty before. */
int span_host(struct span *s, struct error *err);
/* Makes the groups of path ("/a/b", below the root of each), and what is missing above; enables
 * every controller of v2 above it that can be had. ERR_STATE when one is there already and has
 * processes in it or below, or is frozen. On failure the groups that it made are removed, and no
 * others. */
int span_make(struct span *s, const char *path, struct error *err);
/* Makes what is missing of the groups of path and opens all; what is there is ours already. */
int span_adopt(struct span *s, const char *path, struct error *err);
/* Gives the v2 group to a user of the host, with the files that whoever has a group delegated may
 * write (cgroups(7), "Delegation"). */
int span_give(const struct span *s, uid_t uid, struct error *err);
/* Opens those that are there. */
int span_open(struct span *s, const char *path, struct error *err);
void span_close(struct span *s);

/* True if there is v2 alone. */
bool span_is_pure(const struct span *s);
/* The v2 group, or -1. */
int span_v2(const struct span *s);
/* The v1 group of a controller ("memory", "blkio", "name=systemd"), or -1. */
int span_v1(const struct span *s, const char *controller);
/* Takes the groups of another path in their place: that of one controller, NULL: of all that are
 * open. ERR_NOT_FOUND when one is not there, ERR_USAGE when no open group has the controller. */
int span_descend(struct span *s, const char *controller, const char *path, struct error *err);
/* Takes the v2 group that a process is in, at or below the one of s, in its place. */
int span_follow(struct span *s, pid_t pid, struct error *err);
/* True if a v1 group is open. */
bool span_has_v1(const struct span *s);
/* Moves a process into every v1 group; 0 is the caller, which has one thread. Only for that the
 * kernel need not wait until nobody on the host forks or ends (cgroup_procs_write_start() in
 * kernel/cgroup/cgroup.c, Linux 5.13), some milliseconds. Child-safe. */
int span_join_v1(const struct span *s, pid_t pid, struct error *err);
/* Moves it into the v2 group too; for a process that was not born there. Child-safe. */
int span_join(const struct span *s, struct error *err);
/* The processes in the group and below, each once; the caller owns *out. */
int span_pids(const struct span *s, pid_t **out, size_t *out_n, struct error *err);
/* Waits until nobody is in the group or below, or it is not there; *out says whether that is so
 * after timeout_ms at most. */
int span_wait_empty(const struct span *s, int timeout_ms, bool *out, struct error *err);
/* Stops everything or lets it go on, and waits until it is so, at most timeout_ms. */
int span_freeze(const struct span *s, bool frozen, int timeout_ms, struct error *err);
int span_is_frozen(const struct span *s, bool *out, struct error *err);
/* SIGKILL to everything inside, frozen or not; waits until it is empty. */
int span_kill(const struct span *s, int timeout_ms, struct error *err);
/* Removes the groups of path that hold nothing, of whoever they are; the others stay. */
void span_sweep(const struct span *s, const char *path);
/* Removes the groups of path and what lies below them, not what lies above. */
int span_remove(const struct span *s, const char *path, struct error *err);

#endif
