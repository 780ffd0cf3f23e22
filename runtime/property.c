/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/property.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/guess.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"

enum { LIST_MAX = 256, TEXT_MAX = 32 << 10 };

#define NO_FLAGS "none"

static void *field_of(const struct property *p, struct zone_config *c)
{
	return (char *)c + p->offset;
}

static const void *field_in(const struct property *p, const struct zone_config *c)
{
	return (const char *)c + p->offset;
}

const struct property *property_find(const char *name, struct error *err)
{
	struct guess g = { .typed = name };

	for (const struct property *p = property_table(); p->name; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
		guess_offer(&g, p->name);
	}
	error_set(err, ERR_USAGE, "no property \"%s\"", name);
	if (g.found)
		error_hint(err, "did you mean \"%s\"?", g.found);
	return NULL;
}

static char *number_text(const struct property *p, uint64_t value, char buf[NUM_TEXT_MAX])
{
	if (p->type == PROPERTY_SIZE)
		return num_size_text(value, buf);
	if (p->type == PROPERTY_MILLI)
		return num_milli_text(value, buf);
	if (p->type == PROPERTY_RATE)
		return num_rate_text(value, buf);
	snprintf(buf, NUM_TEXT_MAX, "%llu%s", (unsigned long long)value,
		 p->type == PROPERTY_DURATION ? "ms" : "");
	return buf;
}

static int check_range(const struct property *p, uint64_t value, struct error *err)
{
	char text[NUM_TEXT_MAX], bound[NUM_TEXT_MAX];

	number_text(p, value, text);
	if (value < p->min)
		return error_set(err, ERR_USAGE, "%s is below %s%s", text,
				 number_text(p, p->min, bound),
				 value == 0 ? " (an empty value sets the default)" : "");
	if (value > p->max)
		return error_set(err, ERR_USAGE, "%s is above %s", text,
				 number_text(p, p->max, bound));
	return 0;
}

static int parse_word(const struct property *p, const char *text, size_t *out, struct error *err)
{
	AUTO_STR struct str all = { 0 };

	for (size_t i = 0; p->words[i]; i++) {
		if (strcmp(p->words[i], text) == 0) {
			*out = i;
			return 0;
		}
		str_addf(&all, "%s%s", i == 0 ? "" : ", ", p->words[i]);
	}
	return error_set(err, ERR_USAGE, "no '%s' (there are %s)", text, str_text(&all));
}

static int parse_number(const struct property *p, const char *text, uint64_t *out,
			struct error *err)
{
	uint64_t value = 0;
	int rc;

	if (p->type == PROPERTY_SIZE)
		rc = num_size(text, &value, err);
	else if (p->type == PROPERTY_MILLI)
		rc = num_milli(text, &value, err);
	else if (p->type == PROPERTY_DURATION)
		rc = num_duration(text, &value, err);
	else if (p->type == PROPERTY_RATE)
		rc = num_rate(text, &value, err);
	else
		rc = num_count(text, &value, err);
	if (rc < 0 || check_range(p, value, err) < 0)
		return -1;
	*out = value;
	return 0;
}

static int check_text(const struct property *p, const char *text, struct error *err)
{
	if (strlen(text) > TEXT_MAX)
		return error_set(err, ERR_USAGE, "longer than %d bytes", TEXT_MAX);
	if (!str_is_clean(text))
		return error_set(err, ERR_USAGE,
				 "control characters and bytes that are no UTF-8 are refused");
	return p->check ? p->check(text, err) : 0;
}

/* True if the member's key, or the whole of it, is text. */
static bool is_named(const struct property *p, const char *member, const char *text)
{
	const char *key = member;
	size_t len;

	if (strcmp(member, text) == 0)
		return true;
	if (!p->key)
		return false;
	len = p->key(member, &key);
	return strlen(text) == len && memcmp(key, text, len) == 0;
}

static const char *find_member(const struct property *p, char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (is_named(p, *list, text))
			return *list;
	return NULL;
}

/* The member that value would replace. */
static const char *find_same(const struct property *p, char *const *list, const char *value)
{
	const char *key = value;
	size_t len = p->key ? p->key(value, &key) : strlen(value);
	AUTO_FREE char *name = xstrndup(key, len);

	return p->has_repeats ? NULL : find_member(p, list, name);
}

static char *canonical(const struct property *p, const char *text)
{
	return p->canonical ? p->canonical(text) : xstrdup(text);
}

