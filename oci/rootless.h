/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_ROOTLESS_H
#define OCI_ROOTLESS_H

/*
 * Without the host's root: called by the root of a user namespace, as Podman
 * does, or by another user. That one makes the container's user namespace first
 * and enters it, and then has power over all that is made; the container's root
 * is the caller. Mounts are not locked there, as who could undo them is the
 * caller again.
 */

#include <stdbool.h>

#include "base/error.h"
#include "oci/spec.h"

/* True if what only the host's root may do can't be done. */
bool rootless_is_outsider(void);
/* Where containers are remembered when nobody says where: /run/zone-oci, or
 * $XDG_RUNTIME_DIR/zone-oci for whoever can't write there. Kept until the end. */
const char *rootless_root(void);
/* Enters a new user namespace with the mappings of the configuration, by newuidmap(1) and
 * newgidmap(1) where they are more than the caller alone. ERR_UNSUPPORTED when the configuration
 * has none, or its root is not the caller. Not to be undone. */
int rootless_enter(const struct oci_spec *spec, struct error *err);
/* Enters that of a process, pidfd, which runs in it. */
int rootless_join(int pidfd, struct error *err);

#endif
