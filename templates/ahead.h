/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_AHEAD_H
#define TEMPLATES_AHEAD_H

/*
 * Contents of files digested while an unpacker still writes others. The
 * unpacker names the files that it has finished; a thread of ours reads them.
 * Its word is only where to look: what is remembered counts for a file that is
 * the same to the last bit when the digest of the tree is taken (ahead_find),
 * and everything else of the tree is read then, after its end.
 */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/sha256.h"

enum { AHEAD_FILES_MAX = 32768 };	/* 4 MiB */

struct ahead_file {
	ino_t ino;			/* 0: a free slot */
	off_t size;
	struct timespec changed;
	uint8_t digest[SHA256_SIZE];
};

/* Files without kept xattrs: all there is to know of them beside what stat(2) tells. */
struct ahead {
	struct ahead_file *files;	/* open addressing, owned; NULL: none */
	size_t n, room;			/* room is a power of two */
	dev_t dev;			/* of all of them */
};

/* One thread at work. */
struct ahead_run {
	struct ahead *out;		/* borrowed */
	int rootfd, namesfd;		/* borrowed */
	pthread_t thread;
	struct sigaction before;
	atomic_bool is_over;
	bool is_running;
};

/* Reads names, each ended by a NUL, from namesfd to its end, and the files below rootfd that they
 * name. Starts it; *run is not moved until ahead_end(). */
int ahead_begin(struct ahead_run *run, struct ahead *out, int rootfd, int namesfd,
		struct error *err);
/* Ends it, after the file it is at unless much of that is left; the other end of namesfd must be
 * closed by now. */
void ahead_end(struct ahead_run *run);

/* The digest of the contents of that file, SHA256_SIZE bytes, which then has no kept xattrs either;
 * NULL when they are not known or the file has been touched since. */
const uint8_t *ahead_find(const struct ahead *a, const struct stat *st);
void ahead_clear(struct ahead *a);

#endif