static int list_add(const struct property *p, char ***list, const char *text, struct error *err)
{
	AUTO_FREE char *value = NULL;
	const char *same;

	if (check_text(p, text, err) < 0)
		return -1;
	value = canonical(p, text);
	same = find_same(p, *list, value);
	if (same) {
		AUTO_FREE char *old = xstrdup(same);

		strv_remove(*list, old);
	}
	if (strv_len(*list) >= LIST_MAX)
		return error_set(err, ERR_USAGE, "more than %d of them", LIST_MAX);
	strv_add(list, value);
	return 0;
}

static int list_drop(const struct property *p, char ***list, const char *text, struct error *err)
{
	AUTO_FREE char *value = canonical(p, text);
	const char *found = find_member(p, *list, value);
	AUTO_FREE char *member = NULL;

	if (!found)
		return error_set(err, ERR_USAGE, "'%s' is not in it", text);
	member = xstrdup(found);
	strv_remove(*list, member);
	if (!**list)
		strv_clear(list);
	return 0;
}

static int apply_list(const struct property *p, char ***field, enum property_op op,
		      const char *text, struct error *err)
{
	AUTO_STRV char **parts = p->has_commas ? strv_split(text, ",") : NULL;
	AUTO_STRV char **list = op == PROPERTY_SET ? NULL : strv_copy(*field);
	char **old;

	if (!p->has_commas)
		strv_add(&parts, text);
	for (char **part = parts; part && *part; part++) {
		int rc = op == PROPERTY_REMOVE ? list_drop(p, &list, *part, err) :
						 list_add(p, &list, *part, err);

		if (rc < 0)
			return -1;
	}
	old = *field;
	*field = list;
	list = old;
	return 0;
}

static int apply_flags(const struct property *p, uint64_t *field, enum property_op op,
		       const char *text, struct error *err)
{
	AUTO_STRV char **parts = strv_split(text, ",");
	uint64_t flags = op == PROPERTY_SET ? 0 : *field;

	if (op == PROPERTY_SET && strcmp(text, NO_FLAGS) == 0) {
		*field = 0;
		return 0;
	}
	for (char **part = parts; part && *part; part++) {
		uint64_t bit;
		size_t i;

		if (parse_word(p, *part, &i, err) < 0)
			return -1;
		bit = (uint64_t)1 << i;
		if (op == PROPERTY_REMOVE && !(flags & bit))
			return error_set(err, ERR_USAGE, "'%s' is not in it", *part);
		flags = op == PROPERTY_REMOVE ? flags & ~bit : flags | bit;
	}
	*field = flags;
	return 0;
}

static int apply_string(const struct property *p, char **field, const char *text,
			struct error *err)
{
	if (check_text(p, text, err) < 0)
		return -1;
	free(*field);
	*field = canonical(p, text);
	return 0;
}

static void set_default(const struct property *p, struct zone_config *c)
{
	struct zone_config fresh;

	zone_config_init(&fresh);
	switch (p->type) {
	case PROPERTY_STRING:
		free(*(char **)field_of(p, c));
		*(char **)field_of(p, c) = NULL;
		break;
	case PROPERTY_LIST:
		strv_clear(field_of(p, c));
		break;
	case PROPERTY_ENUM:
		memcpy(field_of(p, c), field_in(p, &fresh), sizeof(unsigned int));
		break;
	case PROPERTY_COUNT:
	case PROPERTY_SIZE:
	case PROPERTY_MILLI:
	case PROPERTY_DURATION:
	case PROPERTY_RATE:
	case PROPERTY_FLAGS:
		memcpy(field_of(p, c), field_in(p, &fresh), sizeof(uint64_t));
		break;
	}
}

static int apply(const struct property *p, struct zone_config *c, enum property_op op,
		 const char *text, struct error *err)
{
	void *field = field_of(p, c);
	unsigned int value;
	size_t word;

	if (!*text && op == PROPERTY_SET) {
		set_default(p, c);
		return 0;
	}
	if (!*text)
		return error_set(err, ERR_USAGE, "no value");
	if (p->type == PROPERTY_LIST)
		return apply_list(p, field, op, text, err);
	if (p->type == PROPERTY_FLAGS)
		return apply_flags(p, field, op, text, err);
	if (op != PROPERTY_SET)
		return error_set(err, ERR_USAGE, "no list, so there is only %s=VALUE", p->name);
	if (p->type == PROPERTY_STRING)
		return apply_string(p, field, text, err);
	if (p->type != PROPERTY_ENUM)
		return parse_number(p, text, field, err);
	if (parse_word(p, text, &word, err) < 0)
		return -1;
	value = (unsigned int)word;
	memcpy(field, &value, sizeof(value));
	return 0;
}

