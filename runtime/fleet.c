/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/fleet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/fleet_parts.h"

/*
 * Faults
 */

static bool is_known(const struct fleet *f, const char *text)
{
	for (size_t i = 0; i < f->n_faults; i++)
		if (strcmp(f->faults[i].text, text) == 0)
			return true;
	return false;
}

void fleet_fault_known(struct fleet *f, const struct json *at, const struct error *err)
{
	struct fleet_fault *fault;

	if (f->n_faults >= FLEET_FAULTS_MAX || is_known(f, err->text))
		return;
	f->faults = xreallocarray(f->faults, f->n_faults + 1, sizeof(*f->faults));
	fault = &f->faults[f->n_faults++];
	fault->line = at ? at->line : 0;
	fault->column = at ? at->column : 0;
	fault->text = xstrdup(err->text);
}

void fleet_fault(struct fleet *f, const struct json *at, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	struct error err = { 0 };
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_error(at, f->file, &err, "%s", text);
	fleet_fault_known(f, at, &err);
}

static int compare_faults(const void *a, const void *b)
{
	const struct fleet_fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

void fleet_sort_faults(struct fleet *f)
{
	if (f->n_faults > 0)
		qsort(f->faults, f->n_faults, sizeof(*f->faults), compare_faults);
}

bool fleet_is_object(struct fleet *f, const struct json *value)
{
	if (value->type == JSON_OBJECT)
		return true;
	fleet_fault(f, value, "expected an object");
	return false;
}

const char *fleet_text(struct fleet *f, const struct json *value)
{
	struct error why = { 0 };
	const char *text;

	if (json_str(value, f->file, &text, &why) == 0)
		return text;
	fleet_fault_known(f, value, &why);
	return NULL;
}

char *fleet_path(const struct fleet *f, const char *text)
{
	return *text == '/' || !f->dir ? xstrdup(text) : xasprintf("%s/%s", f->dir, text);
}

/*
 * The file
 */

static void read_version(struct fleet *f, const struct json *value)
{
	struct error why = { 0 };
	uint64_t version;

	if (json_u64(value, f->file, 1, UINT32_MAX, &version, &why) < 0)
		fleet_fault_known(f, value, &why);
	else if (version > FLEET_VERSION)
		fleet_fault(f, value, "of a newer zonectl: this one knows version %d",
			    FLEET_VERSION);
}

static void read_name(struct fleet *f, const struct json *value)
{
	const char *text = fleet_text(f, value);
	struct error why = { 0 };

	if (!text)
		return;
	if (zone_name_check(text, &why) < 0)
		fleet_fault(f, value, "%s", why.text);
	else
		strcpy(f->name, text);
}

/* For editors, or for people: what it says is nothing to us. */
static void read_words(struct fleet *f, const struct json *value)
{
	(void)fleet_text(f, value);	/* only that it is a string */
}

/* In the order in which they are read: what is named comes before those that name it. */
static const struct {
	const char *key;
	void (*read)(struct fleet *f, const struct json *value);
} members[] = {
	{ "$schema", read_words },
	{ "fleet", read_version },
	{ "name", read_name },
	{ "description", read_words },
	{ "templates", fleet_check_templates },
	{ "keys", fleet_check_keys },
	{ "pools", fleet_read_pools },
	{ "plans", fleet_check_plans },
	{ "groups", fleet_read_groups },
};

static bool is_member(const char *key)
{
	for (size_t i = 0; i < N_ROWS(members); i++)
		if (strcmp(members[i].key, key) == 0)
			return true;
	return false;
}

static void read_members(struct fleet *f)
{
	for (const struct json *j = f->root->first; j; j = j->next)
		if (!is_member(j->key))
			fleet_fault(f, j, "no such key");
	for (size_t i = 0; i < N_ROWS(members); i++) {
		const struct json *value = json_get(f->root, members[i].key);

		if (value)
			members[i].read(f, value);
	}
	if (!json_get(f->root, "fleet"))
		fleet_fault(f, f->root, "no key \"fleet\", the version of this format (%d)",
			    FLEET_VERSION);
	if (!*f->name && !json_get(f->root, "name"))
		fleet_fault(f, f->root, "no key \"name\", and the file's name can be none");
}

int fleet_read(struct fleet *out, const struct fleet_source *source, struct error *err)
{
	static const struct json_limits limits = { FLEET_SIZE_MAX, JSON_DEPTH_MAX };
	struct error ignored = { 0 };

	*out = (struct fleet){
		.site = source->site, .file = source->file, .dir = source->dir,
		.braces = source->braces,
	};
	if (source->name && zone_name_check(source->name, &ignored) == 0)
		strcpy(out->name, source->name);
	out->root = json_read(source->fd, source->file, &limits, err);
	if (!out->root)
		return -1;
	if (fleet_is_object(out, out->root))
		read_members(out);
	fleet_sort_faults(out);
	return 0;
}

/*
 * The rest
 */

static void zone_clear(struct fleet_zone *z)
{
	strv_clear(&z->ip);
	for (size_t i = 0; i < z->n_changes; i++) {
		free(z->changes[i].from);
		free(z->changes[i].to);
	}
	free(z->changes);
}

void fleet_clear(struct fleet *f)
{
	for (size_t i = 0; i < f->n_groups; i++)
		zone_config_clear(&f->groups[i].config);
	for (size_t i = 0; i < f->n_zones; i++)
		zone_clear(&f->zones[i]);
	for (size_t i = 0; i < f->n_site_plans; i++)
		plan_clear(&f->site_plans[i]);
	for (size_t i = 0; i < f->n_faults; i++)
		free(f->faults[i].text);
	for (size_t i = 0; i < f->n_imports; i++)
		free(f->imports[i].path);
	for (size_t i = 0; i < f->n_key_files; i++)
		strv_clear(&f->key_files[i].keys);
	free(f->key_files);
	free(f->imports);
	free(f->pools);
	free(f->groups);
	free(f->zones);
	free(f->site_plans);
	free(f->faults);
	json_free(f->root);
	*f = (struct fleet){ 0 };
}

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct fleet_zone *)row)->name);
}

const struct fleet_zone *fleet_find(const struct fleet *f, const char *name)
{
	if (f->n_zones == 0)
		return NULL;
	return bsearch(name, f->zones, f->n_zones, sizeof(*f->zones), compare_name);
}
