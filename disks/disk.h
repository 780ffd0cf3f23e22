/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_DISK_H
#define DISKS_DISK_H

/*
 * One zone's place on disk, and how much it may fill.
 *
 * A zone's files lie in its data directory: lower/, upper/ and work/ of an overlay, or root/, a
 * whole root filesystem. What that directory is differs by kind, and each kind is a row of the
 * table in disk.c:
 *
 *   plain      zones/NAME/data/; no limit
 *   project    the same, with a project quota of the store's filesystem     project.h
 *   image      zones/NAME/disk.img, an ext4 mounted over data/              image.h
 *   btrfs      a subvolume of the storage pool                              btrfs.h
 *
 * Which kind a zone has is told by what is there, never by its properties. A kind is committed by
 * one rename(2) or unlink(2), so a zone has one place at every moment.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Where an operation works; the descriptors are borrowed. */
struct disk {
	int varfd;			/* ROOT/var/lib/zonectl */
	int zonefd;			/* zones/NAME, or what it is called while made or removed */
	int runfd;			/* run/NAME of a zone that is up, else -1 */
	uint32_t uid_base;		/* one of the zone's uids, which no other place of the site
					 * is called by; 0: not known */
};

struct disk_limits {
	uint64_t bytes, inodes;		/* 0: no limit */
};

/* What is wanted of a new place. */
struct disk_want {
	struct disk_limits limits;
	bool is_subvolume;		/* storage=btrfs */
	bool is_ephemeral;		/* its files are never needed after a crash */
	/* Of a subvolume, which is made whole from the template: */
	int templatefd;			/* its root */
	const char *digest;		/* borrowed */
	int (*copy)(int fromfd, int tofd, struct error *err);	/* a tree into an empty directory */
};

struct disk_usage {
	bool has_bytes, has_inodes;	/* false: nobody counts them */
	uint64_t bytes, inodes;		/* in use now */
	struct disk_limits limits;	/* as they are in force */
};

enum disk_change {
	DISK_CHANGED,			/* done, in force */
	DISK_COPY,			/* needs a new place that the files are copied to */
	DISK_STOPPED,			/* the zone must be stopped for it */
};

struct disk_kind {
	const char *name;
	bool has_filesystem;		/* data/ is one of its own: syncfs(2) makes it durable */
	/* True if the zone is of this kind. */
	bool (*is_here)(const struct disk *d);
	/* 1 if the host can make one here, 0 if not; *why then says what is missing. */
	int (*can)(const struct disk *d, const struct disk_want *want, struct error *why);
	/* Makes the place, with an empty data directory, or one that holds root/ if it is a
	 * subvolume. zonefd is new and nobody else's; data/ in it is there, and empty. What a
	 * failure leaves is taken by remove, or by the removal of the directory. */
	int (*make)(const struct disk *d, const struct disk_want *want, struct error *err);
	/* Opens the data directory of a zone that is down, for reading and writing by
	 * descriptor. No mount can be cloned from it, nor made on it. */
	int (*open)(const struct disk *d, struct error *err);
	/* The same, for the mounts of the caller's private mount namespace, in which zonefd was
	 * opened. *out_device is a word by which usage and limit find it while the zone is up, kept
	 * in the run directory; -1: none. */
	int (*attach)(const struct disk *d, int *out_device, struct error *err);
	/* Sets other limits; an enum disk_change, or -1. runfd tells whether the zone is up. Less
	 * than what is in use is refused, ERR_RESOURCE with both numbers. */
	int (*limit)(const struct disk *d, const struct disk_limits *limits, struct error *err);
	/* Makes this kind of a plain place, files and all, of a zone that is down; copy of want
	 * keeps everything then. NULL: only by copying. */
	int (*adopt)(const struct disk *d, const struct disk_want *want, struct error *err);
	int (*usage)(const struct disk *d, struct disk_usage *out, struct error *err);
	/* Takes away what the removal of the zone's directory would leave, quotas and subvolumes.
	 * Twice is fine; half made too. NULL: nothing. */
	int (*remove)(const struct disk *d, struct error *err);
};

/* The zone's kind; never NULL. */
const struct disk_kind *disk_kind_of(const struct disk *d);
/* The kind that a new place is to have, or NULL with ERR_UNSUPPORTED. */
const struct disk_kind *disk_choose(const struct disk *d, const struct disk_want *want,
				    struct error *err);
/* Opens the data directory of a zone that is down, whatever its kind. */
int disk_open(const struct disk *d, struct error *err);
/* The rows' functions of the zone's kind. */
int disk_attach(const struct disk *d, int *out_device, struct error *err);
int disk_limit(const struct disk *d, const struct disk_limits *limits, struct error *err);
int disk_usage(const struct disk *d, struct disk_usage *out, struct error *err);
int disk_remove(const struct disk *d, struct error *err);

/* The device of a zone that is up, in its run directory; -1: none. */
int disk_device_write(int runfd, int device, struct error *err);
int disk_device_read(int runfd);

/* zones/NAME/data itself. */
int disk_data_open(const struct disk *d, struct error *err);

#endif
