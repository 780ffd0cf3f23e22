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

struct import_result {
	struct template template;
	bool is_new;			/* false: the store had this content already */
	char **warnings;		/* strv, owned: "no init found ..." */
};

void import_result_clear(struct import_result *r);

/* A root filesystem archive from a descriptor: tar, plain or gzip, xz, zstd, bzip2, lz4, told by
 * content. source is what template.json keeps. */
int import_archive(int storefd, int archivefd, const char *name, const char *source,
		   struct import_result *out, struct error *err);

struct build_options {
	const char *recipe; /* "minimal", "debian-12", "debian:SUITE", "debian-12-sysvinit" */
	const char *name;		/* template name; NULL: from the recipe */
	const char *mirror;		/* NULL: the host's own */
	char *const *include;		/* further packages, or NULL */
	int log_fd;			/* where the builder's own lines go, e.g. 2, or -1 */
};

/* Builds a template with mmdebstrap or, where that is missing, debootstrap, or, for minimal, from
 * the host's static busybox. ERR_UNSUPPORTED, naming the package, when the tool is missing. */
int build_template(int storefd, const struct build_options *options, struct import_result *out,
		   struct error *err);

#endif
