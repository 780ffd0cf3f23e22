/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_JSON_FILL_H
#define BASE_JSON_FILL_H

/*
 * A struct from a JSON object, by a table with a row for each member. Members
 * without a row are passed over: whoever refuses them does it before. A member
 * that is null counts as absent. What is absent leaves its field as it was, zero.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

enum json_fill_type {
	JSON_FILL_STRING,		/* const char *, of the JSON */
	JSON_FILL_STRINGS,		/* const char **, NULL-ended; n counts them */
	JSON_FILL_BOOL,			/* bool */
	JSON_FILL_U32,			/* uint32_t, within min and max */
	JSON_FILL_NUMBER,		/* struct json_number, "i", within min and max */
	JSON_FILL_UNSIGNED,		/* struct json_number, "u", any */
	JSON_FILL_U32S,			/* uint32_t *; n counts them */
	JSON_FILL_WORD,			/* int: place in words, whose first is never matched */
	JSON_FILL_WORDS,		/* uint64_t: bit n for words[n] */
	JSON_FILL_OBJECT,		/* pointer to a struct, NULL when absent */
	JSON_FILL_LIST,			/* pointer to structs, one for each object; n counts them */
	/* Pointer to structs, one for each member, whose first field is the key; n counts them.
	 * Without fields the members are strings and the structs json_pair. */
	JSON_FILL_MAP,
};

struct json_number {
	bool is_set;
	union {
		int64_t i;
		uint64_t u;
	};
};

struct json_pair {
	const char *key, *value;
};

struct json_field {
	const char *key;
	enum json_fill_type type;
	size_t offset;
	size_t n_offset;		/* of a size_t, where n counts */
	bool is_required;
	int64_t min, max;		/* both 0: what the type holds */
	const char *const *words;	/* NULL-ended; in the order of an enum */
	const struct json_field *fields; /* of the struct, ended by a row without a key */
	size_t size;			/* of one struct */
	/* A rule of its own for the value, which has the right type; or NULL. */
	int (*check)(const struct json *value, const char *name, struct error *err);
};

/* The beginning of a row: type JSON_FILL_kind, into a member of struct what. A member that is
 * counted has its count in n_member. */
#define JSON_ROW(kind, what, member, name) \
	.key = name, .type = JSON_FILL_##kind, .offset = offsetof(struct what, member)
#define JSON_COUNTED(kind, what, member, name) \
	JSON_ROW(kind, what, member, name), .n_offset = offsetof(struct what, n_##member)

/* Who owns what was made. It begins as zeros. */
struct json_fill {
	const char *name;		/* of the text, in messages; borrowed */
	void **blocks;
	size_t n_blocks;
};

/* Fills *out, which is zeros, from an object; strings are borrowed from it. The rest is freed by
 * json_fill_clear(), also after a failure. ERR_USAGE as json_error() says it. */
int json_fill(struct json_fill *f, const struct json *object, const struct json_field *fields,
	      void *out, struct error *err);
/* Memory for n structs, zeros, which is freed with the rest. */
void *json_fill_block(struct json_fill *f, size_t n, size_t size);
void json_fill_clear(struct json_fill *f);

#endif
