/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_fill.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A row and where its value goes. */
struct slot {
	const struct json_field *field;
	void *at;			/* the field */
	size_t *n;			/* its count */
};

void *json_fill_block(struct json_fill *f, size_t n, size_t size)
{
	void *p = xcalloc(n, size);

	f->blocks = xreallocarray(f->blocks, f->n_blocks + 1, sizeof(*f->blocks));
	f->blocks[f->n_blocks++] = p;
	return p;
}

static int expect(const struct json_fill *f, const struct json *j, enum json_type type,
		  struct error *err)
{
	if (j->type == type)
		return 0;
	return json_error(j, f->name, err, "expected %s",
			  type == JSON_ARRAY ? "an array" : "an object");
}

static int fill_string(struct json_fill *f, const struct json *j, const struct slot *s,
		       struct error *err)
{
	return json_str(j, f->name, s->at, err);
}

static int fill_strings(struct json_fill *f, const struct json *j, const struct slot *s,
			struct error *err)
{
	const char **list;
	size_t n = 0;

	if (expect(f, j, JSON_ARRAY, err) < 0)
		return -1;
	list = json_fill_block(f, json_len(j) + 1, sizeof(*list));
	for (const struct json *item = j->first; item; item = item->next)
		if (json_str(item, f->name, &list[n++], err) < 0)
			return -1;
	*(const char ***)s->at = list;
	*s->n = n;
	return 0;
}

static int fill_bool(struct json_fill *f, const struct json *j, const struct slot *s,
		     struct error *err)
{
	return json_bool(j, f->name, s->at, err);
}

static int read_u32(const struct json_fill *f, const struct json *j, const struct json_field *field,
		    uint32_t *out, struct error *err)
{
	bool has_range = field->min != 0 || field->max != 0;
	uint64_t value;

	if (json_u64(j, f->name, has_range ? (uint64_t)field->min : 0,
		     has_range ? (uint64_t)field->max : UINT32_MAX, &value, err) < 0)
		return -1;
	*out = (uint32_t)value;
	return 0;
}

static int fill_u32(struct json_fill *f, const struct json *j, const struct slot *s,
		    struct error *err)
{
	return read_u32(f, j, s->field, s->at, err);
}

static int fill_u32s(struct json_fill *f, const struct json *j, const struct slot *s,
		     struct error *err)
{
	uint32_t *list;
	size_t n = 0;

	if (expect(f, j, JSON_ARRAY, err) < 0)
		return -1;
	list = json_fill_block(f, json_len(j) + 1, sizeof(*list));
	for (const struct json *item = j->first; item; item = item->next)
		if (read_u32(f, item, s->field, &list[n++], err) < 0)
			return -1;
	*(uint32_t **)s->at = list;
	*s->n = n;
	return 0;
}

static int fill_number(struct json_fill *f, const struct json *j, const struct slot *s,
		       struct error *err)
{
	const struct json_field *field = s->field;
	bool has_range = field->min != 0 || field->max != 0;
	struct json_number *number = s->at;

	if (json_i64(j, f->name, has_range ? field->min : INT64_MIN,
		     has_range ? field->max : INT64_MAX, &number->i, err) < 0)
		return -1;
	number->is_set = true;
	return 0;
}

static int fill_unsigned(struct json_fill *f, const struct json *j, const struct slot *s,
			 struct error *err)
{
	struct json_number *number = s->at;

	if (json_u64(j, f->name, 0, UINT64_MAX, &number->u, err) < 0)
		return -1;
	number->is_set = true;
	return 0;
}

static int read_word(const struct json_fill *f, const struct json *j,
		     const struct json_field *field, int *out, struct error *err)
{
	const char *text;

	if (json_str(j, f->name, &text, err) < 0)
		return -1;
	for (int i = 1; field->words[i]; i++) {
		if (strcmp(field->words[i], text) != 0)
			continue;
		*out = i;
		return 0;
	}
	return json_error(j, f->name, err, "'%s' is none of those it may be", text);
}

