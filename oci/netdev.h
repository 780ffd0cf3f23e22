/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_NETDEV_H
#define OCI_NETDEV_H

/* linux.netDevices: interfaces of the host that become a container's. */

#include <sys/types.h>

#include "base/error.h"
#include "netns/nl.h"
#include "oci/spec.h"

/* Moves them into the network namespace of a process, which is not the caller's. here is a route
 * socket of the host's namespace. Child-safe. */
int netdev_move(struct nl *here, const struct oci_linux *l, pid_t pid, struct error *err);

#endif
