/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CUSTOMIZE_H
#define RUNTIME_CUSTOMIZE_H

/*
 * A tree that was just built, changed by a program of the user's before it becomes
 * a template. The program never runs on the host: a zone is made from a copy of
 * the tree, without a network, the program is its only command, and what it leaves
 * behind is washed (templates/wash.h) and becomes the template.
 */

#include "base/error.h"
#include "runtime/site.h"
#include "templates/import.h"

struct customize {
	struct site *site;		/* borrowed */
	int storefd;			/* borrowed */
	const char *program; /* a host path without a ':', of a file that all may execute; in the
			      * zone it is seen read-only, in /dev */
	const char *label;		/* what the user calls it */
	int log_fd;			/* where the program's lines go, or -1; borrowed */
};

/* Fits struct build_options.finish, arg being a struct customize. ERR_FAILED with the end of what
 * the program said when it does not exit 0. SIGTERM and SIGINT end it, and nothing is left. */
int customize_finish(void *arg, const struct template *known, int treefd,
		     struct import_result *out, struct error *err);

#endif
