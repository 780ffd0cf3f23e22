/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/renew.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/autoboot.h"
#include "runtime/boot.h"
#include "runtime/shutdown.h"
#include "templates/store.h"

enum { KEPT_STATES = ZONE_BIT(ZONE_INSTALLED), UP_STATES = ZONE_BIT(ZONE_RUNNING) |
							   ZONE_BIT(ZONE_FROZEN) };

/* Absolute, without the '/' at its end that a shell completes. */
static int keep_add(char ***list, const char *path, struct error *err)
{
	AUTO_STRV char **parts = strv_split(path, "/");
	AUTO_FREE char *joined = strv_join(parts, "/");

	if (*path != '/')
		return error_set(err, ERR_USAGE, "option '--keep': '%s' does not begin with '/'",
				 path);
	if (!parts || strv_has(parts, "..") || strv_has(parts, "."))
		return error_set(err, ERR_USAGE, "option '--keep': '%s' is no path of a zone",
				 path);
	strv_addf(list, "/%s", joined);
	return 0;
}

int renew_options(const struct cli *cli, struct reinstall_options *out, char ***out_keep,
		  struct error *err)
{
	AUTO_STRV char **given = opts_values(&cli->opts, "keep");

	for (char **path = given; path && *path; path++)
		if (keep_add(out_keep, *path, err) < 0)
			return -1;
	*out = (struct reinstall_options){
		.template = opts_value(&cli->opts, "template"), .keep = *out_keep,
	};
	return 0;
}

/* The lock was dropped meanwhile, so the zone is looked at anew. */
static int reopen(struct zone *z, struct error *err)
{
	AUTO_FREE char *name = xstrdup(z->name);
	struct site *site = z->site;
	struct zone_status status;
	enum zone_state state;

	zone_close(z);
	if (zone_open(z, site, name, LOCK_ALONE, err) < 0 ||
	    zone_status(&status, site, name, err) < 0)
		return -1;
	state = status.state;
	zone_status_clear(&status);
	return zone_state_check(state, KEPT_STATES, name, err);
}

static int stop(struct cli *cli, struct zone *z, struct error *err)
{
	int timeout_ms = VERB_SHUTDOWN_MS;
	enum shutdown_how how;

	if (opts_duration(&cli->opts, "timeout", &timeout_ms, err) < 0 ||
	    autoboot_ending(z, false, err) < 0 || zone_shutdown(z, timeout_ms, &how, err) < 0)
		return -1;
	return reopen(z, err);
}

int renew_stop(struct cli *cli, struct zone *z, bool *out_was_up, struct error *err)
{
	struct zone_status status;
	enum zone_state state;

	*out_was_up = false;
	if (zone_status(&status, z->site, z->name, err) < 0)
		return -1;
	state = status.state;
	zone_status_clear(&status);
	if (zone_state_check(state, KEPT_STATES | UP_STATES, z->name, err) < 0)
		return -1;
	if (ZONE_BIT(state) & KEPT_STATES)
		return 0;
	*out_was_up = true;
	return stop(cli, z, err);
}

int renew_boot(const struct cli *cli, struct zone *z, struct error *err)
{
	static const struct boot_options options;

	if (zone_boot(z, &options, err) < 0)
		return error_wrap(err, "boot");
	cli_boot_warnings(cli, z);
	return 0;
}

/* No zone is stopped for what can't be done. */
static int check_template(struct zone *z, const char *name, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int storefd = site_templates(z->site, err);

	if (storefd < 0)
		return -1;
	return name ? store_find(storefd, name, &t, err) : 0;
}

int renew_root(struct cli *cli, struct zone *z, bool *out_was_up, struct error *err)
{
	AUTO_STRV char **keep = NULL;
	struct reinstall_options options;
	struct error again = { 0 };

	*out_was_up = false;
	if (renew_options(cli, &options, &keep, err) < 0 ||
	    check_template(z, options.template ? options.template : z->config.template_name,
			   err) < 0 ||
	    (!reinstall_has_rest(z) && reinstall_check(z, err) < 0) ||
	    renew_stop(cli, z, out_was_up, err) < 0)
		return -1;
	if (zone_reinstall(z, &options, err) == 0)
		return 0;
	if (*out_was_up && renew_boot(cli, z, &again) < 0)
		error_wrap(err, "it is down (%s)", again.text);
	return -1;
}
