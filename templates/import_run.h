/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMPORT_RUN_H
#define TEMPLATES_IMPORT_RUN_H

/* The steps that import.c and build.c share: an archive into a stage, a stage into the store. */

#include <stddef.h>

#include "base/error.h"
#include "templates/import.h"
#include "templates/store.h"
#include "templates/unpack.h"

/* A further descriptor to read while the unpacker works: the words of a builder. */
struct import_watch {
	int fd;				/* borrowed; -1 after its end */
	void (*take)(void *arg, const char *data, size_t n);
	void *arg;
};

/* One run of zone-unpack. */
struct import_run {
	int archivefd;			/* borrowed; read to the end */
	int rootfd;			/* borrowed; what it writes below */
	const struct unpack_limits *limits;	/* NULL: the defaults */
	struct import_watch *watch;	/* or NULL */
};

int import_unpack(const struct import_run *run, struct unpack_report *out, struct error *err);
/* Commits the stage and says what the user should know of the result. known: see
 * store_stage_commit(). report may be NULL. */
int import_commit(struct store_stage *stage, const struct template *known,
		  const struct unpack_report *report, struct import_result *out, struct error *err);

#endif
