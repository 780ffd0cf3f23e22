/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_CLONE_H
#define TEMPLATES_CLONE_H

/* A full copy of a tree: storage=copy, and a zone's files that move. */

#include <stdint.h>

#include "base/error.h"

/* Copies all below srcfd into the empty directory dstfd: owners, modes, times, links, hard links,
 * xattrs, ACLs and file capabilities kept, data by reflink where the filesystem has it
 * (FICLONE), else copy_file_range(2), holes kept. Devices and sockets are left out. Both sides by
 * descriptor, no link followed. */
int clone_copy(int srcfd, int dstfd, struct error *err);

/* Copies what is called name in srcfd into dstfd, where that name is free, with all below it.
 * ERR_UNSUPPORTED for a device or a socket. */
int clone_name(int srcfd, const char *name, int dstfd, struct error *err);

/* The same with everything: devices, which whiteouts of an overlay are, sockets, and every xattr of
 * files and directories, those of overlayfs too. For a zone's own layer that moves to another
 * disk. */
int clone_exact(int srcfd, int dstfd, struct error *err);

struct clone_limits {
	uint64_t bytes;			/* sum of the sizes of files */
	uint64_t entries;
};

/* The same of a tree that somebody else owns and may be changing: its filesystem alone, what is
 * mounted in it being an empty directory; owners brought back to 0..65535 where the root belongs to
 * a multiple of 65536, as of a container with ids of its own; ids outside refused, and more than
 * the limits (ERR_USAGE). */
int clone_foreign(int srcfd, int dstfd, const struct clone_limits *limits, struct error *err);

#endif
