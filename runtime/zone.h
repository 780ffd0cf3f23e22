/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ZONE_H
#define RUNTIME_ZONE_H

/*
 * A zone on disk and its lock.
 *
 *   zones/NAME/            mode 0700; the lock is flock(2) on this directory
 *     zone.json            config.h
 *     holdings             what it has claimed (holdings.h)
 *     console.log          what the console said, rotated to console.log.1
 *     ended                why its init ended, by accident (ending.h)
 *     data/                what only the mount code looks into:
 *       lower/ upper/ work/    storage=overlay
 *       root/                  storage=copy
 *     subvolume              storage=btrfs: a link to where root/ is, in the storage pool
 *     disk.img             with disk set, the ext4 that all of data/ is in; place.h
 *   zones/.new-NAME/       create has not finished
 *   zones/.old-NAME/       destroy has not finished
 *   zones/.reinstall-NAME/ beside zones/NAME: reinstall has not finished; reinstall.h
 *
 * The dotted names without zones/NAME are the state "incomplete". A verb that
 * finds one unlocked knows that its maker died.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/lock.h"
#include "netns/nl.h"
#include "runtime/config.h"
#include "runtime/site.h"

struct zone {
	struct site *site;		/* borrowed */
	char name[ZONE_NAME_MAX + 1];
	int dirfd;			/* zones/NAME, holding the lock */
	struct zone_config config;
	char **warnings;		/* of its boot: what is not as it should be; a strv */
	struct nl_rest net_rest;	/* what network_down() left to be closed last */
};

enum { ZONE_LOCK_WAIT_MS = 2000 };

/* Opens zones/NAME, takes the lock (0: none) and reads zone.json. ERR_NOT_FOUND 'no zone "web1"',
 * ERR_BUSY naming the holder, ERR_STATE when it is incomplete. */
int zone_open(struct zone *z, struct site *site, const char *name, enum lock_mode lock,
	      struct error *err);
/* The same without reading zone.json: z->config holds the name and defaults. For ending and
 * removing a zone whose zone.json is damaged. */
int zone_open_unread(struct zone *z, struct site *site, const char *name, enum lock_mode lock,
		     struct error *err);
/* Also drops the lock, and then closes what network_down() left, which may take some 8 ms. */
void zone_close(struct zone *z);
/* The names of all zones, incomplete ones too, sorted; a strv that the caller owns. */
int zone_names(struct site *site, char ***out, struct error *err);
/* True if only an unfinished create or destroy of that name is there. */
bool zone_is_incomplete(struct site *site, const char *name);
/* True if a zone of that name is there, whole or not. */
bool zone_exists(struct site *site, const char *name);

/* What an unfinished create, destroy or reinstall of the zone is called. */
#define ZONE_NEW_PREFIX ".new-"
#define ZONE_OLD_PREFIX ".old-"
#define ZONE_REINSTALL_PREFIX ".reinstall-"
enum { ZONE_DIR_MAX = sizeof(ZONE_REINSTALL_PREFIX) - 1 + ZONE_NAME_MAX };

/* Opens the directory dir of zones/ (prefix and name) and takes its lock (0: none), for as long as
 * the name means it. Returns the descriptor. ERR_NOT_FOUND when there is none. */
int zone_dir_lock(struct site *site, const char *dir, enum lock_mode lock, int wait_ms,
		  struct error *err);

#endif
