/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/fleet_parts.h"

/* Where the number stands in a pattern, "web-###": as many digits at least. */
#define NUMBER '#'

/* A group that is being read. */
struct reading {
	struct fleet *f;
	struct fleet_group *g;
	const struct json *section;		/* all groups */
	const struct json *chain[FLEET_DEPTH_MAX];	/* it and what it extends, it last */
	size_t n;
};

/*
 * Names
 */

struct fleet_zone *fleet_add_zone(struct fleet *f, const char *name, const struct json *at,
				  struct fleet_group *group)
{
	struct fleet_zone *z;

	if (f->n_zones == f->zones_room) {
		f->zones_room = f->zones_room ? 2 * f->zones_room : 64;
		f->zones = xreallocarray(f->zones, f->zones_room, sizeof(*f->zones));
	}
	z = &f->zones[f->n_zones++];
	*z = (struct fleet_zone){ .at = at, .group = group };
	strcpy(z->name, name);
	return z;
}

static void add_name(struct reading *r, const struct json *at, const char *name)
{
	struct error why = { 0 };

	if (zone_name_check(name, &why) < 0) {
		fleet_fault(r->f, at, "'%s': %s", name, why.text);
		return;
	}
	if (r->f->n_zones == FLEET_ZONES_MAX) {
		fleet_fault(r->f, at, "more than %d zones", FLEET_ZONES_MAX);
		return;
	}
	fleet_add_zone(r->f, name, at, r->g);
	r->g->n_zones++;
}

static void add_words(struct reading *r, const struct json *value)
{
	const char *pattern = fleet_text(r->f, value);
	AUTO_STRV char **words = NULL;
	struct error why = { 0 };

	if (!pattern)
		return;
	if (r->f->braces(pattern, &words, &why) < 0)
		fleet_fault(r->f, value, "%s", why.text);
	for (char **word = words; word && *word; word++)
		add_name(r, value, *word);
}

static void add_names(struct reading *r, const struct json *value)
{
	if (value->type != JSON_ARRAY) {
		add_words(r, value);
		return;
	}
	for (const struct json *j = value->first; j; j = j->next)
		add_words(r, j);
}

static void add_numbered(struct reading *r, const struct json *at, const char *pattern,
			 unsigned int number)
{
	const char *first = strchr(pattern, NUMBER);
	int width = (int)strspn(first, (const char[]){ NUMBER, '\0' });
	AUTO_FREE char *name = xasprintf("%.*s%0*u%s", (int)(first - pattern), pattern, width,
					 number, first + width);

	add_name(r, at, name);
}

/* The pattern of a counted group, which the caller owns; NULL with a fault when it has no place for
 * one number. */
static char *pattern_of(struct reading *r, const struct json *value)
{
	const char *text, *first;

	if (!value)
		return xasprintf("%s%c", r->g->at->key, NUMBER);
	text = fleet_text(r->f, value);
	first = text ? strchr(text, NUMBER) : NULL;
	if (text && (!first || strchr(first + strspn(first, (const char[]){ NUMBER, '\0' }),
				      NUMBER))) {
		fleet_fault(r->f, value, "has no place for one number ('%c', '%c%c%c')", NUMBER,
			    NUMBER, NUMBER, NUMBER);
		return NULL;
	}
	return text ? xstrdup(text) : NULL;
}

static void add_counted(struct reading *r, const struct json *count, const struct json *value)
{
	AUTO_FREE char *pattern = pattern_of(r, value);
	struct error why = { 0 };
	uint64_t n = 0;

	if (json_u64(count, r->f->file, 0, FLEET_ZONES_MAX, &n, &why) < 0)
		fleet_fault_known(r->f, count, &why);
	for (unsigned int i = 1; pattern && i <= n; i++)
		add_numbered(r, count, pattern, i);
}

/* is_name: the group's own may be a zone's. */
static void read_names(struct reading *r, bool is_name)
{
	const struct json *names = json_get(r->g->at, "names");
	const struct json *count = json_get(r->g->at, "count");
	const struct json *pattern = json_get(r->g->at, "pattern");

	if (names && (count || pattern))
		fleet_fault(r->f, names, "there is \"%s\" too", count ? "count" : "pattern");
	else if (pattern && !count)
		fleet_fault(r->f, pattern, "there is no \"count\"");
	if (names)
		add_names(r, names);
	else if (count)
		add_counted(r, count, pattern);
	else if (!pattern && is_name)
		add_name(r, r->g->at, r->g->at->key);
}

/*
 * What they are to be
 */

/* A member of the group, or else of the nearest that it extends. */
static const struct json *nearest(const struct reading *r, const char *key)
{
	for (size_t i = r->n; i > 0; i--) {
		const struct json *value = json_get(r->chain[i - 1], key);

		if (value)
			return value;
	}
	return NULL;
}

static void read_template(struct reading *r)
{
	const struct json *value = nearest(r, "template"), *meant;
	const char *text = value ? fleet_text(r->f, value) : NULL;

	if (!value && r->g->n_zones > 0 && r->g->state != FLEET_ABSENT)
		fleet_fault(r->f, r->g->at, "no key \"template\"");
	if (!text)
		return;
	meant = json_get(r->f->templates, text);
	r->g->template_at = value;
	r->g->template = meant && meant->type == JSON_STRING ? meant->text : text;
}

