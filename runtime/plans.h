/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PLANS_H
#define RUNTIME_PLANS_H

/*
 * Plans: named sets of properties that zones are made with, and moved to when a
 * customer takes another. A site's own are ROOT/etc/zonectl/plans/NAME.json, the
 * keys being properties as in zone.json, and "description"; three more come with
 * the program, for sites that have none of these names.
 */

#include <stddef.h>

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/property.h"
#include "runtime/site.h"

struct plan {
	char name[ZONE_NAME_MAX + 1];
	char *source;			/* the file, or "shipped"; owned */
	char *description;		/* a line for people, or NULL; owned */
	struct zone_config config;	/* holds the values of the properties that it sets */
	const struct property **set;	/* those, in the order of the file; owned */
	size_t n_set;
};

#define AUTO_PLAN __attribute__((cleanup(plan_clear)))

/* Reads the plan, which the caller clears. ERR_NOT_FOUND 'no plan "x"'; ERR_USAGE for a bad name
 * and, with line and column, for a key or value that zone.json could not have or that belongs to
 * one zone alone; ERR_FAILED for a file that others than root may write, since a plan may name
 * what of the host a zone can use. */
int plan_read(struct plan *out, const struct site *s, const char *name, struct error *err);
void plan_clear(struct plan *p);
/* The names of all plans, sorted; a strv that the caller owns. */
int plan_names(const struct site *s, char ***out, struct error *err);
/* True if the zone has the plan's value of property, one that the plan sets. */
bool plan_has_value(const struct plan *p, const struct property *property,
		    const struct zone_config *c);
/* Gives a zone the plan's properties and notes its name there; what it does not set stays. The
 * caller checks the whole (property_check_all()). */
int plan_apply(const struct plan *p, struct zone_config *c, struct error *err);

#endif
