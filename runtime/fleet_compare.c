/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/fleet_parts.h"
#include "runtime/live.h"
#include "runtime/state.h"
#include "runtime/zone.h"
#include "templates/store.h"

#define NONE "none"

/*
 * Templates
 */

/* What stands before the version in "debian-12:3" and "debian-12@1f2e..." */
static size_t name_len(const char *template)
{
	return strcspn(template, ":@");
}

static bool has_version(const char *template)
{
	return template[name_len(template)] || strlen(template) == SHA256_HEX_SIZE - 1;
}

static bool is_imported(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->n_imports; i++)
		if (strcmp(f->imports[i].name, name) == 0)
			return true;
	return false;
}

/* Of a template that the host has not: the file that it is to be made of. False: none is named. */
static bool note_import(struct fleet *f, const char *name)
{
	const struct json *from = json_get(f->templates, name);
	const struct json *file = json_get(from, "file"), *digest = json_get(from, "digest");
	AUTO_FREE char *path = NULL;

	if (!file)
		return false;
	if (is_imported(f, name))
		return true;
	path = fleet_path(f, file->text);
	if (access(path, R_OK) < 0) { /* host path */
		fleet_fault(f, file, "can't be read: %s", strerror(errno));
		return true;
	}
	f->imports = xreallocarray(f->imports, f->n_imports + 1, sizeof(*f->imports));
	f->imports[f->n_imports++] = (struct fleet_import){
		.name = name, .digest = digest ? digest->text : NULL, .path = TAKE_PTR(path),
	};
	return true;
}

/* Groups that name the same one stand together as a rule, so the last answer is kept. */
static int find_template(struct fleet *f, int storefd, struct fleet_group *g, bool is_needed)
{
	AUTO_TEMPLATE struct template found = { 0 };
	struct error why = { 0 };

	if (store_find(storefd, g->template, &found, &why) < 0) {
		if (is_needed && (why.kind != ERR_NOT_FOUND || !note_import(f, g->template)))
			fleet_fault(f, g->template_at, "%s", why.text);
		return -1;
	}
	if (has_version(g->template))
		strcpy(g->digest, found.digest);
	return 0;
}

static int find_templates(struct fleet *f, bool is_needed, struct error *err)
{
	AUTO_CLOSE int storefd = site_templates(f->site, err);
	const struct fleet_group *last = NULL;

	if (storefd < 0)
		return -1;
	for (size_t i = 0; i < f->n_groups; i++) {
		struct fleet_group *g = &f->groups[i];

		if (!g->template || (is_needed ? g->n_new == 0 : !has_version(g->template)))
			continue;
		if (last && strcmp(last->template, g->template) == 0) {
			memcpy(g->digest, last->digest, sizeof(g->digest));
			continue;
		}
		if (find_template(f, storefd, g, is_needed) == 0)
			last = g;
	}
	return 0;
}

/*
 * What differs
 */

static struct fleet_change *add_change(struct fleet_zone *z, const char *what, enum fleet_when when)
{
	struct fleet_change *c;

	z->changes = xreallocarray(z->changes, z->n_changes + 1, sizeof(*z->changes));
	c = &z->changes[z->n_changes++];
	*c = (struct fleet_change){ .what = what, .when = when };
	if (when != FLEET_NEVER)
		z->todo |= FLEET_SET;
	return c;
}

/* As info shows it. */
static char *shown(const struct property *p, const struct zone_config *c)
{
	AUTO_FREE char *text = property_text(p, c);

	if (property_is_default(p, c))
		return xstrdup(*p->fallback ? p->fallback : NONE);
	return xstrdup(p->is_secret ? "set" : text);
}