int property_apply(const struct property *p, struct zone_config *c, enum property_op op,
		   const char *text, struct error *err)
{
	return apply(p, c, op, text, err) < 0 ? error_wrap(err, "%s", p->name) : 0;
}

int property_assign(struct zone_config *c, const char *assignment,
		    const struct property **out_property, struct error *err)
{
	const char *equals = strchr(assignment, '=');
	enum property_op op = PROPERTY_SET;
	AUTO_FREE char *name = NULL;
	const struct property *p;
	size_t len;

	if (!equals)
		return error_set(err, ERR_USAGE, "'%s' is no PROPERTY=VALUE", assignment);
	len = (size_t)(equals - assignment);
	if (len > 0 && equals[-1] == '+')
		op = PROPERTY_ADD;
	else if (len > 0 && equals[-1] == '-')
		op = PROPERTY_REMOVE;
	name = xstrndup(assignment, op == PROPERTY_SET ? len : len - 1);
	p = property_find(name, err);
	if (!p || property_apply(p, c, op, equals + 1, err) < 0)
		return -1;
	*out_property = p;
	return 0;
}

static bool is_same_list(char *const *a, char *const *b)
{
	size_t i = 0;

	if (!a || !b)
		return strv_len(a) == strv_len(b);
	while (a[i] && b[i] && strcmp(a[i], b[i]) == 0)
		i++;
	return !a[i] && !b[i];
}

bool property_is_same(const struct property *p, const struct zone_config *a,
		      const struct zone_config *b)
{
	const void *x = field_in(p, a), *y = field_in(p, b);
	const char *s, *t;

	switch (p->type) {
	case PROPERTY_STRING:
		s = *(char *const *)x;
		t = *(char *const *)y;
		return s && t ? strcmp(s, t) == 0 : s == t;
	case PROPERTY_LIST:
		return is_same_list(*(char **const *)x, *(char **const *)y);
	case PROPERTY_ENUM:
		return memcmp(x, y, sizeof(unsigned int)) == 0;
	case PROPERTY_COUNT:
	case PROPERTY_SIZE:
	case PROPERTY_MILLI:
	case PROPERTY_DURATION:
	case PROPERTY_RATE:
	case PROPERTY_FLAGS:
		break;
	}
	return memcmp(x, y, sizeof(uint64_t)) == 0;
}

bool property_is_default(const struct property *p, const struct zone_config *c)
{
	struct zone_config fresh;

	zone_config_init(&fresh);
	return property_is_same(p, c, &fresh);
}

static const char *word_of(const struct property *p, const void *field)
{
	unsigned int value;

	memcpy(&value, field, sizeof(value));
	return p->words[value];
}

/* The words of the bits that are set, as a list that the caller owns. */
static char **flag_words(const struct property *p, uint64_t flags)
{
	char **list = NULL;

	for (size_t i = 0; p->words[i]; i++)
		if (flags & ((uint64_t)1 << i))
			strv_add(&list, p->words[i]);
	return list;
}

char *property_text(const struct property *p, const struct zone_config *c)
{
	const void *field = field_in(p, c);
	AUTO_STRV char **words = NULL;
	char buf[NUM_TEXT_MAX];

	if (property_is_default(p, c))
		return xstrdup("");
	if (p->type == PROPERTY_STRING)
		return xstrdup(*(char *const *)field);
	if (p->type == PROPERTY_LIST)
		return strv_join(*(char **const *)field, p->has_commas ? "," : " ");
	if (p->type == PROPERTY_ENUM)
		return xstrdup(word_of(p, field));
	if (p->type != PROPERTY_FLAGS)
		return xstrdup(number_text(p, *(const uint64_t *)field, buf));
	words = flag_words(p, *(const uint64_t *)field);
	return words ? strv_join(words, ",") : xstrdup(NO_FLAGS);
}

int property_copy(const struct property *p, const struct zone_config *from, struct zone_config *to,
		  struct error *err)
{
	AUTO_FREE char *text = property_text(p, from);
	char *const *member;

