/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ZONE_HOOKS_H
#define RUNTIME_ZONE_HOOKS_H

/*
 * Programs of the host that run as a zone boots and stops: the properties
 * hook-pre-boot, hook-post-boot, hook-pre-stop, hook-post-stop. They run as the
 * host's root, without a shell, with facts of the zone in the environment and
 * nothing of it on the command line. A program that somebody else than root may
 * write is not run.
 */

#include "runtime/zone.h"

enum { ZONE_HOOK_MS = 60 * 1000 };	/* longer than that and it is killed */

/* Runs the zone's hook of this moment and waits for it; none is success. The error says how it
 * ended. */
int zone_hook(const struct zone *z, enum zone_hook which, struct error *err);
/* True if there is one; not if its configuration can't be read. */
bool zone_has_hook(const struct zone *z, enum zone_hook which);
/* zone_hook() where a failure stops nothing: it becomes one of the zone's warnings. */
void zone_hook_warn(struct zone *z, enum zone_hook which);
/* "pre-boot", ... */
const char *zone_hook_name(enum zone_hook which);

#endif
