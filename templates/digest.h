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

/* Told of every name in the order of the walk: text is "KIND MODE UID GID SIZE TIME DEVICE CONTENTS
 * XATTRS PATH", or "h NUMBER PATH" for a further name of the file with that number; CONTENTS (of a
 * link: the target) and XATTRS are digests, "-" without any. PATH is as it is, to the NUL. */
struct digest_sink {
	int (*take)(void *arg, const char *text, struct error *err);
	void *arg;
};

struct ahead;

/* Reads all below rootfd but the contents of files that are known (ahead.h). No link is followed.
 * known and sink may be NULL. */
int digest_tree(int rootfd, const struct ahead *known, const struct digest_sink *sink,
		struct digest *out, struct error *err);

#endif
