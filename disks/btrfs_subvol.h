/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_BTRFS_SUBVOL_H
#define DISKS_BTRFS_SUBVOL_H

/*
 * Subvolumes of a btrfs, by the ioctls of linux/btrfs.h. Descriptors are
 * open for reading (not O_PATH), names are single components that we chose.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* True if fd is on a btrfs. */
bool btrfs_is(int fd);

/* Makes an empty subvolume. */
int btrfs_subvol_make(int dirfd, const char *name, struct error *err);
/* Makes a writable snapshot of the subvolume srcfd, with its limit (bytes; 0: none), in one
 * transaction, which is on the disk when this returns. */
int btrfs_subvol_snapshot(int srcfd, int dirfd, const char *name, uint64_t bytes,
			  struct error *err);
/* The number of the subvolume that fd is in. */
int btrfs_subvol_id(int fd, uint64_t *out, struct error *err);
/* Makes the subvolume fd read-only. */
int btrfs_subvol_seal(int fd, struct error *err);
/* Removes a subvolume with all in it, other subvolumes too; the space comes back in the background.
 * Nothing there is success, and so is a directory, which is removed with all below it. */
int btrfs_subvol_remove(int dirfd, const char *name, struct error *err);

#endif
