/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_TREESTREAM_H
#define BASE_TREESTREAM_H

/*
 * A file or a tree copied through a stream between two processes, each of which
 * sees files that the other must not: one on the host, one in a zone. Kept are
 * types, modes, owners, times, links, hard links and holes; sockets, FIFOs,
 * devices and extended attributes are not copied.
 *
 * What a receiver reads is hostile. A name is one component, and everything is
 * made by descriptor and without following a link, so that nothing outside the
 * directory given can be reached. A file appears whole or not at all; so does a
 * tree that was not there before.
 *
 * Both ends are of one program on one machine, so numbers stand as they are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum {
	TREE_DEPTH_MAX = 256,		/* directories in each other */
	TREE_ID_MAX = 65535,		/* an owner above it becomes root */
};

struct tree_count {
	uint64_t files, bytes;		/* regular files, and their data without holes */
	uint64_t skipped;		/* what is no file, directory or link */
};

struct tree_io {
	int fd;				/* the stream, borrowed; blocking */
	int stopfd;			/* once readable: "interrupted"; -1: never */
	struct tree_count count;
	/* After every part of a file, or NULL. expected is the size of all files so far. */
	void (*progress)(void *arg, const struct tree_count *count, uint64_t expected);
	void *arg;
	uint64_t expected;
	void *buffer;			/* owned, made when needed: tree_io_clear() */
};

void tree_io_clear(struct tree_io *io);

/* Sends what is called name in dirfd, a link as a link; "" is dirfd itself, to be merged into a
 * directory. ERR_NOT_FOUND when it is not there. */
int tree_send(struct tree_io *io, int dirfd, const char *name, struct error *err);
/* Sends a file of what fd says until its end, with mode and root as its owner. */
int tree_send_bytes(struct tree_io *io, int fd, mode_t mode, struct error *err);
/* Says instead why nothing more comes. */
int tree_send_failure(struct tree_io *io, const struct error *why, struct error *err);

struct tree_place {
	int dirfd;
	const char *name; /* one component; "": what comes is a directory, merged into dirfd */
	bool follows;		/* a link to a directory is taken for one: where the caller's root
				 * is the zone's own */
	bool drops_setid;		/* files lose the set-user-id and set-group-id bits */
	bool has_owner;			/* everything becomes owner's, whatever was sent */
	uid_t owner;
	gid_t group;
};

/* Receives what one tree_send() sent. A directory is merged into one that is there, whose owner
 * and mode stay; a file or link replaces one. A failure that was sent is the error. */
int tree_receive(struct tree_io *io, const struct tree_place *place, struct error *err);
/* Receives one file, whose data is written to fd as it comes, holes as zeros. */
int tree_receive_bytes(struct tree_io *io, int fd, struct error *err);

#endif
