/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/fleet_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/autoboot.h"
#include "runtime/boot.h"
#include "runtime/change.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "runtime/fleet_parts.h"
#include "runtime/shutdown.h"
#include "runtime/state.h"
#include "runtime/zone.h"

enum { SHUTDOWN_MS = 60 * 1000, HALT_MS = 10 * 1000 };

static int state_of(const struct zone *z, enum zone_state *out, struct error *err)
{
	struct zone_status status;

	if (zone_status(&status, z->site, z->name, err) < 0)
		return -1;
	*out = status.state;
	zone_status_clear(&status);
	return 0;
}

static int stop_opened(struct zone *z, struct error *err)
{
	enum shutdown_how how;
	enum zone_state state;

	if (state_of(z, &state, err) < 0)
		return -1;
	if (state == ZONE_INSTALLED || state == ZONE_CONFIGURED)
		return 0;
	if (autoboot_ending(z, false, err) < 0)
		return -1;
	if (state == ZONE_DOWN || state == ZONE_READY)
		return zone_halt(z, HALT_MS, err);
	return zone_shutdown(z, SHUTDOWN_MS, &how, err);
}

static int stop(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
		struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int status;

	(void)warnings;	/* how it was stopped is nothing to warn of */
	if (zone_open_unread(&zone, f->site, z->name, LOCK_ALONE, err) < 0)
		return -1;
	status = stop_opened(&zone, err);
	zone_close(&zone);
	return status;
}

/* A zone that the file does not name is removed for its mark alone, so that is looked at again. */
static int destroy_opened(const struct fleet *f, const struct fleet_zone *z, struct zone *zone,
			  struct error *err)
{
	enum zone_state state;
	const char *mark = zone->config.fleet ? zone->config.fleet : "";

	if (!z->group && strcmp(mark, f->name) != 0)
		return error_set(err, ERR_STATE, "is not of fleet \"%s\" any more", f->name);
	if (state_of(zone, &state, err) < 0 ||
	    zone_state_check(state, ZONE_BIT(ZONE_INSTALLED) | ZONE_BIT(ZONE_CONFIGURED), z->name,
			     err) < 0)
		return -1;
	return zone_destroy(zone, err);
}

static int destroy(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
		   struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int status;

	if (zone_is_incomplete(f->site, z->name))
		return zone_destroy_incomplete(f->site, z->name, err);
	if (!zone_exists(f->site, z->name))
		return 0;
	/* The lock is dropped while its init ends. */
	if (stop(f, z, warnings, err) < 0 ||
	    zone_open(&zone, f->site, z->name, LOCK_ALONE, err) < 0)
		return -1;
	status = destroy_opened(f, z, &zone, err);
	zone_close(&zone);
	return status;
}

/* Gives c the value that the zone is to have: 1 if that is another than it has. */
static int take_property(const struct fleet_zone *z, const struct property *p,
			 struct zone_config *c, struct error *err)
{
	bool is_pooled = z->group->pool && strcmp(p->name, "ip") == 0;
	const struct zone_config pooled = { .ip = z->ip };
	const struct zone_config *want = is_pooled ? &pooled : &z->group->config;

	if (property_is_same(p, c, want))
		return 0;
	return property_copy(p, want, c, err) < 0 ? -1 : 1;
}

static void take_plan(const struct fleet_zone *z, struct zone_config *c)
{
	free(c->plan);
	c->plan = z->group->config.plan ? xstrdup(z->group->config.plan) : NULL;
}

static int set_opened(const struct fleet_zone *z, struct change *change, struct error *err)
{
	struct zone_config *c = &change->zone->config;

	for (const struct property *p = property_table(); p->name; p++) {
		int changed = p->change == PROPERTY_AT_CREATE ? 0 : take_property(z, p, c, err);

		if (changed < 0 || (changed > 0 && change_add(change, p, err) < 0))
			return -1;
	}
	take_plan(z, c);
	return property_check_all(c, err) < 0 ? -1 : change_make(change, err);
}

static int set(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
	       struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	AUTO_CHANGE struct change change = { .zone = &zone };
	enum zone_state state;
	int status = -1;

	if (zone_open(&zone, f->site, z->name, LOCK_ALONE, err) < 0)
		return -1;
	if (state_of(&zone, &state, err) == 0) {
		change.is_up = ZONE_BIT(state) & ZONE_UP;
		status = set_opened(z, &change, err);
	}
	/* Of the others it was shown before. */
	for (size_t i = 0; status == 0 && i < change.n_later; i++)
		if (change.later[i]->change == PROPERTY_LIVE)
			strv_addf(warnings, "%s applies at the next boot", change.later[i]->name);
	zone_close(&zone);
	return status;
}

static int configure(const struct fleet *f, const struct fleet_zone *z, struct zone_config *c,
		     struct error *err)
{
	for (const struct property *p = property_table(); p->name; p++)
		if (take_property(z, p, c, err) < 0)
			return -1;
	take_plan(z, c);
	strcpy(c->name, z->name);
	c->fleet = xstrdup(f->name);
	return 0;
}

static int create(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
		  struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct zone_config c;
	int status;

	(void)warnings;	/* there are none of a create */
	zone_config_init(&c);
	status = configure(f, z, &c, err);
	if (status == 0)
		status = zone_create(&zone, f->site, &c, z->group->template, err);
	zone_close(&zone);
	zone_config_clear(&c);
	return status;
}

static int boot_opened(struct zone *z, char ***warnings, struct error *err)
{
	static const struct boot_options options;
	enum zone_state state;

	if (state_of(z, &state, err) < 0)
		return -1;
	if (ZONE_BIT(state) & ZONE_UP)
		return 0;
	if (zone_boot(z, &options, err) < 0)
		return -1;
	for (char *const *w = z->warnings; w && *w; w++)
		strv_add(warnings, *w);
	return 0;
}

static int boot(const struct fleet *f, const struct fleet_zone *z, char ***warnings,
		struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int status;

	/* That it could not be made is told already. */
	if (z->todo & FLEET_CREATE && !zone_exists(f->site, z->name))
		return 0;
	if (zone_open(&zone, f->site, z->name, LOCK_ALONE, err) < 0)
		return -1;
	status = boot_opened(&zone, warnings, err);
	zone_close(&zone);
	return status;
}

static const struct fleet_stage stages[] = {
	{ FLEET_DESTROY, "destroy", destroy },
	{ FLEET_STOP,    "stop",    stop },
	{ FLEET_SET,     "set",     set },
	{ FLEET_CREATE,  "create",  create },
	{ FLEET_BOOT,    "boot",    boot },
	{ .verb = NULL },
};

const struct fleet_stage *fleet_stages(void)
{
	return stages;
}
