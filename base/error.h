/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * Errors as values. A function that can fail takes a struct error last, returns
 * -1 or NULL when it failed, and leaves *err untouched when it did not. The
 * value holds no heap, so a child can write(2) it whole up its report pipe.
 */

enum error_kind {		/* also the exit status of zonectl */
	ERR_NONE = 0,
	ERR_FAILED,		/* the operation failed; nothing half-done was left */
	ERR_USAGE,		/* bad arguments, property value or file */
	ERR_NOT_FOUND,		/* no such zone or template */
	ERR_STATE,		/* not possible in the zone's present state */
	ERR_BUSY,		/* another command holds the zone */
	ERR_EXISTS,		/* the name is taken */
	ERR_RESOURCE,		/* no space, no free address, no free uid range */
	ERR_UNSUPPORTED,	/* this host or kernel can't do it */
	ERR_PARTIAL,		/* several zones: some failed */
};

enum { ERROR_TEXT_MAX = 500, ERROR_HINT_MAX = 160 };

struct error {
	enum error_kind kind;
	int sys;			/* errno of the call that failed, or 0 */
	char text[ERROR_TEXT_MAX];	/* "outer: inner: what was tried", printable */
	char hint[ERROR_HINT_MAX];	/* the remedy, "" where there is none */
};

/* Each sets or extends *err and returns -1, so that failing is one line. */

/* Where we decide: kind and the whole text. Clears sys and hint. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* At the system call: appends ": strerror(errno)". ENOSPC, EDQUOT, EMFILE, ENFILE,
 * ENOMEM and EAGAIN become ERR_RESOURCE, everything else ERR_FAILED. */
int error_sys(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Where a name is known that the callee did not have: prepends "text: ". */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds the remedy, which replaces an older one. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The stable word that --json prints for a kind: "not-found", "wrong-state", ... */
const char *error_code(enum error_kind kind);

#endif
