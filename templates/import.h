/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMPORT_H
#define TEMPLATES_IMPORT_H

/*
 * Ways into the store. An archive is unpacked by the program zone-unpack (the
 * only one that links libarchive), a child that can do nothing but write below
 * the staging directory; it reports through a pipe. Taken whole or not at all.
 */

#include <stdbool.h>

#include "base/error.h"
#include "templates/store.h"
#include "templates/unpack.h"

struct import_result {
	struct template template;
	bool is_new;			/* false: the store had this content already */
	char **warnings;		/* strv, owned: "no init found ..." */
};

void import_result_clear(struct import_result *r);

struct import_options {
	int fd;				/* an archive, an image or a directory; borrowed */
	int otherfd;			/* the other half of a split image, or -1; borrowed */
	const char *name;		/* NULL: the image's own word, else out of file_name */
	const char *file_name;		/* as the user wrote it, or NULL (standard input) */
	const char *source;		/* what template.json keeps */
	const char *digest;		/* "sha256:HEX" that it must have, or NULL */
	const struct unpack_limits *limits;	/* over everything in it; NULL: the defaults */
};

/* Takes in what fd holds, told by content. Whatever fails, nothing is stored. */
int import_archive(int storefd, const struct import_options *options, struct import_result *out,
		   struct error *err);

struct build_options {
	const char *recipe; /* "minimal", "debian-12", "debian:SUITE", "debian-12-sysvinit" */
	const char *name;		/* template name; NULL: from the recipe */
	const char *mirror;		/* NULL: the host's own */
	char *const *include;		/* further packages, or NULL */
	int log_fd;			/* where the builder's own lines go, e.g. 2, or -1 */
	/* Makes the template of the tree, instead of committing it as it is; NULL: nobody does. */
	int (*finish)(void *arg, const struct template *known, int treefd,
		      struct import_result *out, struct error *err);
	void *finish_arg;
};

/* Builds a template with mmdebstrap or, where that is missing, debootstrap, or, for minimal, from
 * the host's static busybox. ERR_UNSUPPORTED, naming the package, when the tool is missing. */
int build_template(int storefd, const struct build_options *options, struct import_result *out,
		   struct error *err);

#endif
