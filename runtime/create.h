/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CREATE_H
#define RUNTIME_CREATE_H

/* Staged beside as .new-NAME, renamed into place: all or nothing. */

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/zone.h"
#include "templates/store.h"

/* Makes the zone config->name from template (a name as store_find() takes). config holds the
 * properties; identity (uuid, digest, uids) is filled in. On success *out is the new zone, locked
 * alone, which has taken *config over (it is left with defaults); the caller closes it.
 * ERR_EXISTS, ERR_NOT_FOUND (template), ERR_RESOURCE. */
int zone_create(struct zone *out, struct site *site, struct zone_config *config,
		const char *template, struct error *err);
/* The same from a tree that no template has yet, with storage=copy; about has its name, init_kind
 * and systemd_version. */
int zone_create_tree(struct zone *out, struct site *site, struct zone_config *config,
		     const struct template *about, int treefd, struct error *err);

#endif
