/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_HEADERS_H
#define TEMPLATES_UNPACK_HEADERS_H

/*
 * A second, small reader of tar headers that sees the bytes that libarchive
 * sees and finds the entries by the letter of POSIX. The two must agree on where
 * every entry begins, and an entry whose headers leave room for two meanings is
 * refused: so nobody who looks an archive over with another reader sees another
 * archive. It takes nothing out of the archive; libarchive does.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "templates/unpack_pax.h"

enum { HEADERS_RECORD = 512 };

/* Positions of entries found and not yet checked. */
struct unpack_places {
	uint64_t *at;			/* owned */
	size_t first, n, room;
};

struct unpack_headers {
	enum { AT_HEADER, IN_TEXT, IN_SPARSE_MAP, AT_SPARSE_COUNT, AT_END, IS_LOST } state;
	uint64_t offset;		/* in the archive, of the next byte */
	uint64_t pass;			/* bytes of data and padding to pass over */
	uint64_t start;			/* of the entry's first header */
	bool has_start;
	size_t have;			/* bytes of block */
	char block[HEADERS_RECORD];
	char kind;			/* of the text: x, g, L or K */
	uint64_t text_left;
	uint64_t extents;		/* of the sparse file at hand, from its map so far */
	bool is_too_much;		/* the archive must not be read on: it would cost memory */
	struct str text;		/* owned */
	struct unpack_pax pax;
	struct unpack_places places;
	char fault[PAX_FAULT_MAX];	/* of the last entry found */
};

/* Takes the next bytes of the archive. Never fails: what is wrong is said of the entry it is
 * wrong with, by headers_check(). */
void headers_feed(struct unpack_headers *h, const char *data, size_t len);
/* Why nothing more of the archive may be given to a reader, or NULL: it keeps the map of a sparse
 * file in memory, before it says that there is an entry. */
const char *headers_stop(const struct unpack_headers *h);
/* The next entry, whose first header begins at position: ERR_USAGE if it begins elsewhere or if
 * its headers could be taken in two ways. */
int headers_check(struct unpack_headers *h, uint64_t position, struct error *err);
/* After the last entry: ERR_USAGE if one was found that nobody asked for. */
int headers_end(const struct unpack_headers *h, struct error *err);
void headers_clear(struct unpack_headers *h);

#endif
