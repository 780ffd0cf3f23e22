/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_MANIFEST_H
#define TEMPLATES_MANIFEST_H

/*
 * What the digest of a tree was made of, name by name: the file "manifest" of an object, a record
 * of struct digest_sink's text and a NUL for each. With it verify can say which file has changed
 * and how. It is no part of what an object is: without it, only that is lost.
 */

#include "base/error.h"
#include "templates/digest.h"

/* Computes the digest of the tree, known as in digest_tree(), and writes the manifest below
 * objectfd; the caller syncs. */
int manifest_write(int objectfd, int rootfd, const struct ahead *known, struct digest *out,
		   struct error *err);
/* Computes the digest again. *out_faults gets a line for each name that is another than in the
 * manifest, "'etc/issue': contents", at most a few dozen; a strv that the caller owns. */
int manifest_compare(int objectfd, int rootfd, struct digest *out, char ***out_faults,
		     struct error *err);

#endif
