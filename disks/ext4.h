/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_EXT4_H
#define DISKS_EXT4_H

/* An ext4 filesystem in a file. What is in the file was written by mke2fs(8) and the kernel, never
 * by a zone. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "disks/disk.h"

/* Makes one in the empty file name below dirfd, whose length is the filesystem's, by mke2fs(8).
 * inodes 0: one for each 16 KiB. ERR_UNSUPPORTED where there is no such program. */
int ext4_make(int dirfd, const char *name, uint64_t inodes, bool has_journal, struct error *err);

struct ext4_super {
	uint64_t bytes, free_bytes;
	uint64_t inodes, free_inodes;
	uint64_t asked_inodes;		/* what ext4_make() was told */
	bool has_journal, has_errors;	/* errors: found by the kernel, mended by nobody yet */
};

/* What the file of one that is not mounted says of itself. */
int ext4_read(int filefd, struct ext4_super *out, struct error *err);
/* Checks one that is not mounted and mends what can be without loss, by e2fsck(8). */
int ext4_mend(int dirfd, const char *name, struct error *err);
/* What one that is mounted counts now; mountfd is of anywhere in it. */
int ext4_count(int mountfd, struct disk_usage *out, struct error *err);
/* Mounts loop device number, or has a further mount of what is mounted from it. Returns a
 * descriptor (O_PATH) of the mount, which is nowhere attached and ends with it. Without is_durable
 * fsync(2) in it does not wait for the disk. */
int ext4_mount(int number, bool is_durable, struct error *err);
/* Grows one that is mounted to all of its device. ERR_UNSUPPORTED without CAP_SYS_RESOURCE. */
int ext4_grow(int mountfd, uint64_t bytes, struct error *err);

#endif
