/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_RESOURCES_UNDO_H
#define OCI_RESOURCES_UNDO_H

/*
 * An update is made whole or not at all: what the control files said before is
 * kept until all is written, and put back when something was not. The kernel is
 * asked; what config.json said may have been changed by updates before.
 */

#include <stddef.h>

#include "cgroups/span.h"
#include "oci/spec_resources.h"

struct undo_row {
	int fd;				/* of the group, borrowed from the span */
	char *file, *text;		/* owned; what it said, one trailing newline dropped */
	const char *reset;		/* what takes a device's line away, or NULL */
};

struct undo {
	struct undo_row *rows;		/* owned */
	size_t n;
};

#define AUTO_UNDO __attribute__((cleanup(undo_clear)))

/* Reads every file that these resources can change and the groups of span have. */
void undo_remember(struct undo *out, const struct span *span, const struct oci_resources *r);
/* Writes back what differs. ERR_FAILED names a file that can't be put back, as memory that is in
 * use by now. */
int undo_restore(const struct undo *u, struct error *err);
void undo_clear(struct undo *u);

#endif
