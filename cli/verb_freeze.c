/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/cgroup.h"
#include "cli/verb_zone.h"

enum { FREEZE_MS = 10 * 1000 };

static int freeze(struct cli *cli, struct target *t, bool frozen, struct error *err)
{
	struct cgroup cg;
	int status;

	if (site_cgroups(&cli->site, err) < 0 ||
	    cgroup_open(&cg, &cli->site.cgroups, t->zone.name, err) < 0)
		return -1;
	status = cgroup_freeze(&cg, frozen, FREEZE_MS, err);
	cgroup_close(&cg);
	return status;
}

int verb_freeze(struct cli *cli, struct target *t, struct error *err)
{
	return freeze(cli, t, true, err);
}

int verb_thaw(struct cli *cli, struct target *t, struct error *err)
{
	return freeze(cli, t, false, err);
}
