/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_POOL_MAKE_H
#define DISKS_POOL_MAKE_H

/* Making, removing and describing a storage pool (pool.h). */

#include "disks/btrfs_quota.h"
#include "disks/pool.h"

enum { POOL_SIZE_MIN = 128 << 20 };	/* what mkfs.btrfs needs for two copies of its trees */

struct pool_want {
	const char *on;		/* absolute: a file to be made or a device; NULL: pool.img */
	uint64_t size;		/* bytes; 0: all of a device */
	bool is_forced;		/* a device that holds something already is overwritten */
};

/* Makes a btrfs by mkfs.btrfs(8), mounts it and counts in it. All or nothing. ERR_EXISTS when there
 * is a pool or such a file, ERR_RESOURCE without space, ERR_BUSY for a device in use,
 * ERR_UNSUPPORTED without the program or the kernel's part. */
int pool_make(int varfd, const struct pool_want *want, struct error *err);
/* Removes it, with the file it is on; what is on a device stays there. ERR_STATE while zones are in
 * it, ERR_BUSY while it is in use. is_forced: also one whose file or device is gone.
 * Restartable. */
int pool_remove(int varfd, bool is_forced, struct error *err);

struct pool_info {
	struct pool_record record;	/* on is NULL: the store's own btrfs; owned */
	uint64_t size, used, free;	/* bytes; free: what files can still have */
	uint64_t zones, templates;
	uint64_t unowned;		/* of those zones, how many are no zone's */
	enum btrfs_quota quota;
};

/* Mounts it for that. ERR_NOT_FOUND when the store has none. */
int pool_info_read(int varfd, struct pool_info *out, struct error *err);
void pool_info_clear(struct pool_info *info);
/* Bytes that the filesystem of a file at that path has left; 0 when that can't be told. */
uint64_t pool_space_for(int varfd, const char *on);

#endif
