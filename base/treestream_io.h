/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_TREESTREAM_IO_H
#define BASE_TREESTREAM_IO_H

/*
 * What goes through the stream of treestream.h, for its two ends alone: a record
 * for each thing, then its name and the target of a link; after a file's record
 * its data in parts, in the order of their offsets, ended by one without data
 * whose offset is the size of the file.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/treestream.h"

enum tree_kind {
	TREE_FILE = 1, TREE_DIRECTORY, TREE_UP, TREE_LINK,
	TREE_SAME,			/* another name of the file whose link_id it has */
	TREE_END,			/* of the tree */
	TREE_FAILED,			/* a struct error follows */
};

enum { TREE_NAME_MAX = 255, TREE_TARGET_MAX = 4095, TREE_BUFFER = 256 << 10 };

struct tree_record {
	uint32_t kind;
	uint32_t mode, uid, gid;
	int64_t mtime;
	uint32_t mtime_nsec;
	uint32_t name_len, target_len;
	uint32_t link_id;		/* of a file with several names, from 1; 0: one name */
	uint64_t size;			/* about what is to come; of TREE_END: what was skipped */
};

struct tree_part {
	uint64_t offset, len;
};

/* Waits until fd has one of events (poll(2)), at once where io can't be stopped. */
int tree_wait(const struct tree_io *io, int fd, short events, struct error *err);
/* Whole, or it fails; the end of the stream fails with sys EPIPE. */
int tree_write(struct tree_io *io, const void *data, size_t len, struct error *err);
int tree_read(struct tree_io *io, void *data, size_t len, struct error *err);
/* The TREE_BUFFER bytes of io. */
char *tree_buffer(struct tree_io *io);
void tree_made_progress(struct tree_io *io, uint64_t bytes);

#endif
