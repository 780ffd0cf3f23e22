/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb_template.h"
#include "cli/worker.h"
#include "runtime/merged.h"
#include "templates/make.h"

const struct opt template_make_options[] = {
	{ "name", 0, "NAME", "the template's name (the zone's)" },
	{ "keep", 0, "PATH", "leave this file or directory in; may be repeated" },
	{ "as-is", 0, NULL,  "leave everything in" },
	{ 0 },
};

static void tell(struct cli *cli, const struct import_result *result, char *const *removed)
{
	const struct template *t = &result->template;

	for (char *const *w = result->warnings; w && *w; w++)
		out_warn(cli, "%s: %s", t->name, *w);
	if (!result->is_new)
		out_note(cli, "%s: the store had these files already", t->name);
	if (cli->is_json) {
		json_out_object(&cli->json, NULL);
		template_json_members(&cli->json, t);
		json_out_strv(&cli->json, "removed", removed);
		json_out_end_object(&cli->json);
		return;
	}
	for (; !cli->is_quiet && removed && *removed; removed++) {
		out_print(cli, "removed ");
		out_safe(cli, *removed);
		out_print(cli, "\n");
	}
	if (!cli->is_quiet)
		out_print(cli, "%s %.12s\n", t->name, t->digest);
}

/* What the template of the zone says is to be run holds for one made of it. */
static void origin_find(int storefd, const struct zone_config *config, struct template *out)
{
	struct error none = { 0 };

	if (store_find(storefd, config->template_digest, out, &none) < 0)
		*out = (struct template){ 0 };
}

static int make(struct cli *cli, struct worker *w, struct error *err)
{
	const struct zone_config *config = w->arg;
	const char *name = opts_value(&cli->opts, "name");
	AUTO_FREE char *source = xasprintf("zone %s", config->name);
	AUTO_TEMPLATE struct template from = { 0 };
	AUTO_STRV char **keep = opts_values(&cli->opts, "keep");
	AUTO_STRV char **removed = NULL;
	struct import_result result = { 0 };
	AUTO_CLOSE int storefd = -1;
	AUTO_CLOSE int treefd = -1;
	struct make_options options = {
		.name = name ? name : config->name,
		.source = source,
		.from = &from,
		.is_washed = !opts_has(&cli->opts, "as-is"),
		.keep = keep,
	};

	if (template_private_mounts(cli, err) < 0)
		return -1;
	storefd = template_store(cli, err);
	treefd = storefd < 0 ? -1 : merged_open(&cli->site, config, err);
	if (treefd < 0)
		return -1;
	origin_find(storefd, config, &from);
	options.limits = &cli->site.config.unpack;
	if (template_make(storefd, treefd, &options, &result, &removed, err) < 0)
		return -1;
	tell(cli, &result, removed);
	import_result_clear(&result);
	return 0;
}

int verb_template_make(struct cli *cli, struct target *t, struct error *err)
{
	const char *name = opts_value(&cli->opts, "name");
	struct worker w = {
		.what = t->zone.name, .stage = "copying", .work = make, .arg = &t->zone.config,
		.input_fd = -1,
	};
	AUTO_CLOSE int storefd = template_store(cli, err);
	struct error ignored = { 0 };
	int status;

	if (storefd < 0 || template_name_check(name ? name : t->zone.name, err) < 0)
		return -1;
	if (cli->is_dry_run)
		return out_would(cli, t->zone.name);
	status = worker_run(cli, &w, err);
	/* What a signal ended leaves a stage that nobody holds any more. */
	if (status == 1)
		(void)store_sweep(storefd, &ignored);	/* the next import tries again */
	return status < 0 ? -1 : 0;
}
