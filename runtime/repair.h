/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_REPAIR_H
#define RUNTIME_REPAIR_H

/* What kill -9, or a crash of the host, left undone. */

#include "base/error.h"
#include "runtime/zone.h"

/* Brings the zone to a state that it can be used in: finishes a cleanup, gives a running zone a
 * keeper again, sweeps what is left over. *out_done is a strv of what was mended, the caller's. */
int zone_repair(struct zone *z, char ***out_done, struct error *err);

#endif
