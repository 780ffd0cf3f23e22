/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_H
#define TEMPLATES_UNPACK_H

/*
 * What import.c and the program zone-unpack tell each other: the limits go in
 * as arguments "name=value", one struct unpack_report comes out of a pipe. The
 * program takes the archive on descriptor 0 and is started as
 *
 *   zone-unpack ROOTFD REPORTFD [layer] [done=FD] [used-LIMIT=VALUE]... [LIMIT=VALUE]...
 *
 * It is the only one that links libarchive, and it reads no byte of the archive
 * before it has locked itself in (unpack_sandbox.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct unpack_limits {
	uint64_t bytes;			/* sum of the sizes of files, holes included */
	uint64_t entries;
	uint64_t ratio;			/* unpacked to packed, looked at from 64 MiB on */
	uint64_t path;			/* bytes of a name */
	uint64_t depth;			/* components of a name */
	uint64_t seconds;		/* from start to end, waiting for input counted in */
};

/* Left out of the tree, each for a reason that unpack.c states. */
struct unpack_skipped {
	uint64_t devices;
	uint64_t sockets;
	uint64_t xattrs;
	uint64_t acls;
};

struct unpack_options {
	struct unpack_limits limits;
	bool is_layer;			/* of an image, over what is there: unpack_layer.h */
	uint64_t used_bytes;		/* of the limits, by earlier archives of the same import */
	uint64_t used_entries;
	int donefd;			/* 0, or a pipe for the names of finished files, each with
					 * its NUL; some are left out while it is full */
};

struct unpack_report {
	struct error err;		/* kind ERR_NONE: everything was written */
	uint64_t entries;		/* those of earlier archives counted in */
	uint64_t bytes;
	struct unpack_skipped skipped;
	uint8_t unpacked_sum[SHA256_SIZE];	/* of a layer: of what it was before compression */
};

void unpack_limits_init(struct unpack_limits *limits);
/* The field of that name, which may be 1 to *out_most; NULL when there is none. */
uint64_t *unpack_limit(struct unpack_limits *limits, const char *name, size_t len,
		       uint64_t *out_most);
/* What a run is told, as arguments; options NULL: the defaults. */
void unpack_options_args(const struct unpack_options *options, char ***argv);
/* Takes one of those. */
int unpack_options_set(struct unpack_options *options, const char *arg, struct error *err);
/* Appends one "name=value" a limit. */
void unpack_limits_args(const struct unpack_limits *limits, char ***argv);
/* Takes one of those. */
int unpack_limits_set(struct unpack_limits *limits, const char *arg, struct error *err);

/* Reads the archive on archivefd, writes it below rootfd, which is empty unless the archive is a
 * layer. Ids may begin at a multiple of 65536, where the first entry says so: they are brought back
 * to 0. Only in zone-unpack. */
int unpack_archive(int archivefd, int rootfd, const struct unpack_options *options,
		   struct unpack_report *out, struct error *err);

#endif
