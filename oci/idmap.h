/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_IDMAP_H
#define OCI_IDMAP_H

/*
 * Idmapped mounts (mount_setattr(2), MOUNT_ATTR_IDMAP): the files of a mount belong
 * to other users there. The kernel takes the mapping from a user namespace, which is
 * made for it and which nobody lives in.
 */

#include <stdbool.h>

#include "base/error.h"
#include "oci/spec.h"

/* A user namespace for each mount of the configuration that is mapped, in a list of their number
 * that the caller owns with its descriptors; -1 for the others. joinedfd is the user namespace that
 * the container enters, or -1. NULL and *err when it failed. */
int *idmap_open_all(const struct oci_spec *spec, int joinedfd, struct error *err);
void idmap_close_all(int *fds, size_t n);
/* Maps a detached mount, with those below it if is_recursive. Child-safe. */
int idmap_apply(int treefd, int usernsfd, bool is_recursive, struct error *err);
/* Lines of uid_map(5). The caller owns the text. */
char *idmap_text(const struct oci_id_mapping *maps, size_t n);

#endif
