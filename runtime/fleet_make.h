/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FLEET_MAKE_H
#define RUNTIME_FLEET_MAKE_H

/*
 * What fleet_compare() found is to be done, done to one zone. Each looks again,
 * with the zone's lock: what another command did meanwhile is not undone by
 * mistake, and what a killed apply has done already is no failure.
 */

#include "base/error.h"
#include "runtime/fleet.h"

struct fleet_stage {
	enum fleet_todo todo;
	const char *verb;		/* "create", what is done */
	/* *warnings is a strv of sentences for the operator, added to. */
	int (*make)(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
		    struct error *err);
};

/* The table, in the order in which all zones go through it, ended by a row without a verb. What
 * goes makes room for what comes. */
const struct fleet_stage *fleet_stages(void);

#endif
