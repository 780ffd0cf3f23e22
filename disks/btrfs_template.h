/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_BTRFS_TEMPLATE_H
#define DISKS_BTRFS_TEMPLATE_H

/*
 * The storage pool's copies of templates: read-only subvolumes, made when the first zone of a
 * template is, by whoever makes that. Zones are snapshots and need them no more.
 */

#include "base/error.h"
#include "disks/disk.h"

/* Makes placefd/root a snapshot of the template that want names, with want's limit. */
int btrfs_template_snapshot(const struct disk *d, const struct disk_want *want, int placefd,
			    struct error *err);

/* 1: keep it, 0: no template of the store has that digest any more, -1. */
typedef int btrfs_template_keep_fn(void *arg, const char *digest, struct error *err);
/* Removes those that need not be kept; nothing without a pool. */
int btrfs_template_sweep(int varfd, btrfs_template_keep_fn *keep, void *arg, struct error *err);

#endif
