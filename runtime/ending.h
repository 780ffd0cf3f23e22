/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ENDING_H
#define RUNTIME_ENDING_H

/*
 * Why a zone's init ended, where that was not what anybody asked for: what the
 * kernel counted against the zone's limits says it, as long as its groups are
 * there. So the keeper looks before it cleans up, and writes one line to
 * zones/NAME/ended, which stays until the zone is booted again.
 */

#include <signal.h>

#include "base/error.h"
#include "runtime/zone.h"

/* Adds to an error of the zone's boot, or of entering it, which of its limits is behind it, if one
 * said no. */
void ending_explain(struct zone *z, struct error *err);
/* For whoever is about to end the zone, which is up: it will be no accident. */
void ending_announce(const struct zone *z);
/* For the keeper, init's status being info: "init was killed: out of memory (memory is 64M)", which
 * is also kept, and owned by the caller; NULL when it ended as it should. */
char *ending_record(struct zone *z, const siginfo_t *info);
/* The line, owned by the caller; NULL when there is none. */
char *ending_read(const struct zone *z);
/* Forgets all of that: the zone is booted. */
void ending_forget(const struct zone *z);

#endif
