/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_ROOTLESS_H
#define OCI_ROOTLESS_H

/*
 * Without the host's root: called by another user, or by the root of a user
 * namespace, as Podman does.
 */

#include <stdbool.h>

#include "base/error.h"

/* True for root of a user namespace other than the host's. */
bool rootless_is_nested(void);
/* Where containers are remembered when nobody says where: /run/zone-oci, or
 * $XDG_RUNTIME_DIR/zone-oci for whoever can't write there. Kept until the end. */
const char *rootless_root(void);

#endif
