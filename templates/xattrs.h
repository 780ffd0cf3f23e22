/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_XATTRS_H
#define TEMPLATES_XATTRS_H

/*
 * The extended attributes that belong to a tree: written by the unpacker, copied
 * by clone.c, part of the digest. All others belong to the host that set them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

bool xattr_is_kept(const char *name);
/* The names of those that fd has, sorted, as a strv that the caller owns. A filesystem without
 * xattrs has none. */
int xattr_list(int fd, char ***out, struct error *err);
/* The same of all xattrs, those of the host too. */
int xattr_list_all(int fd, char ***out, struct error *err);
/* Sets *out to the value, owned by the caller, and *out_len. */
int xattr_get(int fd, const char *name, char **out, size_t *out_len, struct error *err);

#endif
