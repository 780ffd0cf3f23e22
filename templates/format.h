/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_FORMAT_H
#define TEMPLATES_FORMAT_H

/*
 * What a tree is, told by what is in it: a root filesystem, or one of the ways
 * in which images carry one. The tree is hostile; it is looked at by descriptor,
 * and no link leads out of it.
 */

#include <stdbool.h>

#include "base/error.h"

enum format_kind {
	FORMAT_ROOTFS,			/* the files of a system */
	FORMAT_INCUS,			/* metadata.yaml and rootfs/ */
	FORMAT_INCUS_META,		/* metadata.yaml alone: half of an image */
	FORMAT_LXC_META,		/* what lxc-download has beside a rootfs */
	FORMAT_INCUS_EXPORT,		/* backup/index.yaml */
	FORMAT_VZDUMP,			/* a root filesystem with its configuration in etc/vzdump */
	FORMAT_OCI,			/* an OCI image layout */
	FORMAT_DOCKER,			/* docker save */
};

enum { FORMAT_NAME_MAX = 256 };

struct format {
	enum format_kind kind;
	const char *name;		/* for template.json */
	bool is_empty;			/* a root filesystem without any directory of a system */
	char root[FORMAT_NAME_MAX];	/* path of the root filesystem below; "" the tree itself */
};

/* ERR_UNSUPPORTED, with what to do instead, for a tree that carries a disk. */
int format_find(int treefd, struct format *out, struct error *err);

#endif
