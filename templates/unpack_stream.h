/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_STREAM_H
#define TEMPLATES_UNPACK_STREAM_H

/*
 * The lower half of reading: a descriptor, told apart by its first bytes, and
 * the one filter that undoes its compression, as a stream of blocks. It is a
 * reader of its own below the one for tar, so that what the filter yields can be
 * counted, ended and checked to its last byte, and so that it can run beside the
 * writer (unpack_pipe.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/sha256.h"
#include "templates/unpack.h"
#include "templates/unpack_gzip.h"

enum { STREAM_BLOCK = 256 * 1024 };

struct archive;

struct unpack_stream {
	int fd;					/* borrowed */
	const struct unpack_limits *limits;	/* borrowed */
	ssize_t (*fill)(struct unpack_stream *s, char *buf, size_t room);	/* by compression */
	struct archive *filter;			/* for fill; NULL for gzip and plain tar */
	const char *left;			/* of the filter's last block, not handed on yet */
	size_t n_left;
	struct unpack_gzip gzip;
	bool (*is_wanted)(void *arg);		/* asked while waiting for input; NULL: it is */
	void *arg;
	uint64_t packed, unpacked;		/* bytes read and yielded so far */
	uint64_t text_end;			/* offset after the last byte that is not zero */
	bool has_sum;			/* sum is wanted */
	struct sha256 sum;		/* of what was yielded */
	bool has_failed;
	struct error err;			/* why */
	size_t head;				/* bytes of block read while it was told apart */
	size_t last;				/* bytes of the block read last */
	char block[STREAM_BLOCK];
};

/* Looks at the first bytes and prepares the filter. ERR_USAGE for what is no archive,
 * ERR_UNSUPPORTED, with a hint, for images that are known and not taken. */
int stream_open(struct unpack_stream *s, int fd, const struct unpack_limits *limits,
		struct error *err);
/* The next bytes, as many as there is room for, fewer only at the end; 0 at the end, -1 with s->err
 * set. */
ssize_t stream_fill(struct unpack_stream *s, char *buf, size_t room);
/* ERR_USAGE when size is beyond the limit of ratio for what has been read so far. */
int stream_ratio(const struct unpack_stream *s, uint64_t size, struct error *err);
/* After the end: checks that the archive, whose last entry ended at offset end, has its end mark,
 * nothing but zeros behind it, and nothing behind the compressed data. */
int stream_end(struct unpack_stream *s, uint64_t end, struct error *err);
void stream_close(struct unpack_stream *s);

#endif
