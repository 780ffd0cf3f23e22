/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MOUNT_H
#define BASE_MOUNT_H

/*
 * Mounts that are attached nowhere yet, by descriptor: made, given their
 * attributes, then attached to a directory or file that is open already
 * (fsopen(2), open_tree(2), move_mount(2)). No name is looked up twice, and
 * nobody sees a mount before it is as it should be. All are child-safe.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* A context for a new filesystem of this type; source is its name in the list of mounts. */
int mount_new(const char *type, const char *source, struct error *err);
/* NAME=VALUE, or a flag where value is NULL. The error holds the kernel's own words. */
int mount_option(int fsfd, const char *type, const char *name, const char *value,
		 struct error *err);
/* Makes it: a detached mount with these MOUNT_ATTR_ bits. */
int mount_make(int fsfd, const char *type, uint64_t attrs, struct error *err);
/* A detached copy of the mount at fd, seen from there; of those below it too if is_recursive. */
int mount_copy(int fd, bool is_recursive, struct error *err);
/* Sets and clears MOUNT_ATTR_ bits of a mount, and of those below it if is_recursive. */
int mount_change(int fd, uint64_t set, uint64_t clear, bool is_recursive, struct error *err);
/* Attaches a detached mount over what targetfd is. */
int mount_attach(int treefd, int targetfd, struct error *err);

#endif
