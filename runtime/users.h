/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_USERS_H
#define RUNTIME_USERS_H

/*
 * Users of a zone, read from its own passwd and group files by our own bounded
 * parser: no NSS, no library of the zone (CVE-2019-14271). The files are
 * hostile: a FIFO, an endless or a huge one is refused, and nobody becomes root
 * because a line could not be read (CVE-2024-40635).
 *
 * A line counts if it has its number of fields, decimal ids of 0..65535 and a
 * name that can be shown; any other is skipped, as is one of more than 4096
 * bytes or with a NUL. Of those that count, the first that matches wins.
 */

#include "base/error.h"
#include "runtime/confine.h"

enum { USERS_FILE_MAX = 1 << 20, USERS_TEXT_MAX = 256, USERS_ID_MAX = 65535 };

struct user {
	struct confine_user ids;
	char name[USERS_TEXT_MAX]; /* "" for a bare uid that passwd does not know; 0 is "root" */
	char home[USERS_TEXT_MAX];	/* "/" when unknown, not absolute or not printable */
	char shell[USERS_TEXT_MAX];	/* "/bin/sh" likewise, or when empty */
};

/* Looks up spec below rootfd: NAME, UID, NAME:GROUP or UID:GID (group by name or gid). Only digits
 * are always a number, also where passwd has a name of digits; a name never begins with one. NULL
 * is uid 0, which is found even in a root filesystem without /etc/passwd, as are "root" and other
 * uids. A uid that passwd does not know has that number as gid too, not 0 as with OCI runtimes:
 * files of the group root are not for those whom nobody named. ERR_USAGE for a spec that is none or
 * a file that is refused, ERR_NOT_FOUND "no user 'x'" and "no group 'x'". Child-safe.
 *
 * ids.groups begins with the gid itself, as login does it: a program that changes its gid must not
 * thereby leave a group that a file shuts out (CVE-2022-36109). Unless a group was given, those of
 * /etc/group follow; what is above CONFINE_GROUPS_MAX is left out, since a hostile file must not
 * keep the operator out, and fewer groups open fewer files. */
int users_find(int rootfd, const char *spec, struct user *out, struct error *err);

#endif
