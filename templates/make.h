/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_MAKE_H
#define TEMPLATES_MAKE_H

/* A template from a tree that lies open: a zone's, as merged.h shows it. */

#include <stdbool.h>

#include "base/error.h"
#include "templates/import.h"
#include "templates/store.h"
#include "templates/unpack.h"

struct make_options {
	const char *name;
	const char *source;		/* what template.json keeps */
	const struct template *from; /* whose args, env, user, ... it takes over, or NULL */
	const struct unpack_limits *limits;	/* of bytes and entries; or NULL */
	bool is_washed;			/* wash_tree() takes out what made it one machine */
	char *const *keep;		/* paths that it leaves; strv or NULL */
};

/* Copies the tree, which is hostile, washes the copy and commits it. Devices and sockets are left
 * out. *out_removed, when not NULL, gets what was taken out; a strv that the caller owns. */
int template_make(int storefd, int treefd, const struct make_options *options,
		  struct import_result *out, char ***out_removed, struct error *err);

#endif
