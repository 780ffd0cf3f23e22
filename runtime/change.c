/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/change.h"

#include <string.h>

#include "base/cleanup.h"
#include "runtime/addresses.h"
#include "runtime/holdings.h"
#include "runtime/live.h"
#include "runtime/place.h"

int change_add(struct change *c, const struct property *p, struct error *err)
{
	if (p->change == PROPERTY_AT_CREATE)
		return error_set(err, ERR_USAGE, "%s: can't be changed once the zone is made",
				 p->name);
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i] == p)
			return 0;
	if (c->n < N_ROWS(c->list))
		c->list[c->n++] = p;
	return 0;
}

bool change_has_group(const struct change *c, const char *group)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i]->group, group) == 0)
			return true;
	return false;
}

/* The zone is as it was, down to the limits that were set before one failed. */
static void put_back(struct change *c)
{
	struct error ignored = { 0 };
	struct zone_config old;

	if (zone_config_read(&old, c->zone->dirfd, &ignored) < 0)
		return;
	c->refused = c->zone->config;
	c->zone->config = old;
	for (size_t i = 0; i < c->n; i++) {
		bool is_later;

		/* What failed is told already; the old values were in force a moment ago. */
		(void)zone_apply_live(c->zone, c->list[i], &is_later, &ignored);
	}
}

static int apply_one(struct change *c, const struct property *p, struct error *err)
{
	bool is_later;

	if (zone_apply_live(c->zone, p, &is_later, err) < 0)
		return -1;
	if (!is_later)
		return 0;
	if (c->is_runtime_only)
		return error_set(err, ERR_USAGE, "%s: can only change at the next boot", p->name);
	c->later[c->n_later++] = p;
	return 0;
}

static int apply_group(struct change *c, bool is_disk, struct error *err)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct property *p = c->list[i];

		if ((strcmp(p->group, "disk") == 0) == is_disk && apply_one(c, p, err) < 0)
			return -1;
	}
	return 0;
}

/* The disk last: a filesystem that grew can't be put back while the zone runs. */
static int apply(struct change *c, struct error *err)
{
	if (apply_group(c, false, err) == 0 && apply_group(c, true, err) == 0)
		return 0;
	put_back(c);
	return -1;
}

static int apply_and_write(struct change *c, struct error *err)
{
	bool is_live = c->is_up && !c->is_next_boot;
	struct zone *z = c->zone;

	for (size_t i = 0; i < c->n; i++)
		if (zone_check_property(z, c->list[i], err) < 0)
			return -1;
	if (is_live && apply(c, err) < 0)
		return -1;
	/* Of a zone that is down the disk is made as it is to be, here and not at its next boot. */
	if (!c->is_up && change_has_group(c, "disk") && place_settle(z, err) < 0)
		return -1;
	if (c->is_runtime_only || zone_config_write(&z->config, z->dirfd, err) == 0)
		return 0;
	if (is_live)
		put_back(c);
	return -1;
}

/* Addresses and ports are taken before zone.json says that the zone has them, and those that it has
 * no more given back after that. */
static int make_network(struct change *c, struct error *err)
{
	struct zone *z = c->zone;
	bool are_known = holdings_are_known(z->site, z->name);
	struct error ignored = { 0 };
	struct zone_config old;
	int status;

	if (zone_config_read(&old, z->dirfd, err) < 0)
		return -1;
	status = addresses_take(z->site, &z->config, err);
	if (status == 0) {
		if (c->is_up)
			addresses_hold(&z->config, &old);
		status = apply_and_write(c, err);
		if (status == 0 && !c->is_runtime_only)
			status = addresses_give(z->site, &old, &z->config, err);
		else if (status < 0)	/* the first failure is what is told */
			(void)addresses_give(z->site, *c->refused.name ? &c->refused : &z->config,
					     &old, &ignored);
	}
	zone_config_clear(&old);
	if (status == 0 && are_known && !c->is_runtime_only)
		status = holdings_write(z->site, z->name, &z->config, err);
	return status;
}

int change_make(struct change *c, struct error *err)
{
	return change_has_group(c, "network") ? make_network(c, err) : apply_and_write(c, err);
}

void change_clear(struct change *c)
{
	zone_config_clear(&c->refused);
	*c = (struct change){ 0 };
}