static void compare_property(struct fleet_zone *z, const struct property *p,
			     const struct zone_config *has, const struct zone_config *want)
{
	enum fleet_when when = FLEET_AT_ONCE;
	struct fleet_change *c;

	if (property_is_same(p, has, want))
		return;
	if (p->change == PROPERTY_AT_CREATE) {
		/* What the file leaves open is as create found best. */
		if (property_is_default(p, want))
			return;
		when = FLEET_NEVER;
	} else if (p->change == PROPERTY_NEXT_BOOT && z->is_up) {
		when = FLEET_NEXT_BOOT;
	}
	c = add_change(z, p->name, when);
	c->from = shown(p, has);
	c->to = shown(p, want);
}

static void compare_plan(struct fleet_zone *z, const char *has, const char *want)
{
	struct fleet_change *c;

	if (has && want ? strcmp(has, want) == 0 : has == want)
		return;
	c = add_change(z, "plan", FLEET_AT_ONCE);
	c->from = xstrdup(has ? has : NONE);
	c->to = xstrdup(want ? want : NONE);
}

static void compare_template(struct fleet_zone *z, const struct zone_config *has)
{
	const struct fleet_group *g = z->group;
	const char *name = has->template_name ? has->template_name : "";
	struct fleet_change *c;
	bool is_same;

	if (*g->digest)
		is_same = strcmp(g->digest, has->template_digest) == 0;
	else
		is_same = strlen(name) == name_len(g->template) &&
			  strncmp(name, g->template, strlen(name)) == 0;
	if (is_same)
		return;
	c = add_change(z, "template", FLEET_NEVER);
	c->from = xstrdup(*name ? name : NONE);
	c->to = xstrdup(g->template);
}

static void choose_state(struct fleet_zone *z, enum zone_state state)
{
	bool is_up = ZONE_BIT(state) & ZONE_UP;

	if (z->group->state == FLEET_ABSENT)
		z->todo |= FLEET_DESTROY;
	else if (z->group->state == FLEET_INSTALLED && (is_up || state == ZONE_DOWN))
		z->todo |= FLEET_STOP;
	else if (z->group->state == FLEET_RUNNING && state == ZONE_INSTALLED)
		z->todo |= FLEET_BOOT;
	else if (z->group->state == FLEET_RUNNING &&
		 (state == ZONE_SHUTTING_DOWN || state == ZONE_DOWN))
		z->todo |= FLEET_STOP | FLEET_BOOT;
}

static void compare_all(struct fleet *f, struct fleet_zone *z, const struct zone_config *has,
			enum zone_state state)
{
	struct fleet_group *g = z->group;

	if (has->fleet && strcmp(has->fleet, f->name) != 0) {
		fleet_fault(f, z->at, "zone \"%s\" is of fleet \"%s\"", z->name, has->fleet);
		return;
	}
	if (has->is_ephemeral) {
		fleet_fault(f, z->at, "zone \"%s\" is one that run made and removes", z->name);
		return;
	}
	choose_state(z, state);
	if (z->todo & FLEET_DESTROY)
		return;
	z->is_up = ZONE_BIT(state) & ZONE_UP && !(z->todo & FLEET_STOP);
	for (const struct property *p = property_table(); p->name; p++)
		if (!g->pool || strcmp(p->name, "ip") != 0)
			compare_property(z, p, has, &g->config);
	compare_plan(z, has->plan, g->config.plan);
	if (g->template)
		compare_template(z, has);
	if (g->pool)
		fleet_keep_ip(z, has);
}

/*
 * What is there
 */

static void is_to_be_made(struct fleet_zone *z, bool is_incomplete)
{
	if (z->group->state == FLEET_ABSENT) {
		z->todo = is_incomplete ? FLEET_DESTROY : 0;
		return;
	}
	z->todo = FLEET_CREATE | (z->group->state == FLEET_RUNNING ? FLEET_BOOT : 0);
	z->group->n_new++;
}

static int look(struct fleet *f, struct fleet_zone *z, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct error why = { 0 };
	struct zone_status status;

	if (zone_open(&zone, f->site, z->name, (enum lock_mode)0, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND || why.kind == ERR_STATE)
			is_to_be_made(z, why.kind == ERR_STATE);
		else
			fleet_fault(f, z->at, "zone \"%s\": %s", z->name, why.text);
		return 0;
	}
	if (zone_glance(&status, f->site, z->name, err) < 0) {
		zone_close(&zone);
		return error_wrap(err, "zone '%s'", z->name);
	}
	compare_all(f, z, &zone.config, status.state);
	zone_status_clear(&status);
	zone_close(&zone);
	return 0;
}

