/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_LAYER_H
#define TEMPLATES_UNPACK_LAYER_H

/*
 * A layer of an image over those below it: an entry ".wh.NAME" takes NAME away,
 * ".wh..wh..opq" all that its directory held (OCI image-spec, layer.md). Both
 * mean what lower layers put there, never what the same layer wrote, in whatever
 * order it says so; hence every name that it wrote is remembered.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct unpack_tree;

/* Names by their 64-bit hash: a set of 16 bytes a name or less, bounded by the limit of entries. */
struct unpack_layer {
	uint64_t *slots;		/* open addressing; 0 is a free slot; owned */
	size_t used, room;		/* room is a power of two, or 0 */
};

/* Takes the entry if it is a whiteout: returns 1, or 0 when it is none. ERR_USAGE for one that
 * names nothing, ".", "..", or stands on the way to something. */
int unpack_layer_whiteout(struct unpack_layer *layer, struct unpack_tree *tree, const char *name,
			  struct error *err);
/* Remembers that this layer wrote name. */
void unpack_layer_note(struct unpack_layer *layer, const char *name);
/* Removes what lower layers put at leaf in dirfd, which has this path from the root. Returns 1
 * when something of this layer stays there. No link is followed. */
int unpack_layer_remove(const struct unpack_layer *layer, int dirfd, const char *leaf,
			const char *path, struct error *err);
void unpack_layer_clear(struct unpack_layer *layer);

#endif
