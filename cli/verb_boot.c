/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "base/lock.h"
#include "cli/out.h"
#include "cli/several.h"
#include "cli/verb.h"
#include "runtime/autoboot.h"
#include "runtime/boot.h"
#include "runtime/ready.h"
#include "runtime/shutdown.h"

enum { WAIT_MS = 90 * 1000, HALT_MS = 10 * 1000 };

const struct opt boot_options[] = {
	{ "wait",     0, "[=TIME]", "wait until the system inside is up (90 s)" },
	{ "single",   0, NULL,      "ask the init for single-user mode" },
	{ "init",     0, "PATH",    "start this instead of the init, once" },
	{ "autoboot", 0, NULL,      "the zones that are to boot with the host" },
	{ "deadline", 0, "TIME",    "after so long begin no more, and wait for none" },
	{ 0 },
};

const struct opt shutdown_options[] = {
	{ "timeout",   0, "TIME", "halt after so long (60 s), with --all in all" },
	{ "host-down", 0, NULL,   "autoboot=last: boot with the host again" },
	{ 0 },
};

const struct opt reboot_options[] = {
	{ "timeout", 0, "TIME", "halt after so long (60 s)" },
	{ 0 },
};

void cli_boot_warnings(const struct cli *cli, const struct zone *zone)
{
	for (char *const *w = zone->warnings; w && *w; w++)
		out_warn(cli, "%s %s: %s", cli->verb->name, zone->name, *w);
}

static int wait_ready(struct cli *cli, struct zone *zone, struct error *err)
{
	int timeout_ms = WAIT_MS, status;

	if (opts_duration(&cli->opts, "wait", &timeout_ms, err) < 0)
		return -1;
	if (cli->end_ms > 0 && cli->end_ms - clock_ms() < timeout_ms)
		timeout_ms = cli->end_ms > clock_ms() ? (int)(cli->end_ms - clock_ms()) : 0;
	/* Others may look at the zone, or halt it, meanwhile. */
	lock_drop(zone->dirfd);
	several_may_end(cli, true);
	status = zone_wait_ready(zone, timeout_ms, err);
	several_may_end(cli, false);
	return status;
}

int verb_boot(struct cli *cli, struct target *t, struct error *err)
{
	struct boot_options options = {
		.init = opts_value(&cli->opts, "init"),
		.init_args = cli->opts.command,
		.is_single = opts_has(&cli->opts, "single"),
	};

	if (zone_boot(&t->zone, &options, err) < 0)
		return -1;
	cli_boot_warnings(cli, &t->zone);
	return opts_has(&cli->opts, "wait") ? wait_ready(cli, &t->zone, err) : 0;
}

int verb_halt(struct cli *cli, struct target *t, struct error *err)
{
	if (autoboot_ending(&t->zone, false, err) < 0)
		return -1;
	if (zone_halt(&t->zone, HALT_MS, err) < 0)
		return -1;
	cli_boot_warnings(cli, &t->zone);
	return 0;
}

static void tell(struct cli *cli, const struct target *t, enum shutdown_how how)
{
	if (cli->is_json) {
		json_out_object(&cli->json, NULL);
		json_out_str(&cli->json, "name", t->zone.name);
		json_out_str(&cli->json, "stopped_by",
			     how == SHUTDOWN_BY_INIT ? "init" : "halt");
		json_out_end_object(&cli->json);
		return;
	}
	if (cli->is_quiet)
		return;
	if (how == SHUTDOWN_BY_INIT)
		out_print(cli, "%s: its init shut it down\n", t->zone.name);
	else if (how == SHUTDOWN_UNASKED)
		out_print(cli, "%s: halted, its init takes no request to shut down\n",
			  t->zone.name);
	else
		out_print(cli, "%s: halted, its init did not shut it down\n", t->zone.name);
}

static int time_for(const struct cli *cli, int *out_ms, struct error *err)
{
	int64_t left = cli->end_ms - clock_ms();

	*out_ms = VERB_SHUTDOWN_MS;
	if (cli->end_ms == 0)
		return opts_duration(&cli->opts, "timeout", out_ms, err);
	*out_ms = left > 0 ? (int)left : 0;
	return 0;
}

int verb_shutdown(struct cli *cli, struct target *t, struct error *err)
{
	/* What is being shut down already is not to come back: its user, or it, wanted that. */
	bool is_host_down = opts_has(&cli->opts, "host-down") &&
			    t->status.state != ZONE_SHUTTING_DOWN;
	int timeout_ms;
	enum shutdown_how how;

	if (time_for(cli, &timeout_ms, err) < 0 ||
	    autoboot_ending(&t->zone, is_host_down, err) < 0 ||
	    zone_shutdown(&t->zone, timeout_ms, &how, err) < 0)
		return -1;
	cli_boot_warnings(cli, &t->zone);
	tell(cli, t, how);
	return 0;
}

int verb_reboot(struct cli *cli, struct target *t, struct error *err)
{
	static const struct boot_options options;
	struct site *site = t->zone.site;
	const char *name = cli->subject;

	if (verb_shutdown(cli, t, err) < 0)
		return -1;
	/* The lock was dropped meanwhile, so the zone is looked at anew. */
	zone_close(&t->zone);
	zone_status_clear(&t->status);
	if (zone_open(&t->zone, site, name, LOCK_ALONE, err) < 0 ||
	    zone_status(&t->status, site, name, err) < 0 ||
	    zone_state_check(t->status.state, ZONE_BIT(ZONE_INSTALLED), name, err) < 0)
		return -1;
	if (zone_boot(&t->zone, &options, err) < 0)
		return -1;
	cli_boot_warnings(cli, &t->zone);
	return 0;
}
