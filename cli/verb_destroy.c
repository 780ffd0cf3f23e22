/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/verb_zone.h"
#include "runtime/boot.h"
#include "runtime/destroy.h"

enum { HALT_MS = 10 * 1000, NAMES_SHOWN = 5 };

const struct opt destroy_options[] = {
	{ "force", 0, NULL, "halt zones that are up first" },
	{ 0 },
};

static void ask_text(struct str *text, char *const *names)
{
	size_t n = strv_len(names);

	if (n == 1) {
		str_addf(text, "destroy %s with all its files?", names[0]);
		return;
	}
	str_addf(text, "destroy %zu zones (", n);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		str_addf(text, "%s%s", i ? ", " : "", names[i]);
	str_addf(text, "%s) with all their files?", n > NAMES_SHOWN ? ", ..." : "");
}

/* What keeps a zone from being destroyed; whoever works on it looks again, with the lock held. */
static int check_stopped(struct cli *cli, const char *name, struct error *err)
{
	struct zone_status status;
	enum zone_state state;

	if (!zone_exists(&cli->site, name))
		return names_unknown(name, err);
	if (zone_is_incomplete(&cli->site, name))
		return 0;
	if (zone_status(&status, &cli->site, name, err) < 0)
		return -1;
	state = status.state;
	zone_status_clear(&status);
	if (opts_has(&cli->opts, "force"))
		return 0;
	return zone_state_check(state, ZONE_BIT(ZONE_INSTALLED) | ZONE_BIT(ZONE_CONFIGURED), name,
				err);
}

/* Nobody is asked about what can't be done. */
static int check_all_stopped(struct cli *cli, char *const *names, struct error *err)
{
	size_t n = strv_len(names), failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (check_stopped(cli, names[i], &why) == 0)
			continue;
		if (n == 1) {
			cli->subject = names[i];
			*err = why;
			return -1;
		}
		cli_report(cli, names[i], &why);
		failed++;
	}
	if (failed == 0)
		return 0;
	if (failed == n)
		return error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n);
	error_set(err, ERR_FAILED, "nothing was destroyed: %zu of %zu can't be", failed, n);
	return error_hint(err, "with -y the others are");
}

int verb_destroy_ask(struct cli *cli, char *const *names, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	if (cli->is_yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return 0;
	if (check_all_stopped(cli, names, err) < 0)
		return -1;
	ask_text(&text, names);
	return confirm(cli, str_text(&text), "destroyed", err);
}

static int stop_first(struct cli *cli, struct zone *zone, struct error *err)
{
	struct zone_status status;
	bool is_stopped;

	if (check_stopped(cli, zone->name, err) < 0 ||
	    zone_status(&status, &cli->site, zone->name, err) < 0)
		return -1;
	is_stopped = status.state == ZONE_INSTALLED || status.state == ZONE_CONFIGURED;
	zone_status_clear(&status);
	return is_stopped || cli->is_dry_run ? 0 : zone_halt(zone, HALT_MS, err);
}

int verb_destroy(struct cli *cli, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int status;

	if (zone_is_incomplete(&cli->site, name))
		return cli->is_dry_run ? out_would(cli, name) :
					 zone_destroy_incomplete(&cli->site, name, err);
	/* Also a zone whose zone.json is damaged can be destroyed. */
	if (zone_open_unread(&zone, &cli->site, name, LOCK_ALONE, err) < 0)
		return -1;
	status = stop_first(cli, &zone, err);
	if (status == 0)
		status = cli->is_dry_run ? out_would(cli, name) : zone_destroy(&zone, err);
	zone_close(&zone);
	return status;
}
