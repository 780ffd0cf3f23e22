/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_GUEST_H
#define RUNTIME_SETUP_GUEST_H

/*
 * The zone's files as setup sees and changes them, from inside the zone. Links
 * are never followed on the way to a file that is written; another mount, which
 * only a mount property can have put there, is not written to; what is read is
 * bounded; a FIFO or device is not opened. All are child-safe.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/setup.h"

/* Bits, as a row of a table may be for several. */
enum family {
	FAMILY_DEBIAN = 1, FAMILY_ALPINE = 2, FAMILY_REDHAT = 4, FAMILY_ARCH = 8, FAMILY_SUSE = 16,
	FAMILY_VOID = 32, FAMILY_GENTOO = 64, FAMILY_BUSYBOX = 128, FAMILY_OTHER = 256,
	FAMILY_ALL = 511,
};

struct guest {
	const struct setup *setup;	/* borrowed */
	int rootfd;
	char **kept;			/* of SETUP_KEEP, without the leading slash */
	unsigned int family;		/* once asked for, one bit */
	enum setup_part part;		/* which is being written */
};

enum guest_kind { GUEST_NONE, GUEST_FILE, GUEST_LINK, GUEST_DIRECTORY, GUEST_SPECIAL, GUEST_MOUNT };

enum { GUEST_FILE_MAX = 1 << 20 };

int guest_open(struct guest *g, const struct setup *s, struct error *err);
void guest_close(struct guest *g);

/* Adds "/PATH: why" to the report, and that the part failed. */
void guest_warn(struct guest *g, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Which of the families the zone is of, by its os-release and by what is on disk. */
unsigned int guest_family(struct guest *g);

/* What stands there, the last component not followed. */
enum guest_kind guest_look(struct guest *g, const char *path);
/* True if anything is there, links resolved inside the zone. */
bool guest_has(struct guest *g, const char *path);
/* The target of a link, "" for anything else; the caller owns it. */
char *guest_target(struct guest *g, const char *path);
/* The text of a regular file, links resolved; "" with *out_there false for anything else. */
char *guest_read(struct guest *g, const char *path, size_t max, bool *out_there);

/* Each of these does nothing where the file is kept, under another mount, or says it already.
 * What goes wrong is warned of. */

/* The file is text, whatever stood there but a directory; mode is of a new one. Directories that
 * are missing are made. */
void guest_write(struct guest *g, const char *path, mode_t mode, const char *text);
/* The file, where nothing at all stands, is len bytes of data. False where it is not made. */
bool guest_add(struct guest *g, const char *path, mode_t mode, const char *data, size_t len);
/* Its text, which is "" where nothing is there, is made another by change: NULL for no change. A
 * link, a directory or a special file is left alone and warned of. Owner and mode stay. */
void guest_edit(struct guest *g, const char *path, mode_t mode,
		char *(*change)(const char *old, void *arg), void *arg);
/* The file is a link to target; a directory there is left alone and warned of. */
void guest_link(struct guest *g, const char *path, const char *target);
/* A link that is there is removed; anything else is left alone. */
void guest_unlink(struct guest *g, const char *path);
/* The directory is there, with this mode, and is root's. False, and warned of, where it is not. */
bool guest_directory(struct guest *g, const char *path, mode_t mode);

#endif
