/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

/*
 * JSON text, value by value, escaped and indented into a string. key is NULL
 * inside an array and for the root.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct json_out {
	struct str text;
	unsigned int depth;
	bool compact;			/* one line, no spaces */
	bool has_member;		/* the open container has one already */
};

void json_out_object(struct json_out *o, const char *key);
void json_out_array(struct json_out *o, const char *key);
void json_out_end_object(struct json_out *o);
void json_out_end_array(struct json_out *o);
/* NULL is written as null; bytes that are no UTF-8 as U+FFFD. */
void json_out_str(struct json_out *o, const char *key, const char *value);
void json_out_u64(struct json_out *o, const char *key, uint64_t value);
void json_out_i64(struct json_out *o, const char *key, int64_t value);
void json_out_bool(struct json_out *o, const char *key, bool value);
void json_out_null(struct json_out *o, const char *key);
/* Thousandths as a decimal number: 1500 -> 1.5 */
void json_out_milli(struct json_out *o, const char *key, uint64_t milli);
void json_out_strv(struct json_out *o, const char *key, char *const *list);
void json_out_clear(struct json_out *o);

#endif
