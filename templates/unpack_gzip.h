/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_GZIP_H
#define TEMPLATES_UNPACK_GZIP_H

/*
 * gzip, by zlib itself: libarchive's reader checks neither the sum nor the
 * length at the end of a member, so that a flipped bit in a file goes through it
 * unseen. Several members one after the other are one stream (RFC 1952).
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <zlib.h>

#include "base/error.h"

struct unpack_gzip {
	z_stream z;			/* avail_in: read and not used */
	bool is_open;
	bool is_between;		/* a member has ended; what follows may be another */
};

/* Reads more packed bytes: *out borrowed until the next call; 0 at the end, -1 with *err set. */
typedef ssize_t gzip_source(void *arg, const void **out, struct error *err);

int gzip_open(struct unpack_gzip *g, struct error *err);
/* Fills buf, less only at the end; 0 at the end, -1 with *err set. */
ssize_t gzip_next(struct unpack_gzip *g, void *buf, size_t room, gzip_source *source, void *arg,
		  struct error *err);
void gzip_close(struct unpack_gzip *g);

#endif
