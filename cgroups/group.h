/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_GROUP_H
#define CGROUPS_GROUP_H

/*
 * One group in one hierarchy: make, open, list, wait, remove. For the files of
 * this folder only; the rest of the tree speaks of zones (cgroup.h).
 *
 * A path here is "SUBTREE/NAME" below a hierarchy's root. All of it belongs to
 * the host, cgroupfs has no links, and the name is checked, so it can be walked by
 * string; what lies below a zone's delegated group is walked by descriptor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { GROUP_PATH_MAX = 160, GROUP_NAME_MAX = 63 };

/* Writes "SUBTREE/NAME". A name that a control file or a systemd unit could have ("cgroup.procs",
 * "tasks", "web.slice") gets "_" in front, which no zone's name begins with. ERR_USAGE for "",
 * ".", "..", one with "/" and one too long. */
int group_path(const char *subtree, const char *name, char out[GROUP_PATH_MAX], struct error *err);
/* The zone's name for a directory of the subtree; NULL if it can't be a zone's. Borrowed. */
const char *group_zone_name(const char *directory);

/* Makes a new group, with the subtree where that is missing (a zone that ends may take it away
 * in between), and opens it. -1 with sys EEXIST if it is there. */
int group_make(int rootfd, const char *path, struct error *err);
/* Opens a group; -1 with sys ENOENT if it is not there. */
int group_open(int parentfd, const char *path, struct error *err);
/* Removes a group and all below it, depth first. Not there is success; -1 with sys EBUSY if
 * processes are inside. */
int group_remove(int parentfd, const char *path, struct error *err);
/* Removes the subtree if nothing is in it. */
void group_prune(int rootfd, const char *subtree);

/* One flag ("populated", "frozen") of the v2 group's cgroup.events. */
int group_event(int fd, const char *flag, bool *out, struct error *err);
/* Waits for the flag to have value: 1 when it has, 0 after timeout_ms (-1: for ever). */
int group_wait(int fd, const char *flag, bool value, int timeout_ms, struct error *err);
/* The processes in a group, unsorted; the caller owns *out (NULL when there are none). */
int group_pids(int fd, pid_t **out, size_t *out_n, struct error *err);
/* Moves a process, 0: the caller. Child-safe. */
int group_join(int fd, pid_t pid, struct error *err);
/* Moves the caller alone, of its threads, into a v1 group. Child-safe. */
int group_join_thread(int fd, struct error *err);

#endif
