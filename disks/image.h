/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_IMAGE_H
#define DISKS_IMAGE_H

/*
 * zones/NAME/disk.img: a sparse ext4 image, mounted over data/ in the mount namespace of whoever
 * assembles the zone, never in the host's. It holds what data/ would. Whoever has it mounted holds
 * a lock on the file, by its loop device: no image is ever mounted by two devices.
 */

#include "disks/disk.h"

extern const struct disk_kind disk_image;

/* A new image beside what a zone that is down has. Nothing uses it before image_commit(), and a
 * later image_begin() or image_sweep() removes one that was never committed. Returns its data
 * directory, empty. */
int image_begin(const struct disk *d, const struct disk_want *want, struct error *err);
/* Makes it the zone's place; its data directory was closed. Durable. */
int image_commit(const struct disk *d, struct error *err);
/* True if there is one that was not committed. */
bool image_is_begun(const struct disk *d);
/* Removes it. */
int image_sweep(const struct disk *d, struct error *err);
/* True if the kernel found errors in its filesystem that nobody mended. The zone is down. */
bool image_has_errors(const struct disk *d);
/* Has e2fsck(8) mend them, where that can be done without loss. The zone is down. */
int image_mend(const struct disk *d, struct error *err);
/* Takes the image away, so that data/ is the zone's place. Durable. */
int image_leave(const struct disk *d, struct error *err);

#endif
