/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_BTRFS_H
#define DISKS_BTRFS_H

/*
 * storage=btrfs: a zone's root is a subvolume of the storage pool (pool.h), a snapshot of its
 * template's. It is made at once, and counts only what the zone wrote itself: what it shares with
 * the template is nobody's. A zone is told by the link "subvolume" in its directory. A btrfs does
 * not count inodes.
 */

#include "disks/disk.h"

extern const struct disk_kind disk_btrfs;

/* Counts the places in the pool that no zone has, and removes them unless is_kept. */
int btrfs_sweep(int varfd, bool is_kept, uint64_t *out_n, struct error *err);

#endif
