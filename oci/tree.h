/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_TREE_H
#define OCI_TREE_H

/*
 * The mounts of a container, made by a process that has a mount namespace of its
 * own and has entered the container's other namespaces (the pid namespace is that
 * of its children), before anything of the container runs. Every target is found
 * by base/path.h, links resolving inside the root; every mount is made detached
 * and attached by descriptor (mount.h).
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/span.h"
#include "oci/spec.h"

struct tree {
	const struct oci_spec *spec;
	const char *rootfs;		/* absolute, on the host */
	const char *bundle;		/* where relative sources begin */
	const int *idmaps;		/* idmap_open_all(), a user namespace a mount or -1 */
	bool opens_no_nodes;		/* but the host's own that are bound in it, one by one */
	bool has_own_mounts;		/* else the mount namespace is somebody else's, too */
	const struct span *span;	/* the container's groups */
	const char *cgroup;		/* their path below each hierarchy */
	bool has_own_cgroupns;
	uid_t root_uid;			/* the container's root, as the caller sees it */
	gid_t root_gid;
	int rootfd;			/* set by tree_root(); owned */
	int ptyfd;			/* set by tree_fill() with a terminal; owned, or -1 */
};

/* Cuts the mounts off from the host's as rootfsPropagation says, or so that nothing comes back. */
int tree_begin(const struct tree *t, struct error *err);
/* Attaches the root filesystem over itself. */
int tree_root(struct tree *t, struct error *err);
/* All below it: mounts in their order, devices, the terminal, sysctls left out; then what is masked
 * and read-only. */
int tree_fill(struct tree *t, struct error *err);
/* Makes it the root: pivot_root(2), or without it by moving the mount. Nothing where the mount
 * namespace is shared: each process of the container changes its own then. */
int tree_enter(const struct tree *t, bool without_pivot, struct error *err);
/* Takes the mounts of a configuration away from a mount namespace that the container shared with
 * the caller. What is not mounted any more is passed over. */
void tree_unmount(const struct oci_spec *spec, const char *rootfs);

/* Makes what mounts will stand on, for whoever mounts them instead of tree_fill(): what an earlier
 * mount covers is not the root filesystem's to have. */
int tree_places(const struct tree *t, struct error *err);

/* The directory of a hierarchy below a mount of type cgroup. */
const char *tree_cgroup_name(const struct span_part *part);

#endif