static int fill_word(struct json_fill *f, const struct json *j, const struct slot *s,
		     struct error *err)
{
	return read_word(f, j, s->field, s->at, err);
}

static int fill_words(struct json_fill *f, const struct json *j, const struct slot *s,
		      struct error *err)
{
	uint64_t *bits = s->at;
	int place = 0;

	if (expect(f, j, JSON_ARRAY, err) < 0)
		return -1;
	for (const struct json *item = j->first; item; item = item->next) {
		if (read_word(f, item, s->field, &place, err) < 0)
			return -1;
		*bits |= (uint64_t)1 << place;
	}
	return 0;
}

static int fill_object(struct json_fill *f, const struct json *j, const struct slot *s,
		       struct error *err)
{
	void *object = json_fill_block(f, 1, s->field->size);

	*(void **)s->at = object;
	return json_fill(f, j, s->field->fields, object, err);
}

static int fill_list(struct json_fill *f, const struct json *j, const struct slot *s,
		     struct error *err)
{
	char *item;

	if (expect(f, j, JSON_ARRAY, err) < 0)
		return -1;
	*s->n = json_len(j);
	item = json_fill_block(f, *s->n, s->field->size);
	*(char **)s->at = item;
	for (j = j->first; j; j = j->next, item += s->field->size)
		if (json_fill(f, j, s->field->fields, item, err) < 0)
			return -1;
	return 0;
}

static int fill_map(struct json_fill *f, const struct json *j, const struct slot *s,
		    struct error *err)
{
	const struct json_field *fields = s->field->fields;
	size_t size = fields ? s->field->size : sizeof(struct json_pair);
	char *item;
	int status = 0;

	if (expect(f, j, JSON_OBJECT, err) < 0)
		return -1;
	*s->n = json_len(j);
	item = json_fill_block(f, *s->n, size);
	*(char **)s->at = item;
	for (j = j->first; j && status == 0; j = j->next, item += size) {
		*(const char **)item = j->key;
		if (fields)
			status = json_fill(f, j, fields, item, err);
		else
			status = json_str(j, f->name, &((struct json_pair *)item)->value, err);
	}
	return status;
}

static int (*const fills[])(struct json_fill *f, const struct json *j, const struct slot *s,
			    struct error *err) = {
	[JSON_FILL_STRING] = fill_string,
	[JSON_FILL_STRINGS] = fill_strings,
	[JSON_FILL_BOOL] = fill_bool,
	[JSON_FILL_U32] = fill_u32,
	[JSON_FILL_NUMBER] = fill_number,
	[JSON_FILL_UNSIGNED] = fill_unsigned,
	[JSON_FILL_U32S] = fill_u32s,
	[JSON_FILL_WORD] = fill_word,
	[JSON_FILL_WORDS] = fill_words,
	[JSON_FILL_OBJECT] = fill_object,
	[JSON_FILL_LIST] = fill_list,
	[JSON_FILL_MAP] = fill_map,
};

int json_fill(struct json_fill *f, const struct json *object, const struct json_field *fields,
	      void *out, struct error *err)
{
	if (expect(f, object, JSON_OBJECT, err) < 0)
		return -1;
	for (const struct json_field *field = fields; field->key; field++) {
		const struct json *j = json_get(object, field->key);
		struct slot slot = {
			.field = field,
			.at = (char *)out + field->offset,
			.n = (size_t *)((char *)out + field->n_offset),
		};

		if ((!j || j->type == JSON_NULL) && field->is_required)
			return json_error(object, f->name, err, "'%s' is missing", field->key);
		if (!j || j->type == JSON_NULL)
			continue;
		if (fills[field->type](f, j, &slot, err) < 0)
			return -1;
		if (field->check && field->check(j, f->name, err) < 0)
			return -1;
	}
	return 0;
}

void json_fill_clear(struct json_fill *f)
{
	for (size_t i = 0; i < f->n_blocks; i++)
		free(f->blocks[i]);
	free(f->blocks);
	f->blocks = NULL;
	f->n_blocks = 0;
}
