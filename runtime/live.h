/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_LIVE_H
#define RUNTIME_LIVE_H

/*
 * A property of a zone that is up, changed without a reboot, and whether this host
 * can hold its limits.
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/property.h"
#include "runtime/zone.h"

/* Finds the disks of I/O limits and fails for what this host can't hold, as limits_check() does.
 * The zone need not be made yet. */
int zone_check_limits(struct site *site, struct zone_config *c, struct error *err);
/* The same for what z->config says, if p is a limit. */
int zone_check_property(struct zone *z, const struct property *p, struct error *err);
/* Makes the running zone as z->config says of property p. *out_at_next_boot: that can only be done
 * by booting; nothing was changed. On failure the limits may be half changed: the caller applies
 * the old configuration again. */
int zone_apply_live(struct zone *z, const struct property *p, bool *out_at_next_boot,
		    struct error *err);

#endif
