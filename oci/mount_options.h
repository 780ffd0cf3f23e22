/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_MOUNT_OPTIONS_H
#define OCI_MOUNT_OPTIONS_H

/*
 * The options of a mount in config.json: those that mount(8) knows as flags, the
 * recursive ones of the specification ("rro"), propagation, and the few that
 * are a runtime's own. All others are the filesystem's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "oci/spec.h"

struct mount_options {
	uint64_t set, clear;		/* MOUNT_ATTR_ bits of the mount */
	uint64_t below_set, below_clear; /* of it and all below it */
	unsigned long superblock;	/* MS_ bits of the filesystem: MS_SYNCHRONOUS, ... */
	unsigned long propagation[2];	/* MS_ values, MS_REC among them, in order; 0: none */
	bool is_bind, is_recursive;	/* "bind", "rbind" */
	bool is_idmapped, is_idmapped_below; /* "idmap", "ridmap" */
	bool copies_up;			/* "tmpcopyup": the directory's files come into the tmpfs */
	bool copies_link;		/* "copy-symlink": a link is copied, not followed */
	bool follows_source, follows_target; /* not with "src-nofollow", "dest-nofollow" */
	char **data;			/* NAME or NAME=VALUE for the filesystem; strv, owned */
};

void mount_options_read(struct mount_options *out, const struct oci_mount *m);
void mount_options_clear(struct mount_options *o);
/* The names of all options that are not the filesystem's, in the table's order, ending with NULL:
 * what features prints. */
const char *mount_options_name(size_t i);

#endif
