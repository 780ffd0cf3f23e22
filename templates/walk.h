/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_WALK_H
#define TEMPLATES_WALK_H

/* A walk over a tree by descriptor, in the order of names, that follows no link. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"

/* Deeper than an archive may be; the walk holds a descriptor a level. */
enum { WALK_DEPTH_MAX = 300 };

struct walk_entry {
	int dirfd; /* of the directory it is in; for the root, the root itself */
	const char *name;		/* in it; "." for the root */
	const char *path;		/* from the root, "" for it */
	int fd; /* open for reading; -1 if it is neither file nor directory */
	struct stat st;
	uint64_t first; /* of hard links: the number of the first name, else its own */
	uint64_t number;		/* of this name, from 0 (the root) */
};

/* Calls visit for the root and all below it, a directory before what is in it and, if leave is not
 * NULL, leave after. A directory for which visit returns 1 is passed over, and not left. Stops at
 * the first -1. */
int walk_tree(int rootfd, int (*visit)(void *arg, const struct walk_entry *e, struct error *err),
	      int (*leave)(void *arg, const struct walk_entry *e, struct error *err), void *arg,
	      struct error *err);

struct walk_calls {
	int (*visit)(void *arg, const struct walk_entry *e, struct error *err);
	int (*leave)(void *arg, const struct walk_entry *e, struct error *err);	/* or NULL */
	/* Whether a regular file need not be opened: its fd is -1 then. NULL: all are. */
	bool (*is_known)(void *arg, const struct stat *st);
	void *arg;
};

/* The same with more to say. */
int walk_tree_by(int rootfd, const struct walk_calls *calls, struct error *err);

#endif
