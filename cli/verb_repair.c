/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb_zone.h"
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

/* Faults that repair mends, by how they begin. What a person wrote, or removed, it can't know. */
static const char *const mendable[] = { "state: ", "keeper: ", "uids: ", "disk: ", "reinstall: " };

static bool has_mendable(char *const *faults)
{
	for (; *faults; faults++)
		for (size_t i = 0; i < N_ROWS(mendable); i++)
			if (str_starts(*faults, mendable[i]))
				return true;
	return false;
}

/* One that can't be read is named by its whole path, everything else by what repair can do. */
static int hint(struct cli *cli, const char *name, char *const *faults, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct error why = { 0 };

	if (str_starts(faults[0], "zone.json")) {
		int status = zone_open(&zone, &cli->site, name, (enum lock_mode)0, &why);

		zone_close(&zone);
		return status < 0 && why.hint[0] ? error_hint(err, "%s", why.hint) : -1;
	}
	return has_mendable(faults) ? error_hint(err, "try: zonectl repair %s", name) : -1;
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
	return hint(cli, name, faults, err);
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
