/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BUILD_H
#define TEMPLATES_BUILD_H

/* What build.c and its recipes share. A recipe fills the staged rootfs, build.c names it. */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "templates/import.h"
#include "templates/import_run.h"
#include "templates/store.h"

struct recipe {
	const char *name;		/* "debian-12" */
	const char *suite;		/* NULL for recipes that have none */
	bool is_sysvinit;
	bool has_updates;		/* SUITE-updates and SUITE-security exist */
	int (*fill)(const struct recipe *r, const struct build_options *o,
		    const struct store_stage *stage, struct error *err);
};

int build_minimal(const struct recipe *r, const struct build_options *o,
		  const struct store_stage *stage, struct error *err);
int build_debian(const struct recipe *r, const struct build_options *o,
		 const struct store_stage *stage, struct error *err);

/* Makes a tree that was built into one that many zones may start from (build_adjust.c). */
int build_adjust(int rootfd, bool is_sysvinit, struct error *err);

/* Words of a builder: passed on to the log, and their end kept for the error. */
struct build_log {
	int fd;				/* borrowed, or -1 */
	struct str tail;
};

/* Fits struct import_watch. */
void build_log_take(void *log, const char *data, size_t n);
/* Reads fd to its end. */
void build_log_drain(struct build_log *log, int fd);
/* Sets "PROGRAM failed (status N): last words". */
int build_log_error(const struct build_log *log, const char *program, int status,
		    struct error *err);

#endif
