/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_BLOCKS_H
#define CGROUPS_BLOCKS_H

/*
 * The block devices that hold a filesystem. I/O is limited where it is handed in:
 * at the device that a filesystem stands on, a partition's whole disk or what
 * device-mapper makes. It is weighed where it queues for the hardware: at the
 * bottom of such a stack. Of a loop device it is what holds the file, if that is
 * read and written directly, and the loop device itself if the page cache is
 * between, behind which nobody knows whose a page is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { BLOCKS_MAX = 16 };

struct blocks {
	dev_t tops[BLOCKS_MAX];
	size_t n_tops;
	dev_t queues[BLOCKS_MAX];
	size_t n_queues;
};

/* Adds those of the filesystem that a directory stands in, none twice; btrfs may have
 * several. ERR_UNSUPPORTED "no disk holds it: its filesystem is tmpfs" where there is none. */
int blocks_add(struct blocks *b, int dirfd, struct error *err);
/* Whether the queue's scheduler weighs by group: bfq does. */
bool blocks_has_bfq(dev_t queue);
/* The device's name as in /sys/block, "vda". Returns out. */
const char *blocks_name(dev_t dev, char out[64]);

#endif
