/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_XATTR_H
#define TEMPLATES_UNPACK_XATTR_H

/* Extended attributes and ACLs of an entry, onto the descriptor of what was written. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "templates/unpack.h"

struct archive_entry;

/* Sets those on the allow-list and counts the others in *skipped. */
int unpack_xattrs(struct archive_entry *entry, int fd, struct unpack_skipped *skipped,
		  struct error *err);
/* Sets the POSIX ACLs, whose ids begin at id_base; one that names a user without a number is
 * counted and left out. */
int unpack_acls(struct archive_entry *entry, int fd, bool is_directory, uint32_t id_base,
		struct unpack_skipped *skipped, struct error *err);

#endif
