/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_REINSTALL_H
#define RUNTIME_REINSTALL_H

/*
 * Another root for a zone that is down. Its properties, uids, addresses, MACs and
 * counters stay; uuid, machine-id and host keys are new, as for every new system.
 *
 * The root that it had becomes the zone NAME.old: with the same uids, so it can't
 * boot, but files can be taken out of it. It has no addresses, mounts, tags or
 * fleet. The new root's "replaces" is its uuid; that alone makes it NAME's.
 *
 *   zones/.reinstall-NAME/   the new root while it is made
 *
 * One rename(2) exchanges it with zones/NAME, and what is then there gets its name,
 * NAME.old. Killed before, it is a rest to be removed; killed after, a root without
 * its name: which of the two is told by "replaces".
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/zone.h"

#define REINSTALL_KEPT_SUFFIX ".old"

struct reinstall_options {
	const char *template; /* as store_find() takes; NULL: the newest of the zone's own */
	char *const *keep;		/* absolute paths that go along; or NULL */
};

/* z is locked alone, as whatever it is afterwards; it is not up, but for purge and finish. */

/* ERR_EXISTS when something is called NAME.old, ERR_NOT_FOUND: template, or what is to be kept. */
int zone_reinstall(struct zone *z, const struct reinstall_options *options, struct error *err);
/* Changes both roots' places: the kept one is z again, as z's properties are now. ERR_NOT_FOUND
 * when there is none. */
int zone_reinstall_back(struct zone *z, struct error *err);
/* Destroys the kept root. ERR_NOT_FOUND when there is none. */
int zone_reinstall_purge(struct zone *z, struct error *err);
/* What a killed one left: gives the kept root its name, or removes the new one. */
int zone_reinstall_finish(struct zone *z, bool *out_done, struct error *err);

/* The errors of zone_reinstall() that are known before: name and state of NAME.old. */
int reinstall_check(struct zone *z, struct error *err);
/* Those of zone_reinstall_back(), after finishing what was killed. */
int reinstall_check_back(struct zone *z, struct error *err);
/* True if a killed reinstall left something. */
bool reinstall_has_rest(const struct zone *z);
/* True for the kept root of a zone that still has its uids. Told by the name alone where there is
 * none. */
bool reinstall_is_kept(struct site *site, const char *name);
/* ERR_STATE for one. */
int reinstall_check_boot(const struct zone *z, struct error *err);
/* ERR_STATE for a zone with a kept root, and for that root: they are found by their names. */
int reinstall_check_rename(struct zone *z, struct error *err);
/* The uids of a zone that is gone become those of its kept root, if there is one. */
int reinstall_pass_uids(struct site *site, const char *name, struct error *err);

#endif
