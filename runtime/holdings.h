/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_HOLDINGS_H
#define RUNTIME_HOLDINGS_H

/*
 * Everything that a zone has claimed, told from its own side: zones/NAME/holdings, a link whose
 * text names the links of uids/, addresses/ and ports/ that may be the zone's. So a zone can be
 * destroyed without a look at everybody's claims, and without its zone.json, which may be damaged
 * or was edited by hand.
 *
 * Where it is, it names no less than the zone has: before anything new is claimed it is removed,
 * and written again when all of it stands in zone.json. Killed between the two there is none, and
 * all claims are looked through, as for a zone that never had one. What it names too much is
 * another's or nobody's by then, and stays as it is.
 *
 * All but holdings_are_known() with the zone's lock held alone.
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/site.h"

/* True if zones/DIR has one. */
bool holdings_are_known(struct site *site, const char *dir);
/* Removes it, for who is about to claim more. Nothing there is success. */
int holdings_forget(struct site *site, const char *dir, struct error *err);
/* Writes what c claims, which is all that the zone of zones/DIR has. What does not fit into a link,
 * or can't be written, is not known then; -1: what was written before can't be removed. */
int holdings_write(struct site *site, const char *dir, const struct zone_config *c,
		   struct error *err);
/* Gives back what it names and is still the zone's: 1 done, 0 none is there. */
int holdings_give(struct site *site, const char *dir, const char *name, struct error *err);

#endif
