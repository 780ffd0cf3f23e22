/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/out.h"
#include "cli/renew.h"

const struct opt reinstall_options[] = {
	{ "template", 't', "TEMPLATE", "what the new root is made from (the zone's own)" },
	{ "keep",     0,   "PATH",     "take this file or directory along; may be repeated" },
	{ "back",     0,   NULL,       "change places with the root of before, NAME.old" },
	{ "purge",    0,   NULL,       "remove the root of before, NAME.old" },
	{ "timeout",  0,   "TIME",     "halt a running zone after so long (60 s)" },
	{ 0 },
};

/* Of --back and --purge there is one, and nothing beside it. */
static int check_options(const struct cli *cli, struct error *err)
{
	static const char *const alone[] = { "back", "purge" };
	static const char *const others[] = { "template", "keep", "back", "purge" };

	for (size_t i = 0; i < N_ROWS(alone); i++)
		for (size_t k = 0; k < N_ROWS(others); k++)
			if (alone[i] != others[k] && opts_has(&cli->opts, alone[i]) &&
			    opts_has(&cli->opts, others[k]))
				return error_set(err, ERR_USAGE,
						 "options '--%s' and '--%s' exclude each other",
						 alone[i], others[k]);
	return 0;
}

int verb_reinstall_sort(struct cli *cli, struct error *err)
{
	AUTO_STRV char **keep = NULL;
	struct reinstall_options options;

	if (check_options(cli, err) < 0)
		return -1;
	return renew_options(cli, &options, &keep, err);
}

int verb_reinstall_ask(struct cli *cli, char *const *names, struct error *err)
{
	const char *what = opts_has(&cli->opts, "purge") ? "remove what is kept of" :
			   opts_has(&cli->opts, "back")  ? "go back to the root of before of" :
							   "reinstall";
	size_t n = strv_len(names);
	AUTO_FREE char *question = n == 1 ? xasprintf("%s %s?", what, names[0]) :
					    xasprintf("%s %zu zones?", what, n);

	return confirm(cli, question, "changed", err);
}

static int back(struct cli *cli, struct zone *z, bool *out_was_up, struct error *err)
{
	struct error again = { 0 };

	if (reinstall_check_back(z, err) < 0 || renew_stop(cli, z, out_was_up, err) < 0)
		return -1;
	if (zone_reinstall_back(z, err) == 0)
		return 0;
	if (*out_was_up && renew_boot(cli, z, &again) < 0)
		error_wrap(err, "it is down (%s)", again.text);
	return -1;
}

int verb_reinstall(struct cli *cli, struct target *t, struct error *err)
{
	struct zone *z = &t->zone;
	bool was_up;
	int ret;

	if (opts_has(&cli->opts, "purge"))
		return zone_reinstall_purge(z, err);
	ret = opts_has(&cli->opts, "back") ? back(cli, z, &was_up, err) :
					     renew_root(cli, z, &was_up, err);
	if (ret < 0 || !was_up)
		return ret;
	if (renew_boot(cli, z, err) == 0)
		return 0;
	error_wrap(err, "the zone has its new root");
	return error_hint(err, "zonectl reinstall %s --back makes it what it was", z->name);
}
