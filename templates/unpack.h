/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_H
#define TEMPLATES_UNPACK_H

/*
 * What import.c and the program zone-unpack tell each other: the limits go in
 * as arguments "name=value", one struct unpack_report comes out of a pipe. The
 * program takes the archive on descriptor 0 and is started as
 *
 *   zone-unpack ROOTFD REPORTFD [LIMIT=VALUE]...
 *
 * It is the only one that links libarchive, and it reads no byte of the archive
 * before it has locked itself in (unpack_sandbox.h).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct unpack_limits {
	uint64_t bytes;			/* sum of the sizes of files, holes included */
	uint64_t entries;
	uint64_t ratio;			/* unpacked to packed, looked at from 64 MiB on */
	uint64_t path;			/* bytes of a name */
	uint64_t depth;			/* components of a name */
	uint64_t seconds;		/* of processor time */
};

/* Left out of the tree, each for a reason that unpack.c states. */
struct unpack_skipped {
	uint64_t devices;
	uint64_t sockets;
	uint64_t xattrs;
	uint64_t acls;
};

struct unpack_report {
	struct error err;		/* kind ERR_NONE: everything was written */
	uint64_t entries;
	uint64_t bytes;
	struct unpack_skipped skipped;
};

void unpack_limits_init(struct unpack_limits *limits);
/* The field of that name, which may be 1 to *out_most; NULL when there is none. */
uint64_t *unpack_limit(struct unpack_limits *limits, const char *name, size_t len,
		       uint64_t *out_most);
/* Appends one "name=value" a limit. */
void unpack_limits_args(const struct unpack_limits *limits, char ***argv);
/* Takes one of those. */
int unpack_limits_set(struct unpack_limits *limits, const char *arg, struct error *err);

/* Reads the archive on archivefd, writes it below rootfd, which is empty. Only in zone-unpack. */
int unpack_archive(int archivefd, int rootfd, const struct unpack_limits *limits,
		   struct unpack_report *out, struct error *err);

#endif
