/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_VERSION_H
#define TEMPLATES_VERSION_H

/*
 * Names and their versions, which are links in the store's directory:
 *
 *   NAME      -> .objects/HEX    the current version
 *   NAME:N    -> .objects/HEX    version N, from 1 on
 *   NAME:N    -> -               the last number that was given, whose version is removed
 *
 * They are changed one at a time, each by one symlink(2), rename(2) or unlink(2), under the lock of
 * the store's directory, in an order in which every state between is a whole one: a name without
 * the first link means its newest version, and a link to an object that is gone is no version. A
 * store from before there were numbers has the first kind alone, which is then number 1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct version {
	char *name;			/* owned */
	uint64_t number;
	char digest[SHA256_HEX_SIZE];
	bool is_current;
};

struct versions {
	struct version *list;		/* by name, newest first; owned */
	size_t n;
};

#define AUTO_VERSIONS __attribute__((cleanup(versions_clear)))

/* Those of one name, or for NULL of all. No such name is no error: *out is empty then. */
int versions_read(int storefd, const char *name, struct versions *out, struct error *err);
void versions_clear(struct versions *v);
/* The one of that digest under that name (NULL: under any), or NULL. */
const struct version *versions_of_digest(const struct versions *v, const char *name,
					 const char *digest);

/* Makes the object the current version of the name: with the number it has there, else the next.
 * It must be kept from being removed meanwhile. */
int version_add(int storefd, const char *name, const char *digest, uint64_t *out_number,
		struct error *err);
/* Takes the lock that the next two are called with, waiting for a while. Returns a descriptor that
 * holds it. Nothing that waits for another lock comes after it. */
int versions_lock(int storefd, struct error *err);
/* Before the object of a version goes: makes another the current one, when there is one. */
int version_leave(int storefd, const struct version *v, struct error *err);
/* Removes a version's links; of the last version all that is kept of the name. */
int version_drop(int storefd, const struct version *v, struct error *err);

/* Takes "NAME", "NAME:N" apart: *out_number is 0 without one. False when it is neither. */
bool version_parse(const char *text, size_t *out_name_len, uint64_t *out_number);

#endif