	if (p->type != PROPERTY_LIST)
		return property_apply(p, to, PROPERTY_SET, text, err);
	/* A member may hold what text has between members. */
	set_default(p, to);
	member = *(char **const *)field_in(p, from);
	for (; member && *member; member++)
		if (property_apply(p, to, PROPERTY_ADD, *member, err) < 0)
			return -1;
	return 0;
}

static void number_json(const struct property *p, const struct zone_config *c,
			struct json_out *out)
{
	uint64_t value = *(const uint64_t *)field_in(p, c);
	struct error none = { 0 };

	if (property_is_default(p, c) && parse_number(p, p->fallback, &value, &none) < 0)
		json_out_null(out, p->name);
	else if (p->type == PROPERTY_MILLI || p->type == PROPERTY_DURATION)
		json_out_milli(out, p->name, value);
	else
		json_out_u64(out, p->name, value);
}

void property_json(const struct property *p, const struct zone_config *c, struct json_out *out)
{
	const void *field = field_in(p, c);
	AUTO_STRV char **words = NULL;

	switch (p->type) {
	case PROPERTY_STRING:
		json_out_str(out, p->name, *(char *const *)field);
		break;
	case PROPERTY_LIST:
		json_out_strv(out, p->name, *(char **const *)field);
		break;
	case PROPERTY_ENUM:
		json_out_str(out, p->name, word_of(p, field));
		break;
	case PROPERTY_FLAGS:
		words = flag_words(p, *(const uint64_t *)field);
		json_out_strv(out, p->name, words);
		break;
	case PROPERTY_COUNT:
	case PROPERTY_SIZE:
	case PROPERTY_MILLI:
	case PROPERTY_DURATION:
	case PROPERTY_RATE:
		number_json(p, c, out);
		break;
	}
}

/* An array sets the list or flags; each member is refused where it stands. */
static int array_from_json(const struct property *p, struct zone_config *c,
			   const struct json *value, const char *name, struct error *err)
{
	struct error why = { 0 };

	if (value->type != JSON_ARRAY)
		return json_error(value, name, err, "expected an array of strings");
	set_default(p, c);
	if (p->type == PROPERTY_FLAGS)
		*(uint64_t *)field_of(p, c) = 0;
	for (const struct json *j = value->first; j; j = j->next) {
		const char *text;

		if (json_str(j, name, &text, err) < 0)
			return -1;
		if (p->type == PROPERTY_LIST && find_same(p, *(char ***)field_of(p, c), text))
			return json_error(j, name, err, "there twice");
		if (p->has_commas && strchr(text, ','))
			return json_error(j, name, err, "holds a comma");
		if (apply(p, c, PROPERTY_ADD, text, &why) < 0)
			return json_error(j, name, err, "%s", why.text);
	}
	return 0;
}

static int number_from_json(const struct property *p, uint64_t *field, const struct json *value,
			    const char *name, struct error *err)
{
	struct error why = { 0 };
	uint64_t number;

	/* Sizes and rates are bytes here and times seconds, without the unit that text has. */
	if (p->type == PROPERTY_COUNT || p->type == PROPERTY_SIZE || p->type == PROPERTY_RATE)
		return json_u64(value, name, p->min, p->max, field, err);
	if (num_milli(value->text, &number, &why) < 0 || check_range(p, number, &why) < 0)
		return json_error(value, name, err, "%s", why.text);
	*field = number;
	return 0;
}

int property_from_json(const struct property *p, struct zone_config *c, const struct json *value,
		       const char *name, struct error *err)
{
	struct error why = { 0 };
	bool is_number = p->type == PROPERTY_COUNT || p->type == PROPERTY_SIZE ||
			 p->type == PROPERTY_MILLI || p->type == PROPERTY_DURATION ||
			 p->type == PROPERTY_RATE;

	if (value->type == JSON_NULL) {
		set_default(p, c);
		return 0;
	}
	if (p->type == PROPERTY_LIST || p->type == PROPERTY_FLAGS)
		return array_from_json(p, c, value, name, err);
	if (is_number && value->type == JSON_NUMBER)
		return number_from_json(p, field_of(p, c), value, name, err);
	if (value->type != JSON_STRING)
		return json_error(value, name, err, "expected a %s",
				  is_number ? "number" : "string");
	if (apply(p, c, PROPERTY_SET, value->text, &why) < 0)
		return json_error(value, name, err, "%s", why.text);
	return 0;
}
