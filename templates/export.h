/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_EXPORT_H
#define TEMPLATES_EXPORT_H

/*
 * A tree of the store as a tar archive that GNU tar, bsdtar and whoever takes in
 * root filesystems read: names in order, "./etc/passwd"; numeric ids and no
 * names; times in whole seconds; hard links as such; xattrs as SCHILY.xattr.NAME
 * and ACLs as SCHILY.acl.access and .default. The same template is the same
 * bytes, and imported again it is the same template.
 */

#include "base/error.h"

enum export_packing { EXPORT_PLAIN, EXPORT_GZIP, EXPORT_ZSTD, EXPORT_XZ, EXPORT_PACKINGS };

/* The name of each, "none", "gzip", "zstd", "xz". */
const char *export_packing_name(enum export_packing packing);
/* By that name; ERR_USAGE names all. */
int export_packing_find(const char *name, enum export_packing *out, struct error *err);
/* What the ending of a file name stands for: plain when it stands for nothing. */
enum export_packing export_packing_of_file(const char *path);

/* Writes what is below rootfd to outfd, through the program zone-pack unless it is plain. */
int export_tree(int rootfd, int outfd, enum export_packing packing, struct error *err);

#endif
