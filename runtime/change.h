/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CHANGE_H
#define RUNTIME_CHANGE_H

/*
 * Properties of a zone that is there already become others: checked against this
 * host, made so in a zone that is up, written to zone.json; or, when any of that
 * fails, all is as it was. The caller has put the new values into zone->config,
 * has noted each with change_add(), and has checked the whole
 * (property_check_all()).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/property.h"
#include "runtime/zone.h"

enum { CHANGE_MAX = 128 };		/* properties: more than the table has */

struct change {
	struct zone *zone;		/* borrowed; locked alone */
	bool is_up;			/* the zone is */
	bool is_next_boot;		/* a zone that is up stays as it is until its next boot */
	bool is_runtime_only;		/* nothing is written down; the zone is up */
	const struct property *list[CHANGE_MAX];	/* none twice */
	size_t n;
	const struct property *later[CHANGE_MAX];	/* those that apply at the next boot */
	size_t n_later;
	struct zone_config refused;	/* what was put back; name "" when nothing was */
};

#define AUTO_CHANGE __attribute__((cleanup(change_clear)))

/* Notes that a property changes. ERR_USAGE for one that is fixed once the zone is made. */
int change_add(struct change *c, const struct property *p, struct error *err);
/* True if one of a group of the property table changes, as "disk". */
bool change_has_group(const struct change *c, const char *group);
/* Makes the change. c->later then has what waits for the next boot; with is_runtime_only that is
 * ERR_USAGE. On failure the zone and its files are as they were; zone->config holds the old values
 * or is not to be used. */
int change_make(struct change *c, struct error *err);
void change_clear(struct change *c);

#endif
