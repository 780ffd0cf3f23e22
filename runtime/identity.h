/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_IDENTITY_H
#define RUNTIME_IDENTITY_H

/*
 * What a template must not hand on: its host keys and random seeds are not there
 * in a zone, its machine-id is an empty file. Done once, by create, while only host
 * root has touched the zone's tree; the template's, which is hostile, is only looked
 * at, and no link followed. What the zone has in their place is written inside (setup.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct identity {
	uint32_t uid_base;		/* first of the zone's ids */
	int templatefd;			/* root of the template; borrowed */
	int rootfd;			/* upper directory, or root of the copy; borrowed */
	bool is_upper;			/* rootfd is the upper layer, where ids are shifted */
};

/* Every change below rootfd. */
int identity_drop(const struct identity *id, struct error *err);

#endif
