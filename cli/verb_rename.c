/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/out.h"
#include "cli/verb_zone.h"
#include "runtime/rename.h"

static int rename_opened(struct cli *cli, struct zone *zone, const char *to, struct error *err)
{
	struct zone_status status;
	enum zone_state state;

	if (zone_status(&status, &cli->site, zone->name, err) < 0)
		return -1;
	state = status.state;
	zone_status_clear(&status);
	if (zone_state_check(state, ZONE_BIT(ZONE_INSTALLED) | ZONE_BIT(ZONE_CONFIGURED),
			     zone->name, err) < 0)
		return -1;
	if (cli->is_dry_run)
		return out_would(cli, zone->name);
	return zone_rename(zone, to, err);
}

int verb_rename(struct cli *cli, struct error *err)
{
	const char *from = cli->opts.operands[0], *to = cli->opts.operands[1];
	struct zone zone = { .dirfd = -1 };
	int status;

	cli->subject = from;
	if (zone_name_check(from, err) < 0 || zone_name_check(to, err) < 0 ||
	    cli_site(cli, err) < 0 || zone_open(&zone, &cli->site, from, LOCK_ALONE, err) < 0)
		return -1;
	status = rename_opened(cli, &zone, to, err);
	zone_close(&zone);
	return status;
}
