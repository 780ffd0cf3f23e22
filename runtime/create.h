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
/* Makes another root for a zone in the directory dirfd of zones/, empty but for what a failure of
 * this leaves: its files and zone.json. config says what zone it becomes, with the uids, place and
 * storage that it has; uuid and template are filled in. *out_holdfd, the caller's, keeps the
 * template from being removed until the zone can be seen. */
int create_root(struct site *site, struct zone_config *config, const char *template, int dirfd,
		int *out_holdfd, struct error *err);
/* The same from a tree that no template has yet, with storage=copy; about has its name, init_kind
 * and systemd_version. */
int zone_create_tree(struct zone *out, struct site *site, struct zone_config *config,
		     const struct template *about, int treefd, struct error *err);

#endif
