/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/verb_template.h"
#include "runtime/pool_templates.h"
#include "runtime/tenants.h"

enum { NAMES_SHOWN = 5, KEEP_MAX = 1000000 };

const struct opt template_prune_options[] = {
	{ "keep", 0, "N", "also leave the N newest versions of each" },
	{ 0 },
};

/* "zone 'web1' uses it", "zones 'web1', 'web2' and 3 more use it". */
static int used_error(char *const *zones, struct error *err)
{
	size_t n = strv_len(zones);
	AUTO_STR struct str names = { 0 };

	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		str_addf(&names, "%s'%s'", i ? ", " : "", zones[i]);
	if (n > NAMES_SHOWN)
		str_addf(&names, " and %zu more", n - NAMES_SHOWN);
	return error_set(err, ERR_STATE, "zone%s %s use%s it", n == 1 ? "" : "s", str_text(&names),
			 n == 1 ? "s" : "");
}

static int is_used(void *arg, const char *digest, struct error *err)
{
	struct cli *cli = arg;
	AUTO_TENANTS struct tenants tenants = { 0 };
	AUTO_STRV char **zones = NULL;

	if (tenants_read(&cli->site, &tenants, err) < 0)
		return -1;
	zones = tenants_of(&tenants, digest);
	return zones ? used_error(zones, err) : 0;
}

/* What the storage pool has of templates that are gone; the next removal tries again. */
static void sweep_pool(struct cli *cli)
{
	struct error failure = { 0 };

	if (!cli->is_dry_run && pool_templates_sweep(&cli->site, &failure) < 0)
		out_warn(cli, "the storage pool keeps its copy: %s", failure.text);
}

static int remove_one(struct cli *cli, int storefd, const char *name, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };

	if (!cli->is_dry_run)
		return store_remove(storefd, name, is_used, cli, NULL, err);
	return store_find(storefd, name, &t, err) < 0 ? -1 : out_would(cli, name);
}

int verb_template_remove(struct cli *cli, struct error *err)
{
	AUTO_FREE char *names = strv_join(cli->opts.operands, ", ");
	AUTO_STR struct str question = { 0 };

	str_add(&question, "remove ");
	str_add_shown(&question, names, strlen(names));
	str_add(&question, "?");
	if (confirm(cli, str_text(&question), "removed", err) < 0)
		return -1;
	if (template_each(cli, cli->opts.operands, remove_one, err) < 0)
		return -1;
	sweep_pool(cli);
	return 0;
}

struct prune {
	struct cli *cli;		/* borrowed */
	int storefd;			/* borrowed */
	uint64_t freed;
	size_t removed;
};

static int print_pruned(struct cli *cli, const struct template *t, uint64_t freed,
			struct error *err)
{
	char size[NUM_TEXT_MAX];

	if (cli->is_json) {
		json_out_object(&cli->json, NULL);
		json_out_str(&cli->json, "name", t->name);
		if (t->version)
			json_out_u64(&cli->json, "version", t->version);
		else
			json_out_null(&cli->json, "version");
		json_out_str(&cli->json, "digest", t->digest);
		json_out_u64(&cli->json, "freed_bytes", freed);
		json_out_end_object(&cli->json);
		return out_flush(cli, err);
	}
	out_print(cli, "%s%s", cli->is_dry_run ? "would remove " : "", t->name);
	if (t->version)
		out_print(cli, ":%" PRIu64, t->version);
	out_print(cli, " %.12s %s\n", t->digest, num_size_human(freed, size));
	return out_flush(cli, err);
}

static int prune_one(struct prune *p, const struct template *t, struct error *err)
{
	AUTO_STR struct str name = { 0 };
	struct error why = { 0 };
	uint64_t freed = t->size;

	if (t->version)
		str_addf(&name, "%s:%" PRIu64, t->name, t->version);
	else
		str_add(&name, t->digest);
	if (!p->cli->is_dry_run &&
	    store_remove(p->storefd, str_text(&name), is_used, p->cli, &freed, &why) < 0) {
		/* A zone was made from it meanwhile, or another command works on it. */
		if (why.kind == ERR_STATE || why.kind == ERR_BUSY || why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return error_wrap(err, "%s", str_text(&name));
	}
	p->freed += freed;
	p->removed++;
	return print_pruned(p->cli, t, freed, err);
}

static bool is_wanted(const struct cli *cli, const char *name)
{
	char *const *pattern = cli->opts.operands;

	if (!pattern)
		return true;
	for (; *pattern; pattern++)
		if (names_match(*pattern, name))
			return true;
	return false;
}

/* Its place among the versions of its name, 0 for the newest. */
static uint64_t rank_of(const struct template *list, size_t i)
{
	uint64_t rank = 0;

	while (i > 0 && strcmp(list[i].name, list[i - 1].name) == 0) {
		rank++;
		i--;
	}
	return rank;
}

static int prune_all(struct prune *p, const struct template *list, size_t n, uint64_t keep,
		     struct error *err)
{
	AUTO_TENANTS struct tenants tenants = { 0 };

	if (tenants_read(&p->cli->site, &tenants, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO_STRV char **zones = tenants_of(&tenants, list[i].digest);

		if (zones || list[i].is_current || !is_wanted(p->cli, list[i].name) ||
		    (list[i].version && rank_of(list, i) < keep))
			continue;
		if (prune_one(p, &list[i], err) < 0)
			return -1;
	}
	return 0;
}

static void note_sum(const struct prune *p)
{
	char size[NUM_TEXT_MAX];

	if (p->removed > 0 && !p->cli->is_json)
		out_note(p->cli, "%zu version%s, %s %s", p->removed, p->removed == 1 ? "" : "s",
			 num_size_human(p->freed, size),
			 p->cli->is_dry_run ? "would be freed" : "freed");
}

int verb_template_prune(struct cli *cli, struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);
	const char *text = opts_value(&cli->opts, "keep");
	struct prune p = { .cli = cli, .storefd = storefd };
	struct template *list = NULL;
	uint64_t keep = 0;
	size_t n = 0;
	int status;

	if (storefd < 0)
		return -1;
	if (text && num_u64(text, 0, KEEP_MAX, &keep, err) < 0)
		return error_wrap(err, "option '--keep'");
	if ((!cli->is_dry_run && store_sweep(storefd, err) < 0) ||
	    store_list(storefd, &list, &n, err) < 0)
		return -1;
	cli->json.compact = true;
	status = prune_all(&p, list, n, keep, err);
	if (p.removed > 0)
		sweep_pool(cli);
	for (size_t i = 0; i < n; i++)
		template_clear(&list[i]);
	free(list);
	if (status == 0)
		note_sum(&p);
	return status;
}
