/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_OBJECT_H
#define TEMPLATES_OBJECT_H

/*
 * One object of the store by its digest: .objects/HEX, its template.json and its
 * locks. Used by store.c and stage.c. The store is a directory that only the
 * host's root can enter, so its names are our own.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/lock.h"
#include "templates/store.h"

#define OBJECTS_DIR ".objects"

/* True for 64 lower-case hexadecimal digits. */
bool object_is_digest(const char *text);
/* Opens .objects for reading. */
int object_dir(int storefd, struct error *err);
/* Opens .objects/HEX (for reading, so that it can be locked). ERR_NOT_FOUND when it is gone. */
int object_open(int storefd, const char *digest, struct error *err);
/* Reads template.json; the name in it is the one it was imported under. */
int object_read(int storefd, const char *digest, struct template *out, struct error *err);
/* Writes template.json below the object's directory; the caller syncs. */
int object_write(int objectfd, const struct template *t, struct error *err);
/* The digest that an object with this tree is known by: the tree's own, unless the image said what
 * to run in it (args, env, user, cwd, stop_signal), which then is part of what it is. */
void object_identity(const struct template *t, const char *tree_hex, char out[SHA256_HEX_SIZE]);
/* The digest that a link in the store's directory has; ERR_NOT_FOUND when there is no such link. */
int object_of_name(int storefd, const char *name, char out[SHA256_HEX_SIZE], struct error *err);
/* Locks the object's directory and looks whether it still is the object, which a removal renames
 * first. Returns the descriptor that holds the lock. */
int object_lock(int storefd, const char *digest, enum lock_mode mode, int wait_ms,
		struct error *err);

#endif
