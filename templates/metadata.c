/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/metadata.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"

enum {
	SIZE_MAX_READ = 1 << 20,
	VALUE_MAX = 256,		/* longer ones are let be */
	TEMPLATES_MAX = 64,
};

/* clang-format off */
static const struct field {
	const char *section, *key;	/* section NULL: at the left margin */
	size_t offset;
} fields[] = {
	{ NULL,         "architecture", offsetof(struct metadata, architecture) },
	{ "properties", "os",           offsetof(struct metadata, os) },
	{ "properties", "release",      offsetof(struct metadata, release) },
	{ "properties", "variant",      offsetof(struct metadata, variant) },
	{ NULL,         "name",         offsetof(struct metadata, name) },
	{ NULL,         "type",         offsetof(struct metadata, type) },
};

/* What every zone gets in another way: its name, its hosts, its seed of cloud-init. */
static const char *const ours[] = {
	"/etc/hostname", "/etc/hosts", "/var/lib/cloud/seed/",
};
/* clang-format on */

static char **field_of(struct metadata *m, const struct field *f)
{
	return (char **)((char *)m + f->offset);
}

/* A word in quotes or without; NULL when it is too long, empty or holds what can't be shown. */
static char *value_of(const char *text, size_t len)
{
	AUTO_FREE char *value = NULL;

	while (len > 0 && strchr(" \t\r", text[len - 1]))
		len--;
	while (len > 0 && strchr(" \t", *text))
		text++, len--;
	if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text)
		text++, len -= 2;
	if (len == 0 || len > VALUE_MAX)
		return NULL;
	value = xstrndup(text, len);
	return str_is_clean(value) ? TAKE_PTR(value) : NULL;
}

static void take(struct metadata *m, const char *section, const char *key, const char *value)
{
	if (!section && strcmp(key, "optimized") == 0)
		m->is_optimized = strcmp(value, "true") == 0;
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		const struct field *f = &fields[i];
		bool is_section = f->section ? section && strcmp(section, f->section) == 0
					     : !section;

		if (is_section && strcmp(key, f->key) == 0 && !*field_of(m, f))
			*field_of(m, f) = xstrdup(value);
	}
}

static void take_template(struct metadata *m, const char *section, const char *key)
{
	if (section && strcmp(section, "templates") == 0 && *key == '/' &&
	    strv_len(m->templates) < TEMPLATES_MAX && !strv_has(m->templates, key))
		strv_add(&m->templates, key);
}

/* Where the lines stand: a key at the left margin opens a section, and its first key in it says how
 * far its keys are indented. */
struct reader {
	struct metadata *m;
	char *section;			/* owned */
	size_t indent;			/* of the section's keys; 0: not known yet */
};

static void line_take(struct reader *r, const char *line, size_t len)
{
	size_t indent = strspn(line, " ");
	const char *colon;
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *value = NULL;

	if (indent >= len || line[indent] == '#' || line[indent] == '-')
		return;
	/* The colon that ends a key has a space or the end of the line behind it. */
	colon = memchr(line + indent, ':', len - indent);
	while (colon && colon + 1 < line + len && !strchr(" \r", colon[1]))
		colon = memchr(colon + 1, ':', (size_t)(line + len - colon - 1));
	if (!colon)
		return;
	key = value_of(line + indent, (size_t)(colon - line) - indent);
	value = value_of(colon + 1, (size_t)(line + len - colon) - 1);
	if (indent == 0) {
		free(r->section);
		r->section = value || !key ? NULL : xstrdup(key);
		r->indent = 0;
	} else if (r->section && r->indent == 0) {
		r->indent = indent;
	}
	if (!key || (indent != 0 && (!r->section || indent != r->indent)))
		return;
	if (indent != 0)
		take_template(r->m, r->section, key);
	if (value)
		take(r->m, indent == 0 ? NULL : r->section, key, value);
}

static void text_take(const char *text, struct metadata *m)
{
	struct reader r = { .m = m };

	while (*text) {
		size_t len = strcspn(text, "\n");

		line_take(&r, text, len);
		text += len + (text[len] == '\n');
	}
	free(r.section);
}

/* YAML has JSON in it, and some tools write that. */
static int json_take(const char *text, size_t len, const char *path, struct metadata *m,
		     struct error *err)
{
	AUTO_JSON struct json *root = json_parse(path, text, len, NULL, err);

	if (!root)
		return -1;
	if (root->type != JSON_OBJECT)
		return 0;
	for (const struct json *j = root->first; j; j = j->next) {
		if (j->type == JSON_STRING && str_is_clean(j->text))
			take(m, NULL, j->key, j->text);
		if (j->type == JSON_BOOL)
			take(m, NULL, j->key, j->truth ? "true" : "false");
		for (const struct json *k = j->type == JSON_OBJECT ? j->first : NULL; k;
		     k = k->next) {
			take_template(m, j->key, k->key);
			if (k->type == JSON_STRING && str_is_clean(k->text))
				take(m, j->key, k->key, k->text);
		}
	}
	return 0;
}

int metadata_read(int rootfd, const char *path, struct metadata *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	struct metadata m = { 0 };
	size_t len;

	if (path_read(rootfd, path, SIZE_MAX_READ, &text, &len, err) < 0)
		return -1;
	if (strlen(text) != len)
		return error_set(err, ERR_USAGE, "'%s' is no text", path);
	if (*text != '{') {
		text_take(text, &m);
	} else if (json_take(text, len, path, &m, err) < 0) {
		metadata_clear(&m);
		return -1;
	}
	*out = m;
	return 0;
}

char *metadata_name(const struct metadata *m)
{
	bool has_variant = m->variant && strcmp(m->variant, "default") != 0;

	if (m->name)
		return xstrdup(m->name);
	if (!m->os || !m->release)
		return NULL;
	return xasprintf("%s-%s%s%s", m->os, m->release, has_variant ? "-" : "",
			 has_variant ? m->variant : "");
}

static bool is_ours(const char *target)
{
	for (size_t i = 0; i < N_ROWS(ours); i++) {
		if (strcmp(target, ours[i]) == 0 ||
		    (str_ends(ours[i], "/") && str_starts(target, ours[i])))
			return true;
	}
	return false;
}

char *metadata_left_out(const struct metadata *m)
{
	AUTO_STRV char **list = NULL;

	for (char *const *t = m->templates; t && *t; t++) {
		if (!is_ours(*t))
			strv_add(&list, *t);
	}
	return list ? strv_join(list, ", ") : NULL;
}

void metadata_clear(struct metadata *m)
{
	for (size_t i = 0; i < N_ROWS(fields); i++)
		free(*field_of(m, &fields[i]));
	strv_clear(&m->templates);
	*m = (struct metadata){ 0 };
}
