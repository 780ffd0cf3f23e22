/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_DEV_H
#define RUNTIME_DEV_H

/*
 * What stands in a zone's /dev: a tmpfs that the host's root fills before any
 * process of the zone exists. The nodes are made there, not bound from the
 * host, so nothing of the host's /dev is shared.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Fills devfd, the root of a fresh tmpfs; everything belongs to the caller's fsuid. Child-safe. */
int dev_fill(int devfd, uint64_t features, struct error *err);

/* Opens a terminal of the devpts instance whose root is ptsfd, the slave owned by uid and by the
 * group that the instance gives. Returns the master; *out_slavefd is the other end. Nothing else
 * than a devpts is opened. Child-safe. */
int dev_pty_open(int ptsfd, uid_t uid, int *out_slavefd, struct error *err);

#endif