static void read_state(struct reading *r)
{
	static const char *const words[] = {
		[FLEET_RUNNING] = "running", [FLEET_INSTALLED] = "installed",
		[FLEET_ANY] = "any", [FLEET_ABSENT] = "absent",
	};
	const struct json *value = nearest(r, "state");
	const char *text = value ? fleet_text(r->f, value) : NULL;

	for (size_t i = 0; text && i < N_ROWS(words); i++)
		if (strcmp(words[i], text) == 0) {
			r->g->state = (enum fleet_state)i;
			return;
		}
	if (text)
		fleet_fault(r->f, value,
			    "no state '%s' (there are running, installed, any, absent)", text);
}

static void read_pool(struct reading *r)
{
	const struct json *value = nearest(r, "pool");
	const char *text = value ? fleet_text(r->f, value) : NULL;

	for (size_t i = 0; text && i < r->f->n_pools; i++)
		if (strcmp(r->f->pools[i].at->key, text) == 0)
			r->g->pool = &r->f->pools[i];
	if (text && !r->g->pool)
		fleet_fault(r->f, value, "no \"%s\" in \"pools\"", text);
	if (r->g->pool && r->g->config.ip)
		fleet_fault(r->f, value, "there is property \"ip\" too");
}

static void read_config(struct reading *r)
{
	const struct json *plan = nearest(r, "plan"), *keys = nearest(r, "keys");
	struct zone_config *c = &r->g->config;
	struct error why = { 0 };

	if (plan && fleet_text(r->f, plan))
		fleet_apply_plan(r->f, plan, c);
	for (size_t i = 0; i < r->n; i++) {
		const struct json *object = json_get(r->chain[i], "properties");

		if (object && object->type == JSON_OBJECT)
			fleet_apply_properties(r->f, object, c);
	}
	if (keys)
		fleet_apply_keys(r->f, keys, c);
	if (property_check_all(c, &why) < 0)
		fleet_fault(r->f, r->g->at, "%s", why.text);
}

/*
 * Groups
 */

static void check_extends(struct reading *r, const struct json *value)
{
	const char *text = fleet_text(r->f, value);

	if (text && !json_get(r->section, text))
		fleet_fault(r->f, value, "no group \"%s\"", text);
	else if (text)
		fleet_check_chain(r->f, r->section, r->g->at);
}

static void check_properties(struct reading *r, const struct json *value)
{
	fleet_check_properties(r->f, value);
}

/* Those that only name something else are looked up when the whole group is read. */
static const struct {
	const char *key;
	void (*check)(struct reading *r, const struct json *value);
} members[] = {
	{ "extends", check_extends },   { "names", NULL },    { "count", NULL },
	{ "pattern", NULL },            { "template", NULL }, { "plan", NULL },
	{ "pool", NULL },               { "keys", NULL },     { "state", NULL },
	{ "properties", check_properties },
};

static void check_member(struct reading *r, const struct json *value)
{
	for (size_t i = 0; i < N_ROWS(members); i++)
		if (strcmp(members[i].key, value->key) == 0) {
			if (members[i].check)
				members[i].check(r, value);
			return;
		}
	if (property_find(value->key, &(struct error){ 0 }))
		fleet_fault(r->f, value, "a property, which stands in \"properties\"");
	else
		fleet_fault(r->f, value, "no such key");
}

static void read_group(struct reading *r)
{
	struct error why = { 0 };
	bool is_name = zone_name_check(r->g->at->key, &why) == 0;

	zone_config_init(&r->g->config);
	if (!is_name)
		fleet_fault(r->f, r->g->at, "%s", why.text);
	if (!fleet_is_object(r->f, r->g->at))
		return;
	for (const struct json *j = r->g->at->first; j; j = j->next)
		check_member(r, j);
	read_names(r, is_name);
	r->n = fleet_chain(r->section, r->g->at, r->chain);
	if (r->n == 0)
		return;
	read_config(r);
	read_state(r);
	read_template(r);
	read_pool(r);
}

static int compare_zones(const void *a, const void *b)
{
	const struct fleet_zone *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	/* What stands later is what stands there again. */
	if (order == 0)
		order = (x->at->line > y->at->line) - (x->at->line < y->at->line);
	return order ? order : (x->at->column > y->at->column) - (x->at->column < y->at->column);
}

void fleet_sort_zones(struct fleet *f)
{
	if (f->n_zones > 0)
		qsort(f->zones, f->n_zones, sizeof(*f->zones), compare_zones);
}

static void check_twice(struct fleet *f)
{
	for (size_t i = 1; i < f->n_zones; i++) {
		const struct fleet_zone *z = &f->zones[i], *before = z - 1;

		if (strcmp(z->name, before->name) == 0)
			fleet_fault(f, z->at, "zone \"%s\" is in group \"%s\" %s (line %u)",
				    z->name, before->group->at->key,
				    before->group == z->group ? "already" : "too",
				    before->at->line);
	}
}

/* "web": {"count": 500, "template": "debian-12", "plan": "small", "properties": {...}} */
void fleet_read_groups(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	/* At once, as zones point to their groups. */
	f->groups = xcalloc(json_len(value) + 1, sizeof(*f->groups));
	for (const struct json *j = value->first; j; j = j->next) {
		struct reading r = { .f = f, .g = &f->groups[f->n_groups++], .section = value };

		r.g->at = j;
		read_group(&r);
	}
	fleet_sort_zones(f);
	check_twice(f);
}
