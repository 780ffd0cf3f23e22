/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "runtime/check.h"
#include "runtime/destroy.h"
#include "runtime/rename.h"
#include "runtime/repair.h"

/* The lines about one zone: as they are, or {"name": NAME, KEY: [...]}. */
static void print_lines(struct cli *cli, const char *name, const char *key, char *const *lines)
{
	if (cli->is_json) {
		json_out_object(&cli->json, NULL);
		json_out_str(&cli->json, "name", name);
		json_out_strv(&cli->json, key, lines);
		json_out_end_object(&cli->json);
		return;
	}
	for (; lines && *lines; lines++) {
		out_print(cli, "%s: ", name);
		out_safe(cli, *lines);
		out_print(cli, "\n");
	}
}

int verb_verify(struct cli *cli, const char *name, struct error *err)
{
	AUTO_STRV char **faults = NULL;
	size_t n;

	if (zone_check(&cli->site, name, &faults, err) < 0)
		return -1;
	print_lines(cli, name, "faults", faults);
	n = strv_len(faults);
	if (n == 0)
		return 0;
	error_set(err, ERR_FAILED, "%zu fault%s found", n, n == 1 ? "" : "s");
	/* What a person wrote no repair can know. */
	if (str_starts(faults[0], "zone.json"))
		return error_hint(err, "mend zone.json, or destroy the zone");
	return error_hint(err, "try: zonectl repair %s", name);
}

static int repair(struct cli *cli, const char *name, char ***done, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	bool has_followed = false;
	int status;

	if (zone_is_incomplete(&cli->site, name)) {
		if (zone_destroy_incomplete(&cli->site, name, err) < 0)
			return -1;
		strv_add(done, "removed what an unfinished create or destroy had left");
		return 0;
	}
	if (zone_rename_finish(&cli->site, name, &has_followed, err) < 0)
		return -1;
	if (has_followed)
		strv_add(done, "finished a rename");
	if (zone_open(&zone, &cli->site, name, LOCK_ALONE, err) < 0)
		return -1;
	status = zone_repair(&zone, done, err);
	zone_close(&zone);
	return status;
}

int verb_repair(struct cli *cli, const char *name, struct error *err)
{
	AUTO_STRV char **done = NULL;
	int status;

	if (cli->is_dry_run)
		return out_would(cli, name);
	status = repair(cli, name, &done, err);
	print_lines(cli, name, "mended", done);
	return status;
}
