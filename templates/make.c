/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/make.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "templates/clone.h"
#include "templates/import_run.h"
#include "templates/walk.h"
#include "templates/wash.h"

struct count {
	const struct unpack_limits *limits;	/* borrowed */
	uint64_t bytes;
};

/* A file of holes costs its maker nothing, but whoever reads it its whole length. */
static int count_entry(void *arg, const struct walk_entry *e, struct error *err)
{
	struct count *c = arg;
	uint64_t size = S_ISREG(e->st.st_mode) ? (uint64_t)e->st.st_size : 0;

	if (e->number > c->limits->entries)
		return error_set(err, ERR_USAGE, "more than %" PRIu64 " files",
				 c->limits->entries);
	if (size > c->limits->bytes - c->bytes)
		return error_set(err, ERR_USAGE, "the files are more than %" PRIu64 " bytes",
				 c->limits->bytes);
	c->bytes += size;
	return 0;
}

static int check_limits(int treefd, const struct unpack_limits *limits, struct error *err)
{
	struct count c = { .limits = limits };

	if (!limits || walk_tree(treefd, count_entry, NULL, &c, err) == 0)
		return 0;
	if (err->kind == ERR_USAGE)
		error_hint(err, "see unpack-limits in zonectl.json");
	return -1;
}

int template_make(int storefd, int treefd, const struct make_options *o,
		  struct import_result *out, char ***out_removed, struct error *err)
{
	AUTO_STAGE struct store_stage stage = STORE_STAGE_EMPTY;
	AUTO_STRV char **removed = NULL;
	struct template known = { 0 };

	if (template_name_check(o->name, err) < 0 || check_limits(treefd, o->limits, err) < 0 ||
	    store_stage_open(&stage, storefd, err) < 0)
		return -1;
	if (clone_copy(treefd, stage.rootfd, err) < 0)
		return -1;
	if (o->is_washed && wash_tree(stage.rootfd, o->keep, &removed, err) < 0)
		return -1;
	if (o->from)
		known = *o->from;	/* borrowed: the commit copies what it keeps */
	known.name = (char *)o->name;
	known.source = (char *)o->source;
	known.format = NULL;
	known.archive_digest = NULL;
	if (import_commit(&stage, &known, NULL, out, err) < 0)
		return -1;
	if (out_removed) {
		*out_removed = removed;
		removed = NULL;
	}
	return 0;
}
