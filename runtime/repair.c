/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/repair.h"

#include <errno.h>

#include "base/proc.h"
#include "base/strv.h"
#include "runtime/addresses.h"
#include "runtime/boot.h"
#include "runtime/holdings.h"
#include "runtime/hosts.h"
#include "runtime/keeper.h"
#include "runtime/network.h"
#include "runtime/place.h"
#include "runtime/reinstall.h"
#include "runtime/state.h"
#include "runtime/uidmap.h"

enum { REPAIR_WAIT_MS = 10000 };

/* Of a shutdown that was killed the record would say "shutting down" for ever. One that is still
 * waiting for init is not disturbed: what it waits for is init's end. */
static int forget_shutdown(struct zone *z, struct zone_status *st, char ***out_done,
			   struct error *err)
{
	st->run.is_shutting_down = false;
	if (zone_run_write(&st->run, z->site, z->name, err) < 0)
		return error_wrap(err, "forget the shutdown");
	strv_add(out_done, "forgot a shutdown that did not end");
	return 0;
}

static int repair_down(struct zone *z, char ***out_done, struct error *err)
{
	if (zone_halt_rest(z, REPAIR_WAIT_MS, err) < 0)
		return error_wrap(err, "clean up");
	strv_add(out_done, "cleaned up after the zone's end");
	return 0;
}

/* An init that was killed lets go of its namespaces first, then waits for all others inside to end,
 * and only then has ended (zap_pid_ns_processes() in kernel/pid_namespace.c). Until then it looks
 * alive, and entering its namespaces says ESRCH. */
static bool has_died(const struct zone_status *st, const struct error *why)
{
	struct error ignored = { 0 };

	return proc_wait_end(st->initfd, why->sys == ESRCH ? REPAIR_WAIT_MS : 0, &ignored) == 1;
}

static int repair_running(struct zone *z, struct zone_status *st, char ***out_done,
			  struct error *err)
{
	struct error why = { 0 };

	if (st->run.is_shutting_down && forget_shutdown(z, st, out_done, err) < 0)
		return -1;
	if (st->has_keeper)
		return 0;
	if (keeper_adopt(z, &why) == 0) {
		strv_add(out_done, "started a keeper, with a new console");
		return 0;
	}
	if (has_died(st, &why))
		return repair_down(z, out_done, err);
	*err = why;
	return error_wrap(err, "start a keeper");
}

/* Left by a boot that was killed before there was a record, or by hand. */
static int repair_network(struct zone *z, char ***out_done, struct error *err)
{
	AUTO_STRV char **zones = NULL;

	if (net_list(z->site->id, &zones, err) < 0)
		return error_wrap(err, "network");
	if (!strv_has(zones, z->name))
		return 0;
	if (network_down(z, err) < 0)
		return error_wrap(err, "network");
	strv_add(out_done, "removed links and nft elements that were left");
	return 0;
}

/* Links in addresses/ and ports/ that are missing. A running zone's are left to its next boot. */
static int repair_addresses(struct zone *z, struct error *err)
{
	bool has_changed;

	if (addresses_settle(z->site, &z->config, &has_changed, err) < 0)
		return error_wrap(err, "addresses");
	return has_changed ? zone_config_write(&z->config, z->dirfd, err) : 0;
}

/* Of a command that was killed: claims that it took, and did not write down. */
static int repair_holdings(struct zone *z, struct error *err)
{
	if (holdings_are_known(z->site, z->name))
		return 0;
	if (addresses_give_all(z->site, z->name, &z->config, err) < 0 ||
	    uidmap_give_all(z->site, z->name, z->config.uid_base, err) < 0)
		return error_wrap(err, "claims");
	return holdings_write(z->site, z->name, &z->config, err);
}

static int repair_reinstall(struct zone *z, char ***out_done, struct error *err)
{
	bool has_finished;

	if (zone_reinstall_finish(z, &has_finished, err) < 0)
		return -1;
	if (has_finished)
		strv_add(out_done, "finished a reinstall");
	return 0;
}

/* What a reinstall has kept has the uids of the zone that it was. */
static int repair_uids(struct zone *z, struct error *err)
{
	return z->config.is_kept ? 0 :
				   uidmap_claim(z->site, z->name, z->config.uid_base, err);
}

int zone_repair(struct zone *z, char ***out_done, struct error *err)
{
	struct zone_status st;
	int ret = 0;

	if (site_cgroups(z->site, err) < 0 || repair_uids(z, err) < 0 ||
	    repair_reinstall(z, out_done, err) < 0)
		return -1;
	if (zone_status(&st, z->site, z->name, err) < 0)
		return -1;
	if (st.initfd >= 0)
		ret = repair_running(z, &st, out_done, err);
	else if (st.state == ZONE_DOWN)
		ret = repair_down(z, out_done, err);
	else
		ret = repair_network(z, out_done, err);
	if (ret == 0 && st.initfd < 0)
		ret = repair_addresses(z, err);
	if (ret == 0 && st.initfd < 0)
		ret = repair_holdings(z, err);
	if (ret == 0 && st.initfd < 0)
		ret = place_repair(z, out_done, err);
	zone_status_clear(&st);
	hosts_spread(z->site);
	return ret;
}