/* With the addresses that are known by now. */
static int compare_ip(struct fleet *f, struct error *err)
{
	const struct property *ip = property_find("ip", err);

	for (size_t i = 0; ip && i < f->n_zones; i++) {
		struct fleet_zone *z = &f->zones[i];
		struct zone zone = { .dirfd = -1 };
		struct zone_config want = { .ip = z->ip };
		struct error gone = { 0 };

		if (!z->group || !z->group->pool || z->todo & (FLEET_CREATE | FLEET_DESTROY))
			continue;
		if (zone_open(&zone, f->site, z->name, (enum lock_mode)0, &gone) == 0)
			compare_property(z, ip, &zone.config, &want);
		zone_close(&zone);
	}
	return ip ? 0 : -1;
}

/*
 * What is to go
 */

/* The fleet that made a zone, whole or half removed, or NULL; the caller owns it. */
static char *fleet_of(struct site *site, const char *name)
{
	AUTO_FREE char *old = xasprintf("%s%s", ZONE_OLD_PREFIX, name);
	struct error ignored = { 0 };
	AUTO_CLOSE int dirfd = zone_dir_lock(site, name, (enum lock_mode)0, 0, &ignored);
	struct zone_config c;
	char *fleet;

	if (dirfd < 0)
		dirfd = zone_dir_lock(site, old, (enum lock_mode)0, 0, &ignored);
	if (dirfd < 0 || zone_config_read(&c, dirfd, &ignored) < 0)
		return NULL;
	fleet = TAKE_PTR(c.fleet);
	zone_config_clear(&c);
	return fleet;
}

static int prune(struct fleet *f, struct error *err)
{
	AUTO_STRV char **names = NULL;
	size_t before = f->n_zones;

	if (zone_names(f->site, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		AUTO_FREE char *fleet = NULL;

		if (fleet_find(f, *name))
			**name = '\0';
		else
			fleet = fleet_of(f->site, *name);
		if (!fleet || strcmp(fleet, f->name) != 0)
			**name = '\0';
	}
	for (char **name = names; name && *name; name++)
		if (**name)
			fleet_add_zone(f, *name, NULL, NULL)->todo = FLEET_DESTROY;
	if (f->n_zones > before)
		fleet_sort_zones(f);
	return 0;
}

/*
 * The whole
 */

static void count_changed(struct fleet *f)
{
	for (size_t i = 0; i < f->n_zones; i++) {
		struct fleet_zone *z = &f->zones[i];

		if (z->group && z->todo & FLEET_SET)
			z->group->n_changed++;
	}
}

/* Limits that this host can't hold, of what is to be made or changed. */
static void check_limits(struct fleet *f)
{
	for (size_t i = 0; i < f->n_groups; i++) {
		struct fleet_group *g = &f->groups[i];
		struct error why = { 0 };

		if (g->n_new + g->n_changed > 0 && zone_check_limits(f->site, &g->config, &why) < 0)
			fleet_fault(f, g->at, "%s", why.text);
	}
}

int fleet_compare(struct fleet *f, bool is_pruning, struct error *err)
{
	if (find_templates(f, false, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n_zones; i++)
		if (look(f, &f->zones[i], err) < 0)
			return -1;
	if (is_pruning && prune(f, err) < 0)
		return -1;
	count_changed(f);
	if (find_templates(f, true, err) < 0 || fleet_check_claims(f, err) < 0 ||
	    fleet_check_room(f, err) < 0 || fleet_give_ip(f, err) < 0 || compare_ip(f, err) < 0)
		return -1;
	check_limits(f);
	fleet_sort_faults(f);
	return 0;
}
