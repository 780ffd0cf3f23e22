/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMPORT_RUN_H
#define TEMPLATES_IMPORT_RUN_H

/* The steps that import*.c and build.c share: an archive into a tree, a stage into the store. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "templates/import.h"
#include "templates/store.h"
#include "templates/unpack.h"

/* A further descriptor to read while the unpacker works: the words of a builder. */
struct import_watch {
	int fd;				/* borrowed; -1 after its end */
	void (*take)(void *arg, const char *data, size_t n);
	void *arg;
};

struct ahead;

enum { IMPORT_FEED_SIZE = 256 * 1024 };

/* An archive that is read here and handed on, so that the bytes that are digested are the bytes
 * that are used, whatever becomes of the file meanwhile. */
struct import_feed {
	int fd;				/* borrowed */
	struct sha256 sum;		/* of every byte read; the caller begins and ends it */
	uint64_t bytes;			/* how many */
	size_t at, len;			/* what of buf is not handed on yet */
	bool is_at_end;
	char buf[IMPORT_FEED_SIZE];
};

/* Reads so many bytes (at most IMPORT_FEED_SIZE), fewer where the file ends before, and leaves them
 * in buf. */
int import_feed_peek(struct import_feed *feed, size_t n, struct error *err);
/* Hands everything on to outfd, at most max bytes: ERR_USAGE when there are more. */
int import_feed_copy(struct import_feed *feed, int outfd, uint64_t max, struct error *err);

/* One run of zone-unpack. */
struct import_run {
	int archivefd;			/* borrowed; read to the end; unless there is a feed */
	int rootfd;			/* borrowed; what it writes below */
	const struct unpack_options *options;	/* NULL: the defaults */
	struct import_watch *watch;	/* or NULL; not with a feed */
	struct import_feed *feed;	/* or NULL: the program reads archivefd itself */
	struct ahead *ahead;		/* or NULL; learns of the files that were written */
};

int import_unpack(const struct import_run *run, struct unpack_report *out, struct error *err);
/* Commits the stage and says what the user should know of the result. known: see
 * store_stage_commit(). report may be NULL. */
int import_commit(struct store_stage *stage, const struct template *known,
		  const struct unpack_report *report, struct import_result *out, struct error *err);

#endif
