/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/out.h"
#include "cli/renew.h"
#include "runtime/boot.h"
#include "runtime/trial.h"
#include "templates/store.h"

/*
 * A zone is upgraded whole or not at all: its new root is booted and looked at,
 * and where that does not go well the old one is back. The first zones, canaries,
 * are done one by one before any other is touched.
 */

enum { UPGRADE_TRIAL_MS = 90 * 1000, UPGRADE_HALT_MS = 10 * 1000, CANARIES_MAX = 1 << 20 };

const struct opt upgrade_options[] = {
	{ "template", 't', "TEMPLATE", "what the new roots are made from" },
	{ "keep",     0,   "PATH",     "take this file or directory along; may be repeated" },
	{ "canary",   0,   "N",        "upgrade N zones first, one by one" },
	{ "check",    0,   "COMMAND",  "what sh -c of the zone is to say yes to" },
	{ "timeout",  0,   "TIME",     "for each of shutdown (60 s) and check (90 s)" },
	{ 0 },
};

static int canaries(const struct cli *cli, size_t *out, struct error *err)
{
	const char *text = opts_value(&cli->opts, "canary");
	uint64_t n = 0;

	if (text && num_u64(text, 1, CANARIES_MAX, &n, err) < 0)
		return error_wrap(err, "option '--canary'");
	*out = (size_t)n;
	return 0;
}

int verb_upgrade_sort(struct cli *cli, struct error *err)
{
	AUTO_STRV char **keep = NULL;
	struct reinstall_options options;
	size_t n;

	if (!opts_has(&cli->opts, "template")) {
		error_set(err, ERR_USAGE, "no template given");
		return error_hint(err, "name one with -t; zonectl template list shows them");
	}
	if (cli->opts.command && opts_has(&cli->opts, "check"))
		return error_set(err, ERR_USAGE, "'--check' and a command exclude each other");
	if (cli->opts.command && !cli->opts.command[0])
		return error_set(err, ERR_USAGE, "no command after '--'");
	return canaries(cli, &n, err) < 0 ? -1 : renew_options(cli, &options, &keep, err);
}

/* True if the zone has that very version of the template already. */
static int is_done(struct cli *cli, const struct zone *z, bool *out, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int storefd = site_templates(&cli->site, err);

	if (storefd < 0 || store_find(storefd, opts_value(&cli->opts, "template"), &t, err) < 0)
		return -1;
	*out = strcmp(t.digest, z->config.template_digest) == 0;
	return 0;
}

/*
 * One zone
 */

static int trial(struct cli *cli, struct zone *z, struct error *err)
{
	const char *check = opts_value(&cli->opts, "check");
	char *const shell[] = { (char *)"/bin/sh", (char *)"-c", (char *)check, NULL };
	int timeout_ms = UPGRADE_TRIAL_MS;

	if (opts_duration(&cli->opts, "timeout", &timeout_ms, err) < 0 ||
	    renew_boot(cli, z, err) < 0)
		return -1;
	return zone_trial(z, check ? shell : cli->opts.command, timeout_ms, err);
}

static int go_back(struct cli *cli, struct zone *z, bool was_up, struct error *err)
{
	AUTO_FREE char *name = xstrdup(z->name);

	/* The trial gave the lock away. */
	zone_close(z);
	if (zone_open(z, &cli->site, name, LOCK_ALONE, err) < 0 ||
	    zone_halt(z, UPGRADE_HALT_MS, err) < 0 || zone_reinstall_back(z, err) < 0 ||
	    zone_reinstall_purge(z, err) < 0)
		return -1;
	return was_up ? renew_boot(cli, z, err) : 0;
}

static int upgrade_opened(struct cli *cli, struct zone *z, struct error *err)
{
	struct error why = { 0 };
	bool was_up, has_it;

	if (is_done(cli, z, &has_it, err) < 0)
		return -1;
	if (has_it)
		return 0;
	if (cli->is_dry_run)
		return reinstall_check(z, err) < 0 ? -1 : out_would(cli, z->name);
	if (renew_root(cli, z, &was_up, err) < 0)
		return -1;
	if (trial(cli, z, err) == 0)
		return was_up ? 0 : renew_stop(cli, z, &was_up, err);
	if (go_back(cli, z, was_up, &why) == 0)
		return error_wrap(err, "its old root is back");
	error_wrap(err, "it could not go back to its old root (%s)", why.text);
	return error_hint(err, "try: zonectl reinstall %s --back", cli->subject);
}

static int upgrade_one(struct cli *cli, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	int ret;

	if (zone_open(&zone, &cli->site, name, LOCK_ALONE, err) < 0)
		return -1;
	ret = upgrade_opened(cli, &zone, err);
	zone_close(&zone);
	return ret;
}

/*
 * Before any is touched
 */

static int check_one(struct cli *cli, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	bool has_it = false;
	int ret;

	if (zone_open(&zone, &cli->site, name, (enum lock_mode)0, err) < 0)
		return -1;
	ret = is_done(cli, &zone, &has_it, err);
	if (ret == 0 && !has_it && !reinstall_has_rest(&zone))
		ret = reinstall_check(&zone, err);
	zone_close(&zone);
	return ret;
}

static int check_all(struct cli *cli, char *const *names, struct error *err)
{
	size_t n = strv_len(names), failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (check_one(cli, names[i], &why) == 0)
			continue;
		cli->subject = names[i];
		*err = why;
		if (n == 1)
			return -1;
		cli_report(cli, names[i], &why);
		failed++;
	}
	cli->subject = NULL;
	if (failed == 0)
		return 0;
	*err = (struct error){ 0 };
	return error_set(err, ERR_FAILED, "nothing was upgraded: %zu of %zu can't be", failed, n);
}

int verb_upgrade_begin(struct cli *cli, char *const *names, struct error *err)
{
	AUTO_FREE char *question = xasprintf("upgrade %zu zones to %s?", strv_len(names),
					     opts_value(&cli->opts, "template"));
	size_t n;

	if (check_all(cli, names, err) < 0 || confirm(cli, question, "upgraded", err) < 0 ||
	    canaries(cli, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && names[i]; i++) {
		cli->subject = names[i];
		if (upgrade_one(cli, names[i], err) == 0)
			continue;
		return names[i + 1] ? error_wrap(err, "the zones after it were not touched") : -1;
	}
	return 0;
}

int verb_upgrade(struct cli *cli, const char *name, struct error *err)
{
	size_t n;

	if (canaries(cli, &n, err) < 0)
		return -1;
	/* The canaries are done. */
	for (size_t i = 0; !cli->is_dry_run && i < n && cli->names[i]; i++)
		if (strcmp(cli->names[i], name) == 0)
			return 0;
	return upgrade_one(cli, name, err);
}
