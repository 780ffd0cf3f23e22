/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_DIGEST_H
#define TEMPLATES_DIGEST_H

/*
 * The digest of a tree: what a zone would see of it, and nothing of how it came
 * or where it lies. Names in order of their bytes; for each its kind, mode,
 * owner, group, time in whole seconds, size, link target, device number, kept
 * xattrs (xattrs.h) and contents; which names are one file. Not inode numbers,
 * block use, access times.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct digest {
	char hex[SHA256_HEX_SIZE];
	uint64_t size;			/* bytes of regular files, each once */
	uint64_t files;			/* names of every kind, the root not counted */
};

/* Reads all below rootfd. No link is followed. */
int digest_tree(int rootfd, struct digest *out, struct error *err);

#endif
