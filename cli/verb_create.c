/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/out.h"
#include "cli/verb_plan.h"
#include "runtime/boot.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "templates/store.h"

const struct opt create_options[] = {
	{ "template",       't', "TEMPLATE", "what they are made from (as template list shows)" },
	{ "plan",           0,   "PLAN",     "take properties from a plan (as plan list shows)" },
	{ "like",           0,   "ZONE",     "take properties and template from another zone" },
	{ "ssh-key-user",   'u', "NAME",     "whose the keys of --ssh-key are (root's)" },
	{ "password-stdin", 0,   NULL,       "read root's password from standard input" },
	{ "boot",           0,   NULL,       "boot them at once" },
	{ "skip-existing",  0,   NULL,       "pass over zones that exist; --boot boots them too" },
	{ 0 },
};

/* The options, over what the plan has said. */
static int apply_options(const struct cli *cli, struct zone_config *config, bool *out_any,
			 struct error *err)
{
	for (size_t i = 0; i < cli->opts.n; i++) {
		const struct opt_given *g = &cli->opts.given[i];
		enum property_op op = PROPERTY_SET;

		if (!g->property)
			continue;
		/* --env A=1 --env B=2 is one list of two. */
		if (g->property->type == PROPERTY_LIST)
			for (size_t j = 0; j < i; j++)
				if (cli->opts.given[j].property == g->property)
					op = PROPERTY_ADD;
		if (property_apply(g->property, config, op, g->value, err) < 0)
			return -1;
		*out_any = true;
	}
	return 0;
}

/* A property that is an option too, as it has a letter: -u, as with passwd and ssh. */
static int apply_key_user(const struct cli *cli, struct zone_config *config, bool *out_any,
			  struct error *err)
{
	const char *user = opts_value(&cli->opts, "ssh-key-user");
	const struct property *p = user ? property_find("ssh-key-user", err) : NULL;

	if (!user)
		return 0;
	*out_any = true;
	return p ? property_apply(p, config, PROPERTY_SET, user, err) : -1;
}

int cli_properties(struct cli *cli, struct zone_config *config, struct error *err)
{
	AUTO_PLAN struct plan plan = { 0 };
	bool has_any = opts_has(&cli->opts, "plan");

	if (has_any && (cli_plan(cli, &plan, err) < 0 || plan_apply(&plan, config, err) < 0))
		return -1;
	if (apply_options(cli, config, &has_any, err) < 0 ||
	    apply_key_user(cli, config, &has_any, err) < 0)
		return -1;
	return has_any ? property_check_all(config, err) : 0;
}

/* The properties of another zone, and its template unless one was named. */
static int copy_like(struct cli *cli, const char *like, struct zone_config *config,
		     char **template, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int status = 0;

	if (zone_open(&zone, &cli->site, like, LOCK_SHARED, err) < 0)
		return error_wrap(err, "zone '%s'", like);
	for (const struct property *p = property_table(); p->name && status == 0; p++)
		if (!property_is_default(p, &zone.config))
			status = property_copy(p, &zone.config, config, err);
	if (status == 0 && zone.config.plan)
		config->plan = xstrdup(zone.config.plan);
	if (status == 0 && !*template && zone.config.template_name)
		*template = xstrdup(zone.config.template_name);
	zone_close(&zone);
	return status;
}

/* The whole configuration, from the command line alone. */
static int configure(struct cli *cli, const char *name, struct zone_config *config,
		     char **template, struct error *err)
{
	const char *like = opts_value(&cli->opts, "like");
	const char *named = opts_value(&cli->opts, "template");

	*template = named ? xstrdup(named) : NULL;
	strcpy(config->name, name);
	if (like && copy_like(cli, like, config, template, err) < 0)
		return -1;
	if (cli_properties(cli, config, err) < 0)
		return -1;
	if (cli->password_hash) {
		free(config->password_hash);
		config->password_hash = xstrdup(cli->password_hash);
	}
	if (*template)
		return 0;
	error_set(err, ERR_USAGE, "no template given");
	return error_hint(err, "name one with -t; zonectl template list shows them");
}

/* All or nothing: a zone that can't be booted at once is not left behind. */
static int boot(const struct cli *cli, struct zone *zone, struct error *err)
{
	static const struct boot_options options;
	struct error ignored = { 0 };

	if (zone_boot(zone, &options, err) == 0) {
		cli_boot_warnings(cli, zone);
		return 0;
	}
	error_wrap(err, "boot");
	/* The boot's error is the one that tells; repair finds what could not be removed. */
	(void)zone_destroy(zone, &ignored);
	return -1;
}

static int would_create(struct cli *cli, const char *name, const char *template, struct error *err)
{
	AUTO_TEMPLATE struct template found = { 0 };
	AUTO_CLOSE int storefd = site_templates(&cli->site, err);

	if (storefd < 0 || store_find(storefd, template, &found, err) < 0)
		return -1;
	if (zone_exists(&cli->site, name))
		return error_set(err, ERR_EXISTS, "exists already");
	return out_would(cli, name);
}

static int make(struct cli *cli, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	AUTO_FREE char *template = NULL;
	struct zone_config config;
	int status;

	zone_config_init(&config);
	status = configure(cli, name, &config, &template, err);
	if (status == 0 && cli->is_dry_run)
		status = would_create(cli, name, template, err);
	else if (status == 0)
		status = zone_create(&zone, &cli->site, &config, template, err);
	if (status == 0 && !cli->is_dry_run && opts_has(&cli->opts, "boot"))
		status = boot(cli, &zone, err);
	zone_close(&zone);
	zone_config_clear(&config);
	return status;
}

/* Boots what is there and stopped: an earlier command made it and was interrupted. It is not this
 * command's to remove when that fails. Returns 1 when there was nothing to do. */
static int boot_existing(struct cli *cli, const char *name, struct error *err)
{
	static const struct boot_options options;
	struct zone_status now = { .initfd = -1 };
	struct zone zone = { .dirfd = -1 };
	int status;

	if (zone_open(&zone, &cli->site, name, LOCK_ALONE, err) < 0)
		return -1;
	status = zone_status(&now, &cli->site, name, err);
	if (status == 0 && now.state != ZONE_INSTALLED)
		status = 1;
	else if (status == 0 && cli->is_dry_run)
		out_print(cli, "would boot %s\n", name);
	else if (status == 0)
		status = zone_boot(&zone, &options, err);
	if (status == 0)
		cli_boot_warnings(cli, &zone);
	zone_status_clear(&now);
	zone_close(&zone);
	return status < 0 ? error_wrap(err, "boot") : status;
}

static int pass_over(struct cli *cli, const char *name, struct error *err)
{
	return opts_has(&cli->opts, "boot") ? boot_existing(cli, name, err) : 1;
}

int verb_create(struct cli *cli, const char *name, struct error *err)
{
	struct error why = { 0 };
	bool skips = opts_has(&cli->opts, "skip-existing");

	/* What is not whole is swept by zone_create() and made anew. */
	if (skips && zone_exists(&cli->site, name) && !zone_is_incomplete(&cli->site, name))
		return pass_over(cli, name, err);
	if (make(cli, name, &why) == 0)
		return 0;
	/* Another command was faster. */
	if (skips && why.kind == ERR_EXISTS)
		return pass_over(cli, name, err);
	*err = why;
	return -1;
}
