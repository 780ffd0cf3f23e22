/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/fold.h"
#include "cli/out.h"
#include "cli/verb_apply.h"
#include "runtime/fleet.h"
#include "runtime/plans.h"
#include "runtime/property.h"
#include "runtime/reinstall.h"

const struct opt export_fleet_options[] = {
	{ "fleet", 0, "NAME", "only the zones that an apply of that fleet made" },
	{ 0 },
};

/* A zone, and what a group of it says: zones that say the same are one group. */
struct entry {
	struct zone_config config;	/* with its name */
	enum zone_state state;
	char *body;			/* what the group says, as one text; owned */
};

struct group {
	const struct entry *first;	/* borrowed */
	size_t n;
};

struct fleet_export {
	struct cli *cli;
	const char *fleet;		/* that is asked for, or NULL; borrowed */
	char *name;			/* of the fleet that zones are of, NULL so far; owned */
	struct entry *entries;		/* owned */
	size_t n;
	struct plan *plans;		/* of the host, that zones are of; owned */
	size_t n_plans;
	char **lost;			/* plans that zones are of and the host has not; owned */
};

static void clear(struct fleet_export *e)
{
	for (size_t i = 0; i < e->n; i++) {
		zone_config_clear(&e->entries[i].config);
		free(e->entries[i].body);
	}
	for (size_t i = 0; i < e->n_plans; i++)
		plan_clear(&e->plans[i]);
	free(e->entries);
	free(e->plans);
	free(e->name);
	strv_clear(&e->lost);
}

/* NULL for one that this host has not, or that can't be read: then the file has to define it. */
static const struct plan *plan_of(struct fleet_export *e, const char *name)
{
	struct error ignored = { 0 };

	for (size_t i = 0; i < e->n_plans; i++)
		if (strcmp(e->plans[i].name, name) == 0)
			return &e->plans[i];
	if (strv_has(e->lost, name))
		return NULL;
	e->plans = xreallocarray(e->plans, e->n_plans + 1, sizeof(*e->plans));
	if (plan_read(&e->plans[e->n_plans], &e->cli->site, name, &ignored) == 0)
		return &e->plans[e->n_plans++];
	strv_add(&e->lost, name);
	return NULL;
}

/* As people write it, where JSON has no unit. */
static void add_value(struct json_out *o, const struct property *p, const struct zone_config *c)
{
	bool has_unit = p->type == PROPERTY_SIZE || p->type == PROPERTY_RATE ||
			p->type == PROPERTY_DURATION;
	AUTO_FREE char *text = has_unit ? property_text(p, c) : NULL;

	if (property_is_default(p, c))
		json_out_null(o, p->name);
	else if (text)
		json_out_str(o, p->name, text);
	else
		property_json(p, c, o);
}

/* What differs from the plan; a default that the plan has another value for is null. */
static void add_properties(struct json_out *o, const struct plan *plan,
			   const struct zone_config *c)
{
	struct error ignored = { 0 };
	struct zone_config base;
	bool has_any = false;

	zone_config_init(&base);
	if (plan)
		(void)plan_apply(plan, &base, &ignored);	/* what fails is written out */
	for (const struct property *p = property_table(); p->name; p++) {
		if (property_is_same(p, &base, c))
			continue;
		if (!has_any)
			json_out_object(o, "properties");
		has_any = true;
		add_value(o, p, c);
	}
	if (has_any)
		json_out_end_object(o);
	zone_config_clear(&base);
}

/* Members of the group but for its names. */
static void add_body(struct json_out *o, struct fleet_export *e, const struct entry *entry)
{
	const struct zone_config *c = &entry->config;
	const struct plan *plan = c->plan ? plan_of(e, c->plan) : NULL;
	bool is_up = ZONE_BIT(entry->state) & ZONE_UP;

	if (c->template_name)
		json_out_str(o, "template", c->template_name);
	if (c->plan)
		json_out_str(o, "plan", c->plan);
	json_out_str(o, "state", is_up ? "running" : "installed");
	add_properties(o, plan, c);
}

static char *body_of(struct fleet_export *e, const struct entry *entry)
{
	struct json_out o = { .compact = true };
	char *body;

	json_out_object(&o, NULL);
	add_body(&o, e, entry);
	json_out_end_object(&o);
	body = xstrdup(str_text(&o.text));
	json_out_clear(&o);
	return body;
}

/* Zones of one fleet, and with no fleet asked for those of none. */
static int check_fleet(struct fleet_export *e, const struct zone_config *c, struct error *err)
{
	if (!c->fleet)
		return 0;
	if (!e->name)
		e->name = xstrdup(c->fleet);
	if (strcmp(e->name, c->fleet) == 0)
		return 0;
	error_set(err, ERR_USAGE, "there are zones of fleet \"%s\" and of fleet \"%s\"", e->name,
		  c->fleet);
	return error_hint(err, "say which with --fleet NAME");
}

static bool is_wanted(const struct fleet_export *e, const struct zone_config *c)
{
	if (c->is_ephemeral)
		return false;
	return !e->fleet || (c->fleet && strcmp(c->fleet, e->fleet) == 0);
}

