/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_METADATA_H
#define TEMPLATES_METADATA_H

/*
 * What Incus and LXD write beside a root filesystem: metadata.yaml of an image,
 * backup/index.yaml of an export. Only a few words of it are of use here, so it
 * is read line by line, bounded, by what these programs write of YAML: mappings
 * of plain or quoted values. What is not understood is let be; nothing of it is
 * ever executed.
 */

#include <stdbool.h>

#include "base/error.h"

struct metadata {
	char *architecture;		/* NULL unknown; owned, as all others */
	char *os, *release, *variant;	/* of properties */
	char *name;			/* of an export */
	char *type;			/* of an export: "container", "virtual-machine" */
	bool is_optimized;		/* an export as a stream of its storage driver */
	char **templates;		/* strv: files that it would have made from templates */
};

/* Reads the file at path below rootfd, at most 1 MiB. ERR_USAGE for one that is larger, no regular
 * file, or no text. */
int metadata_read(int rootfd, const char *path, struct metadata *out, struct error *err);
/* A name for the template: "debian-bookworm", or NULL. The caller owns it. */
char *metadata_name(const struct metadata *m);
/* Those of templates that zonectl does not take care of by itself, joined by ", "; NULL when there
 * are none. The caller owns it. */
char *metadata_left_out(const struct metadata *m);
void metadata_clear(struct metadata *m);

#endif
