/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * The one door for JSON text; the only file that includes yajl. Parsing is
 * bounded, repeated keys are an error, and every value knows where it stood, so
 * that messages read "zonectl.json:12:7: cpus: expected a number". json_out.h
 * is the way back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_out.h"

enum {
	JSON_SIZE_MAX = 1 << 20,	/* bytes of text that json_parse() takes */
	JSON_DEPTH_MAX = 16,
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	unsigned int line, column;	/* from 1 */
	bool truth;			/* JSON_BOOL */
	char *text;			/* JSON_STRING and, as written, JSON_NUMBER; owned */
	size_t len;			/* bytes of text, which may hold no NUL */
	char *key;			/* in an object; owned */
	struct json *parent;		/* borrowed; NULL for the root */
	struct json *first, *next;	/* children in order; owned */
};

struct json_limits {
	size_t size;			/* bytes of text */
	unsigned int depth;		/* nested arrays and objects */
};

#define AUTO_JSON __attribute__((cleanup(json_free_ptr)))

/* Parses all of text; name stands in messages ("zone.json"). limits NULL: the defaults above.
 * The caller owns the result and frees it with json_free(). ERR_USAGE on any fault. A string
 * that holds a NUL byte is refused. */
struct json *json_parse(const char *name, const char *text, size_t len,
			const struct json_limits *limits, struct error *err);
/* Reads fd to its end and parses that. */
struct json *json_read(int fd, const char *name, const struct json_limits *limits,
		       struct error *err);
void json_free(struct json *j);
void json_free_ptr(struct json **j);

/* The member of an object, or NULL when j is NULL, no object, or has no such key. */
const struct json *json_get(const struct json *j, const char *key);
size_t json_len(const struct json *j);
/* Sets ERR_USAGE "name:line:column: path.to[0].value: text". */
int json_error(const struct json *j, const char *name, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Typed values; each fails with json_error() when the type or range is another. */
int json_str(const struct json *j, const char *name, const char **out, struct error *err);
int json_bool(const struct json *j, const char *name, bool *out, struct error *err);
int json_u64(const struct json *j, const char *name, uint64_t min, uint64_t max, uint64_t *out,
	     struct error *err);
int json_i64(const struct json *j, const char *name, int64_t min, int64_t max, int64_t *out,
	     struct error *err);
/* An array of strings, as a strv that the caller owns. */
int json_strv(const struct json *j, const char *name, char ***out, struct error *err);

#endif
