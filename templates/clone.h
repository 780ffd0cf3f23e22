/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_CLONE_H
#define TEMPLATES_CLONE_H

/* A full copy of a tree: storage=copy. */

#include "base/error.h"

/* Copies all below srcfd into the empty directory dstfd: owners, modes, times, links, hard links,
 * xattrs, ACLs and file capabilities kept, data by reflink where the filesystem has it
 * (FICLONE), else copy_file_range(2), holes kept. Devices and sockets are left out. Both sides by
 * descriptor, no link followed. */
int clone_copy(int srcfd, int dstfd, struct error *err);

#endif
