/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "cli/out.h"
#include "cli/verb_plan.h"
#include "cli/verb_zone.h"
#include "runtime/change.h"

const struct opt set_options[] = {
	{ "plan",         0, "PLAN", "give it the properties of a plan (as plan list shows)" },
	{ "runtime-only", 0, NULL,   "change the running zone, write nothing down" },
	{ "next-boot",    0, NULL,   "write it down, leave the running zone as it is" },
	{ 0 },
};

/* What the zone has already is no change, so that it is neither refused nor put off to a boot. */
static int assign_plan(struct cli *cli, struct change *change, struct error *err)
{
	struct zone_config *config = &change->zone->config;
	AUTO_PLAN struct plan plan = { 0 };

	if (!opts_has(&cli->opts, "plan"))
		return 0;
	if (cli_plan(cli, &plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan.n_set; i++)
		if (!plan_has_value(&plan, plan.set[i], config) &&
		    change_add(change, plan.set[i], err) < 0)
			return error_wrap(err, "plan '%s'", plan.name);
	return plan_apply(&plan, config, err);
}

static int assign(struct cli *cli, struct change *change, struct error *err)
{
	struct zone_config *config = &change->zone->config;

	if (assign_plan(cli, change, err) < 0)
		return -1;
	for (char *const *a = cli->assignments; a && *a; a++) {
		const struct property *p;

		if (property_assign(config, *a, &p, err) < 0 || change_add(change, p, err) < 0)
			return -1;
	}
	/* What stays is the disk itself, and its next boot would undo it. */
	if (change->is_runtime_only && change_has_group(change, "disk"))
		return error_set(err, ERR_USAGE, "disk and inodes last, so not --runtime-only");
	return property_check_all(config, err);
}

static int check_choice(const struct change *change, struct error *err)
{
	if (change->is_runtime_only && change->is_next_boot)
		return error_set(err, ERR_USAGE, "--runtime-only or --next-boot, not both");
	if (change->is_runtime_only && !change->is_up)
		return error_set(err, ERR_STATE,
				 "is not running, so --runtime-only changes nothing");
	return 0;
}

int verb_set(struct cli *cli, struct target *t, struct error *err)
{
	AUTO_CHANGE struct change change = {
		.zone = &t->zone,
		.is_up = ZONE_BIT(t->status.state) & ZONE_UP,
		.is_next_boot = opts_has(&cli->opts, "next-boot"),
		.is_runtime_only = opts_has(&cli->opts, "runtime-only"),
	};

	if (check_choice(&change, err) < 0 || assign(cli, &change, err) < 0 ||
	    change_make(&change, err) < 0)
		return -1;
	for (size_t i = 0; i < change.n_later; i++)
		out_note(cli, "set %s: %s applies at the next boot", t->zone.name,
			 change.later[i]->name);
	return 0;
}
