/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_RENAME_H
#define RUNTIME_RENAME_H

/*
 * Another name for a stopped zone: one rename(2) of its directory, then zone.json
 * and the link of its uids follow. Killed in between, the zone has its new name
 * and can't be opened until repair lets the rest follow.
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/zone.h"

/* z is locked alone and not up; afterwards it has the name to. ERR_EXISTS when that is taken. */
int zone_rename(struct zone *z, const char *to, struct error *err);
/* Lets zone.json and uids of a zone that was being renamed follow, or does nothing: *out_done. */
int zone_rename_finish(struct site *site, const char *name, bool *out_done, struct error *err);

#endif
