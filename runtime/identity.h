/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_IDENTITY_H
#define RUNTIME_IDENTITY_H

/*
 * What makes a zone itself and not a copy of its template: machine-id and
 * hostname are its own, host keys and random seeds of the template are not
 * there. Done once, by create, while only host root has touched the zone's tree;
 * the template's, which is hostile, is only looked at, and no link followed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/config.h"

struct identity {
	const struct zone_config *config;	/* borrowed */
	int templatefd;			/* root of the template; borrowed */
	int rootfd;			/* upper directory, or root of the copy; borrowed */
	bool is_upper;			/* rootfd is the upper layer, where ids are shifted */
	bool has_systemd;		/* reads machine-id, and makes one up where it is missing */
	bool is_synced;			/* written files reach the disk before this returns */
};

/* Every change below rootfd. */
int identity_write(const struct identity *id, struct error *err);

#endif
