/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_CLONE_IDS_H
#define TEMPLATES_CLONE_IDS_H

/* The ids of a tree that a container with ids of its own owned, as a template has them. */

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

struct clone_ids {
	uint32_t base;			/* what the tree calls root: 0 or a multiple of 65536 */
};

/* By the owner of its root. */
struct clone_ids clone_ids_of(const struct stat *root);
/* Brings an owner back; ERR_USAGE for one outside base..base+65535. */
int clone_ids_owner(const struct clone_ids *ids, uid_t *uid, gid_t *gid, struct error *err);
/* The same for the ids in the value of an ACL; a file capability loses the root that it names.
 * The value never becomes longer. */
int clone_ids_xattr(const struct clone_ids *ids, const char *name, char *value, size_t *len,
		    struct error *err);

#endif