static int add_opened(struct fleet_export *e, struct zone *z, struct error *err)
{
	struct entry *entry = &e->entries[e->n];
	struct error kept = { 0 };
	struct zone_status status;

	/* The root that a reinstall keeps is what the zone was, not what it is. */
	if (!is_wanted(e, &z->config) || reinstall_check_boot(z, &kept) < 0)
		return 0;
	if (check_fleet(e, &z->config, err) < 0 ||
	    zone_glance(&status, &e->cli->site, z->name, err) < 0)
		return -1;
	entry->state = status.state;
	zone_status_clear(&status);
	entry->config = z->config;
	zone_config_init(&z->config);
	entry->body = body_of(e, entry);
	e->n++;
	return 0;
}

static int add_zone(struct fleet_export *e, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct error why = { 0 };
	int status;

	if (zone_open(&zone, &e->cli->site, name, (enum lock_mode)0, &why) == 0) {
		status = add_opened(e, &zone, err);
		zone_close(&zone);
		return status;
	}
	/* What is half made or removed is no zone. */
	if (why.kind == ERR_STATE || why.kind == ERR_BUSY || why.kind == ERR_NOT_FOUND)
		return 0;
	*err = why;
	return error_wrap(err, "zone '%s'", name);
}

static int add_zones(struct fleet_export *e, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (zone_names(&e->cli->site, &names, err) < 0)
		return -1;
	e->entries = xcalloc(strv_len(names) + 1, sizeof(*e->entries));
	for (char **name = names; name && *name; name++)
		if (add_zone(e, *name, err) < 0)
			return -1;
	return 0;
}

/*
 * Groups
 */

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->body, y->body);

	return order ? order : strcmp(x->config.name, y->config.name);
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->first->config.name, y->first->config.name);
}

/* Returns an array of *n that the caller frees. */
static struct group *find_groups(struct fleet_export *e, size_t *n)
{
	struct group *groups = xcalloc(e->n + 1, sizeof(*groups));

	if (e->n > 0)
		qsort(e->entries, e->n, sizeof(*e->entries), compare_entries);
	*n = 0;
	for (size_t i = 0; i < e->n; i++) {
		if (i == 0 || strcmp(e->entries[i - 1].body, e->entries[i].body) != 0)
			groups[(*n)++].first = &e->entries[i];
		groups[*n - 1].n++;
	}
	if (*n > 0)
		qsort(groups, *n, sizeof(*groups), compare_groups);
	return groups;
}

/* What the names have in common at their beginning, without a number that was cut. */
static char *common_name(const struct group *g)
{
	const char *first = g->first->config.name;
	size_t len = strlen(first);

	for (size_t i = 1; i < g->n; i++)
		while (strncmp(first, g->first[i].config.name, len) != 0)
			len--;
	while (g->n > 1 && len > 0 && strchr("0123456789._-", first[len - 1]))
		len--;
	return xstrndup(first, len);
}

/* True, and noted, if no group has that name yet. taken holds them between blanks. */
static bool take_name(struct str *taken, const char *name)
{
	AUTO_FREE char *word = xasprintf(" %s ", name);

	if (!*name || strstr(str_text(taken), word))
		return false;
	str_add(taken, word);
	return true;
}

/* The caller owns it. */
static char *name_group(struct str *taken, const struct group *g)
{
	AUTO_FREE char *common = common_name(g);

	if (take_name(taken, common))
		return TAKE_PTR(common);
	for (size_t i = 1;; i++) {
		AUTO_FREE char *name = xasprintf("group-%zu", i);

		if (take_name(taken, name))
			return TAKE_PTR(name);
	}
}

static void print_names(struct json_out *o, const struct group *g)
{
	AUTO_FREE char **names = xcalloc(g->n, sizeof(*names));
	AUTO_STRV char **words = NULL;

	for (size_t i = 0; i < g->n; i++)
		names[i] = (char *)g->first[i].config.name;	/* only read */
	words = fold_names(names, g->n);
	if (strv_len(words) == 1)
		json_out_str(o, "names", words[0]);
	else
		json_out_strv(o, "names", words);
}

static void print_groups(struct fleet_export *e)
{
	struct json_out *o = &e->cli->json;
	AUTO_STR struct str taken = { 0 };
	size_t n;
	AUTO_FREE struct group *groups = find_groups(e, &n);

	json_out_object(o, "groups");
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *name = name_group(&taken, &groups[i]);

		json_out_object(o, name);
		if (groups[i].n > 1 || strcmp(name, groups[i].first->config.name) != 0)
			print_names(o, &groups[i]);
		add_body(o, e, groups[i].first);
		json_out_end_object(o);
	}
	json_out_end_object(o);
}

static void print(struct fleet_export *e)
{
	struct json_out *o = &e->cli->json;

	json_out_object(o, NULL);
	json_out_u64(o, "fleet", FLEET_VERSION);
	if (e->name)
		json_out_str(o, "name", e->name);
	if (e->lost) {
		json_out_object(o, "plans");
		for (char **plan = e->lost; *plan; plan++) {
			json_out_object(o, *plan);
			json_out_end_object(o);
		}
		json_out_end_object(o);
	}
	print_groups(e);
	json_out_end_object(o);
}

int verb_export_fleet(struct cli *cli, struct error *err)
{
	struct fleet_export e = { .cli = cli, .fleet = opts_value(&cli->opts, "fleet") };
	int status;

	if (e.fleet && zone_name_check(e.fleet, err) < 0)
		return error_wrap(err, "option '--fleet'");
	if (cli_site(cli, err) < 0)
		return -1;
	status = add_zones(&e, err);
	if (status == 0)
		print(&e);
	clear(&e);
	return status;
}
