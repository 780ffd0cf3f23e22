/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_UIDMAP_H
#define RUNTIME_UIDMAP_H

/*
 * Which uids and gids of the host a zone owns: one slot of ZONE_IDS ids, in a
 * range that zonectl.json gives. A slot is taken by making the link
 * uids/SLOT -> NAME, under the lock of uids/, without a look at all zones. SLOT
 * is the first id divided by ZONE_IDS. A link whose zone is gone (no directory,
 * not even an incomplete one, and no zone.json that has the slot) is free for
 * the next that comes by it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/site.h"

/* Takes a free slot for a zone, whose .new-NAME is there; *out is its first id. One it has already
 * is taken again. ERR_RESOURCE when the range is used up. */
int uidmap_take(struct site *site, const char *name, uint32_t *out, struct error *err);
/* Gives it back, if it is that zone's. Nothing there is success. */
int uidmap_give(struct site *site, const char *name, uint32_t base, struct error *err);
/* Gives back every slot of a zone but that of kept (0: none). All slots are looked at: for when
 * the zone's holdings can't tell. */
int uidmap_give_all(struct site *site, const char *name, uint32_t kept, struct error *err);
/* What is from's becomes to's, which has files with these uids too. Not from's is success. */
int uidmap_pass(struct site *site, const char *from, const char *to, uint32_t base,
		struct error *err);
/* Makes the link of an existing zone again if it is missing; ERR_EXISTS when another zone has it.
 */
int uidmap_claim(struct site *site, const char *name, uint32_t base, struct error *err);
/* True if the link of these uids names the zone. */
bool uidmap_is_owner(struct site *site, const char *name, uint32_t base);
/* Writes /proc/PID/uid_map and gid_map: 0 BASE ZONE_IDS. Child-safe. */
int uidmap_write(pid_t pid, uint32_t base, struct error *err);

#endif
