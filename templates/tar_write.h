/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_TAR_WRITE_H
#define TEMPLATES_TAR_WRITE_H

/*
 * Writes a tar archive in the pax format (POSIX.1-2017, pax, EXTENDED
 * DESCRIPTION), of what a tree of the store is made of. What ustar can say is
 * said in ustar; a pax header comes before an entry only for what it can't. The
 * same entries in the same order are the same bytes, on any host at any time.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

enum { TAR_BUFFER_SIZE = 256 * 1024, TAR_BLOCK = 512 };

struct tar_writer {
	int fd;				/* borrowed */
	uint64_t written;		/* bytes, those in buf too */
	size_t len;			/* of buf */
	char buf[TAR_BUFFER_SIZE];
};

/* What one entry is. Extended attributes stand in pax, built by tar_pax(). */
struct tar_entry {
	char type; /* '0' file, '1' hard link, '2' link, '5' directory, '6' FIFO */
	const char *path;		/* from the root; "" for the root itself */
	const char *target; /* of a link; of a hard link a path from the root; or NULL */
	mode_t mode;			/* permission bits */
	uint32_t uid, gid;
	int64_t mtime;			/* whole seconds */
	uint64_t size;			/* bytes of data that follow */
	const struct str *pax;		/* further records, or NULL; borrowed */
};

/* Appends a pax record, "LENGTH KEY=VALUE\n". */
void tar_pax(struct str *out, const char *key, const char *value, size_t len);
void tar_begin(struct tar_writer *w, int fd);
int tar_entry(struct tar_writer *w, const struct tar_entry *e, struct error *err);
/* size bytes of the last entry from fd, which ends no sooner. */
int tar_data(struct tar_writer *w, int fd, uint64_t size, struct error *err);
/* The marks of the end, to a whole tape record, and the rest of the buffer. */
int tar_end(struct tar_writer *w, struct error *err);

#endif
