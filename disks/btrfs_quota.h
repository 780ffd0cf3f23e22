/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_BTRFS_QUOTA_H
#define DISKS_BTRFS_QUOTA_H

/*
 * What a subvolume holds and may hold, beside the files it shares with its template. Descriptors
 * are open for reading (not O_PATH), of anywhere in the subvolume.
 */

#include <linux/btrfs.h>
#include <stdint.h>

#include "base/error.h"
#include "disks/disk.h"

enum btrfs_quota {
	BTRFS_QUOTA_OFF,
	BTRFS_QUOTA_FULL,	/* quota groups: each change is traced to all who share it */
	BTRFS_QUOTA_SIMPLE,	/* since 6.7: an extent is on the account of whoever wrote it */
};

enum btrfs_quota btrfs_quota_mode(int fd);
/* "off", "full", "simple" */
const char *btrfs_quota_name(enum btrfs_quota mode);
/* Turns counting on, of the simple kind where the kernel has it. */
int btrfs_quota_enable(int fd, struct error *err);
/* ERR_UNSUPPORTED with the remedy unless the filesystem counts. */
int btrfs_quota_need(int fd, struct error *err);
/* A limit as the kernel takes it; bytes 0: none. */
struct btrfs_qgroup_limit btrfs_quota_of(int fd, uint64_t bytes);
/* Sets it; 0: none. ERR_UNSUPPORTED as above. */
int btrfs_quota_limit(int fd, uint64_t bytes, struct error *err);
/* What it holds now, what is not on the disk yet included. Nothing has a figure without quotas. */
int btrfs_quota_usage(int fd, struct disk_usage *out, struct error *err);

#endif
