/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_TREE_PARTS_H
#define OCI_TREE_PARTS_H

/* What the files of tree.h share. */

#include "oci/tree.h"

/* Opens (O_PATH) what path leads to inside the root, links resolving there; makes it where it is
 * missing: a directory, or an empty file, and the directories above. Refuses a dangling link. */
int tree_target(const struct tree *t, const char *path, bool is_dir, struct error *err);
/* Attaches a copy of what is at fd over path. */
int tree_bind(const struct tree *t, int fd, const char *path, uint64_t attrs, struct error *err);
/* Attaches a detached mount over path, which it opens as a directory. */
int tree_attach(const struct tree *t, int treefd, const char *path, struct error *err);
/* A mount of type cgroup or cgroup2: the container's own groups. */
int tree_cgroup(const struct tree *t, const struct oci_mount *m, uint64_t attrs, struct error *err);
/* Device nodes, links in /dev, the terminal. */
int tree_devices(struct tree *t, struct error *err);
/* maskedPaths and readonlyPaths. */
int tree_covers(const struct tree *t, struct error *err);

#endif
