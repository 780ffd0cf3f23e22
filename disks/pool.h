/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_POOL_H
#define DISKS_POOL_H

/*
 * The storage pool of a store: the btrfs that zones with storage=btrfs are subvolumes of.
 *
 *   ROOT/var/lib/zonectl/pool/         where it is mounted; a directory like others where the store
 *                                      itself is on btrfs
 *     templates/DIGEST                 a read-only subvolume: the files of a template, less what
 *                                      makes a machine that one machine
 *     zones/UID/root                   a zone's root, by the first of its uids: a snapshot
 *   ROOT/var/lib/zonectl/pool.img      the file that a pool is on unless told otherwise
 *   ROOT/var/lib/zonectl/pool.json     what it is on, so that it is mounted again after a boot of
 *                                      the host by the first command that needs it
 *
 * varfd is ROOT/var/lib/zonectl, open for reading. A lock on that directory is held while a pool is
 * made, mounted or removed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { POOL_UUID_LEN = 36 };

/* What pool.json says. */
struct pool_record {
	char *on;			/* path of the file or device, from varfd on; owned */
	bool is_file;			/* made by zonectl, and removed by it */
	bool is_ready;			/* false: being made, or removed */
	char uuid[POOL_UUID_LEN + 1];	/* of the btrfs; "" while there is none */
};

#define AUTO_POOL_RECORD __attribute__((cleanup(pool_record_clear)))

void pool_record_clear(struct pool_record *r);
/* 1, or 0 when there is none. */
int pool_record_read(int varfd, struct pool_record *out, struct error *err);
/* Replaces it, on the disk when this returns. */
int pool_record_write(int varfd, const struct pool_record *r, struct error *err);
int pool_record_remove(int varfd, struct error *err);

/* True if a pool was made for the store. */
bool pool_exists(int varfd);
/* Opens the pool's directory, mounting what belongs there. ERR_UNSUPPORTED when the store has no
 * pool and is on no btrfs, ERR_NOT_FOUND when what the pool is on is gone. */
int pool_open(int varfd, struct error *err);
/* Opens (for reading) its directory zones or templates. */
int pool_open_dir(int varfd, const char *name, struct error *err);
/* Waits for the lock. Returns the descriptor that holds it. */
int pool_lock(int varfd, struct error *err);
/* Mounts the pool if it is not, the lock being held. */
int pool_mount(int varfd, const struct pool_record *r, struct error *err);
/* True if something is mounted at the pool's directory. */
bool pool_is_mounted(int varfd);
/* Unmounts it; ERR_BUSY when it is in use. */
int pool_unmount(int varfd, struct error *err);
/* The uuid of the btrfs that file or device has; ERR_NOT_FOUND when it has none. */
int pool_uuid_read(int fd, char out[POOL_UUID_LEN + 1], struct error *err);

#define POOL_DIR "pool"
#define POOL_FILE "pool.img"
#define POOL_ZONES "zones"
#define POOL_TEMPLATES "templates"

#endif
