/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_DESTROY_H
#define RUNTIME_DESTROY_H

/* Create backward, restartable: the zone is renamed to .old-NAME first, then removed. */

#include "base/error.h"
#include "runtime/zone.h"

/* Destroys a zone that is not up, which the caller has looked at; z is locked alone, and closed by
 * this whatever comes of it. */
int zone_destroy(struct zone *z, struct error *err);
/* Removes what an unfinished create, destroy or reinstall of that name left; ERR_BUSY when one is
 * under way. */
int zone_destroy_incomplete(struct site *site, const char *name, struct error *err);
/* The same for one of them: prefix is one of zone.h. */
int zone_sweep(struct site *site, const char *prefix, const char *name, struct error *err);

#endif
