/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_PLAIN_H
#define DISKS_PLAIN_H

/* A directory of the store's filesystem, which may fill all of that. */

#include "disks/disk.h"

extern const struct disk_kind disk_plain;

#endif
