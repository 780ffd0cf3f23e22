/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_TREE_PARTS_H
#define OCI_TREE_PARTS_H

/* What the files of tree.h share. */

#include "oci/mount_options.h"
#include "oci/tree.h"

/* Opens (O_PATH) what path leads to inside the root, links resolving there; makes it where it is
 * missing: a directory, or an empty file, and the directories above. Refuses a dangling link. */
int tree_target(const struct tree *t, const char *path, bool is_dir, struct error *err);
/* Opens (O_PATH) the directory that path's last component stands in, as tree_target() does; its
 * name is *out_name, inside path. */
int tree_parent(const struct tree *t, const char *path, const char **out_name, struct error *err);
/* Copies what the image has at path into a detached mount, owner of the directory included; nothing
 * where it has none. */
int tree_copy_up(const struct tree *t, const char *path, int treefd, struct error *err);
/* Makes at path the link that linkfd (O_PATH) is; one like it may be there. */
int tree_copy_link(const struct tree *t, const char *path, int linkfd, struct error *err);
/* Whether a value is longer than a filesystem takes by fsconfig(2); then tree_make_long() makes the
 * detached mount. */
bool tree_has_long(const struct oci_mount *m, const struct mount_options *o);
int tree_make_long(const struct tree *t, const struct oci_mount *m, const struct mount_options *o,
		   struct error *err);
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
