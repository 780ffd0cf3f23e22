/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb_plan.h"
#include "runtime/addresses.h"
#include "runtime/live.h"
#include "runtime/place.h"
#include "runtime/property.h"

const struct opt set_options[] = {
	{ "plan",         0, "PLAN", "give it the properties of a plan (as plan list shows)" },
	{ "runtime-only", 0, NULL,   "change the running zone, write nothing down" },
	{ "next-boot",    0, NULL,   "write it down, leave the running zone as it is" },
	{ 0 },
};

/* What changed, none twice. */
struct changes {
	const struct property *list[64];
	size_t n;
	bool is_down;			/* the zone is, so its disk is free to be changed */
	struct zone_config refused;	/* what put_back() has replaced, if it has */
};

static int add_change(struct changes *changes, const struct property *p, struct error *err)
{
	if (p->change == PROPERTY_AT_CREATE)
		return error_set(err, ERR_USAGE, "%s: can't be changed once the zone is made",
				 p->name);
	for (size_t i = 0; i < changes->n; i++)
		if (changes->list[i] == p)
			return 0;
	if (changes->n < N_ROWS(changes->list))
		changes->list[changes->n++] = p;
	return 0;
}

/* What the zone has already is no change, so that it is neither refused nor put off to a boot. */
static int assign_plan(struct cli *cli, struct zone_config *config, struct changes *changes,
		       struct error *err)
{
	AUTO_PLAN struct plan plan = { 0 };

	if (!opts_has(&cli->opts, "plan"))
		return 0;
	if (cli_plan(cli, &plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan.n_set; i++)
		if (!plan_has_value(&plan, plan.set[i], config) &&
		    add_change(changes, plan.set[i], err) < 0)
			return error_wrap(err, "plan '%s'", plan.name);
	return plan_apply(&plan, config, err);
}

static bool has_group(const struct changes *changes, const char *group)
{
	for (size_t i = 0; i < changes->n; i++)
		if (strcmp(changes->list[i]->group, group) == 0)
			return true;
	return false;
}

static int assign(struct cli *cli, struct zone_config *config, struct changes *changes,
		  struct error *err)
{
	if (assign_plan(cli, config, changes, err) < 0)
		return -1;
	for (char *const *a = cli->assignments; a && *a; a++) {
		const struct property *p;

		if (property_assign(config, *a, &p, err) < 0 || add_change(changes, p, err) < 0)
			return -1;
	}
	/* What stays is the disk itself, and its next boot would undo it. */
	if (opts_has(&cli->opts, "runtime-only") && has_group(changes, "disk"))
		return error_set(err, ERR_USAGE, "disk and inodes last, so not --runtime-only");
	return property_check_all(config, err);
}

/* The zone is as it was, down to the limits that were set before one failed. */
static void put_back(struct zone *z, struct changes *changes)
{
	struct error ignored = { 0 };
	struct zone_config old;

	if (zone_config_read(&old, z->dirfd, &ignored) < 0)
		return;
	changes->refused = z->config;
	z->config = old;
	for (size_t i = 0; i < changes->n; i++) {
		bool is_later;

		/* What failed is told already; the old values were in force a moment ago. */
		(void)zone_apply_live(z, changes->list[i], &is_later, &ignored);
	}
}

static int apply_one(struct cli *cli, struct zone *z, const struct property *p, struct error *err)
{
	bool is_later;

	if (zone_apply_live(z, p, &is_later, err) < 0)
		return -1;
	if (!is_later)
		return 0;
	if (opts_has(&cli->opts, "runtime-only"))
		return error_set(err, ERR_USAGE, "%s: can only change at the next boot", p->name);
	out_note(cli, "set %s: %s applies at the next boot", z->name, p->name);
	return 0;
}

static int apply_group(struct cli *cli, struct zone *z, struct changes *changes, bool is_disk,
		       struct error *err)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct property *p = changes->list[i];

		if ((strcmp(p->group, "disk") == 0) == is_disk && apply_one(cli, z, p, err) < 0)
			return -1;
	}
	return 0;
}

/* The disk last: a filesystem that grew can't be put back while the zone runs. */
static int apply(struct cli *cli, struct zone *z, struct changes *changes,
		 struct error *err)
{
	if (apply_group(cli, z, changes, false, err) == 0 &&
	    apply_group(cli, z, changes, true, err) == 0)
		return 0;
	put_back(z, changes);
	return -1;
}

static int check_choice(struct cli *cli, bool is_up, struct error *err)
{
	bool runtime_only = opts_has(&cli->opts, "runtime-only");

	if (runtime_only && opts_has(&cli->opts, "next-boot"))
		return error_set(err, ERR_USAGE, "--runtime-only or --next-boot, not both");
	if (runtime_only && !is_up)
		return error_set(err, ERR_STATE,
				 "is not running, so --runtime-only changes nothing");
	return 0;
}

static int apply_and_write(struct cli *cli, struct zone *z, struct changes *changes, bool is_live,
			   struct error *err)
{
	for (size_t i = 0; i < changes->n; i++)
		if (zone_check_property(z, changes->list[i], err) < 0)
			return -1;
	if (is_live && apply(cli, z, changes, err) < 0)
		return -1;
	/* Of a zone that is down the disk is made as it is to be, here and not at its next boot. */
	if (changes->is_down && has_group(changes, "disk") && place_settle(z, err) < 0)
		return -1;
	if (opts_has(&cli->opts, "runtime-only"))
		return 0;
	if (zone_config_write(&z->config, z->dirfd, err) == 0)
		return 0;
	if (is_live)
		put_back(z, changes);
	return -1;
}

/* Addresses and ports are taken before zone.json says that the zone has them, and those that it has
 * no more given back after that. */
static int set_network(struct cli *cli, struct target *t, struct changes *changes, bool is_live,
		       struct error *err)
{
	struct zone *z = &t->zone;
	struct error ignored = { 0 };
	struct zone_config old;
	int status;

	if (zone_config_read(&old, z->dirfd, err) < 0)
		return -1;
	status = addresses_take(z->site, &z->config, err);
	if (status == 0) {
		if (ZONE_BIT(t->status.state) & ZONE_UP)
			addresses_hold(&z->config, &old);
		status = apply_and_write(cli, z, changes, is_live, err);
		if (status == 0 && !opts_has(&cli->opts, "runtime-only"))
			status = addresses_give(z->site, &old, &z->config, err);
		else if (status < 0)	/* the first failure is what is told */
			(void)addresses_give(z->site, *changes->refused.name ? &changes->refused
									     : &z->config,
					     &old, &ignored);
	}
	zone_config_clear(&old);
	return status;
}

int verb_set(struct cli *cli, struct target *t, struct error *err)
{
	bool is_up = ZONE_BIT(t->status.state) & ZONE_UP;
	bool is_live = is_up && !opts_has(&cli->opts, "next-boot");
	struct changes changes = { .is_down = !is_up };
	int status;

	if (check_choice(cli, is_up, err) < 0 ||
	    assign(cli, &t->zone.config, &changes, err) < 0)
		return -1;
	status = has_group(&changes, "network") ? set_network(cli, t, &changes, is_live, err)
				       : apply_and_write(cli, &t->zone, &changes, is_live, err);
	zone_config_clear(&changes.refused);
	return status;
}
