/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PASSWD_H
#define RUNTIME_PASSWD_H

/* Passwords of a zone's users, set in the zone's own files by a process inside. */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/zone.h"

/* The hash (crypt(5)) of the line that fd says until its end, as the caller's. ERR_USAGE for none,
 * several or one of more than 512 bytes. */
char *passwd_hash(int fd, struct error *err);
/* Makes hash that of user, who must be there (ERR_NOT_FOUND), in the shadow file or, where there is
 * none, the passwd file. is_up: the zone runs; it is locked alone by the caller. */
int passwd_set(struct zone *z, bool is_up, const char *user, const char *hash, struct error *err);

#endif
