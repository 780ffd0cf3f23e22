/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TEMPDIR_H
#define CLI_TEMPDIR_H

/*
 * A directory where a builder puts what it needs for a while, so that all of it
 * goes when the builder was killed. Not below the store: apt downloads as a user
 * of its own, whom the store is closed to.
 */

#include "base/error.h"

struct tempdir {
	char *path;			/* owned; NULL: there is none */
	int fd;				/* locked alone: somebody is at it */
};

/* Makes one in TMPDIR or /tmp, mode 0711, and removes those there whose owners were killed. */
int tempdir_make(struct tempdir *out, struct error *err);
/* Removes it with all below; a second time does nothing. */
void tempdir_remove(struct tempdir *t);

#endif
