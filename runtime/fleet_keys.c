/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/fleet_parts.h"
#include "runtime/key_file.h"

static void check_key(struct fleet *f, const struct json *value)
{
	const char *text = fleet_text(f, value);
	struct error why = { 0 };
	const struct property *p = property_find("ssh-key", &why);

	if (text && p && p->check(text, &why) < 0)
		fleet_fault(f, value, "%s", why.text);
}

static void read_file(struct fleet *f, const struct json *value, const struct json *file)
{
	const char *text = fleet_text(f, file);
	AUTO_FREE char *path = text ? fleet_path(f, text) : NULL;
	AUTO_STRV char **keys = NULL;
	struct error why = { 0 };

	if (!path)
		return;
	if (key_file_open(path, &keys, &why) < 0) {
		fleet_fault(f, file, "%s", why.text);
		return;
	}
	f->key_files = xreallocarray(f->key_files, f->n_key_files + 1, sizeof(*f->key_files));
	f->key_files[f->n_key_files++] = (struct fleet_key_file){ value, TAKE_PTR(keys) };
}

static void check_file(struct fleet *f, const struct json *value)
{
	const struct json *file = json_get(value, "file");

	for (const struct json *j = value->first; j; j = j->next)
		if (j != file)
			fleet_fault(f, j, "no such key (there is file)");
	if (file)
		read_file(f, value, file);
	else
		fleet_fault(f, value, "no key \"file\"");
}

/* "ann": "ssh-ed25519 AAAA...", or an array of such, or {"file": "ann.pub"} */
void fleet_check_keys(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	f->keys = value;
	for (const struct json *j = value->first; j; j = j->next) {
		if (j->type == JSON_OBJECT)
			check_file(f, j);
		else if (j->type != JSON_ARRAY)
			check_key(f, j);
		else
			for (const struct json *key = j->first; key; key = key->next)
				check_key(f, key);
	}
}

static void add_key(const char *text, struct zone_config *c)
{
	struct error told = { 0 };
	const struct property *p = property_find("ssh-key", &told);

	if (p)
		(void)property_apply(p, c, PROPERTY_ADD, text, &told);
}

static void add_file(const struct fleet *f, const struct json *value, struct zone_config *c)
{
	for (size_t i = 0; i < f->n_key_files; i++)
		if (f->key_files[i].at == value)
			for (char *const *key = f->key_files[i].keys; *key; key++)
				add_key(*key, c);
}

static void add_keys(const struct fleet *f, const struct json *value, struct zone_config *c)
{
	if (value->type == JSON_OBJECT)
		add_file(f, value, c);
	else if (value->type == JSON_STRING)
		add_key(value->text, c);
	else if (value->type == JSON_ARRAY)
		for (const struct json *key = value->first; key; key = key->next)
			if (key->type == JSON_STRING)
				add_key(key->text, c);
}

void fleet_apply_keys(struct fleet *f, const struct json *ref, struct zone_config *c)
{
	if (ref->type != JSON_ARRAY) {
		fleet_fault(f, ref, "expected an array of names that are in \"keys\"");
		return;
	}
	for (const struct json *j = ref->first; j; j = j->next) {
		const char *name = fleet_text(f, j);
		const struct json *keys = name ? json_get(f->keys, name) : NULL;

		if (name && !keys)
			fleet_fault(f, j, "no \"%s\" in \"keys\"", name);
		else if (keys)
			add_keys(f, keys, c);
	}
}
