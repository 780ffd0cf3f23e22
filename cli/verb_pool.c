/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_pool.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/confirm.h"
#include "cli/out.h"
#include "disks/btrfs.h"
#include "disks/pool_make.h"

const struct opt pool_create_options[] = {
	{ "size", 0, "SIZE", "how large, as 50G; a file takes only what is in use" },
	{ "on", 0, "FILE|DEVICE", "a file to be made, or a whole device (pool.img of the store)" },
	{ "force", 0, NULL, "overwrite what a device holds" },
	{ 0 },
};

const struct opt pool_remove_options[] = {
	{ "force", 0, NULL, "forget a pool whose file or device is gone" },
	{ 0 },
};

/* A path from the root on: it is looked up again after the next boot. */
static char *absolute_path(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	AUTO_FREE char *dir = !slash	    ? xstrdup(".") :
			      slash == path ? xstrdup("/") :
					      xstrndup(path, (size_t)(slash - path));
	char resolved[PATH_MAX];

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		error_set(err, ERR_USAGE, "'%s' names no file", path);
		return NULL;
	}
	if (!realpath(dir, resolved)) { /* host path */
		error_sys(err, "look up '%s'", dir);
		return NULL;
	}
	return xasprintf("%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, name);
}

/* A file grows as it is filled, which the disk that it is on may not bear. */
static void warn_space(const struct cli *cli, const struct pool_want *want)
{
	uint64_t space = pool_space_for(cli->site.varfd, want->on);
	char asked[NUM_TEXT_MAX], left[NUM_TEXT_MAX];

	if (want->size > space && (!want->on || !str_starts(want->on, "/dev/")))
		out_warn(cli, "%s are promised, its disk has %s left",
			 num_size_text(want->size, asked), num_size_human(space, left));
}

int verb_pool_create(struct cli *cli, struct error *err)
{
	const char *size = opts_value(&cli->opts, "size"), *on = opts_value(&cli->opts, "on");
	AUTO_FREE char *path = on ? absolute_path(on, err) : NULL;
	struct pool_want want = { .on = path, .is_forced = opts_has(&cli->opts, "force") };

	if (on && !path)
		return error_wrap(err, "option '--on'");
	if (size && num_size(size, &want.size, err) < 0)
		return error_wrap(err, "option '--size'");
	if (size && want.size < POOL_SIZE_MIN)
		return error_set(err, ERR_USAGE, "option '--size': %s is below 128M", size);
	if (cli_site(cli, err) < 0)
		return -1;
	if (cli->is_dry_run)
		return out_would(cli, path ? path : POOL_FILE);
	if (pool_make(cli->site.varfd, &want, err) < 0)
		return -1;
	warn_space(cli, &want);
	return 0;
}

int verb_pool_remove(struct cli *cli, struct error *err)
{
	if (confirm(cli, "remove the storage pool?", "removed", err) < 0 || cli_site(cli, err) < 0)
		return -1;
	if (cli->is_dry_run)
		return out_would(cli, POOL_DIR);
	return pool_remove(cli->site.varfd, opts_has(&cli->opts, "force"), err);
}

int verb_pool_sweep(struct cli *cli, struct error *err)
{
	uint64_t n = 0;

	if (cli_site(cli, err) < 0 || btrfs_sweep(cli->site.varfd, true, &n, err) < 0)
		return -1;
	if (n == 0)
		return 0;
	if (cli->is_dry_run)
		return out_would(cli, POOL_ZONES);
	if (confirm(cli, "remove what is of no zone?", "removed", err) < 0 ||
	    btrfs_sweep(cli->site.varfd, false, &n, err) < 0)
		return -1;
	out_note(cli, "removed what %" PRIu64 " zone%s left in the pool", n, n == 1 ? "" : "s");
	return 0;
}

/* In the order of the text. */
static const struct figure {
	const char *key, *heading;	/* in JSON, in the text */
	size_t offset;
	bool is_size;
} figures[] = {
	{ "size_bytes", "size",      offsetof(struct pool_info, size),      true },
	{ "used_bytes", "used",      offsetof(struct pool_info, used),      true },
	{ "free_bytes", "free",      offsetof(struct pool_info, free),      true },
	{ "zones",      "zones",     offsetof(struct pool_info, zones),     false },
	{ "unowned",    "of no zone", offsetof(struct pool_info, unowned),  false },
	{ "templates",  "templates", offsetof(struct pool_info, templates), false },
};

static uint64_t figure_of(const struct pool_info *info, const struct figure *f)
{
	return *(const uint64_t *)((const char *)info + f->offset);
}

static void print_json(struct cli *cli, const char *path, const struct pool_info *info)
{
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	json_out_str(o, "path", path);
	json_out_str(o, "on", info->record.on);
	json_out_str(o, "kind", info->record.on ? info->record.is_file ? "file" : "device" : NULL);
	json_out_str(o, "uuid", info->record.on ? info->record.uuid : NULL);
	for (size_t i = 0; i < N_ROWS(figures); i++)
		json_out_u64(o, figures[i].key, figure_of(info, &figures[i]));
	json_out_str(o, "quota", btrfs_quota_name(info->quota));
	json_out_end_object(o);
}

static void print_text(struct cli *cli, const char *path, const struct pool_info *info)
{
	char text[NUM_TEXT_MAX];

	out_print(cli, "%-12s ", "path");
	out_safe(cli, path);
	out_print(cli, "\n%-12s ", "on");
	out_safe(cli, info->record.on ? info->record.on : "the store's own btrfs");
	out_print(cli, "\n");
	for (size_t i = 0; i < N_ROWS(figures); i++) {
		uint64_t value = figure_of(info, &figures[i]);

		if (figures[i].is_size)
			out_print(cli, "%-12s %s\n", figures[i].heading,
				  num_size_human(value, text));
		else
			out_print(cli, "%-12s %" PRIu64 "\n", figures[i].heading, value);
	}
	out_print(cli, "%-12s %s\n", "quotas", btrfs_quota_name(info->quota));
}

int verb_pool_info(struct cli *cli, struct error *err)
{
	AUTO_FREE char *path = NULL;
	struct pool_info info;

	if (cli_site(cli, err) < 0 || pool_info_read(cli->site.varfd, &info, err) < 0)
		return -1;
	path = xasprintf("%s/var/lib/zonectl/" POOL_DIR,
			 strcmp(cli->site.path, "/") == 0 ? "" : cli->site.path);
	if (cli->is_json)
		print_json(cli, path, &info);
	else
		print_text(cli, path, &info);
	pool_info_clear(&info);
	return 0;
}
