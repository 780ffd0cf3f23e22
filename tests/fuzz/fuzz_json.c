/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_out *o, const struct json *j)
{
	uint64_t number = 0;
	struct error err;

	switch (j->type) {
	case JSON_NULL:
		json_out_null(o, j->key);
		break;
	case JSON_BOOL:
		json_out_bool(o, j->key, j->truth);
		break;
	case JSON_NUMBER:
		if (json_u64(j, "fuzz", 0, UINT64_MAX, &number, &err) == 0)
			json_out_u64(o, j->key, number);
		else
			json_out_str(o, j->key, j->text);
		break;
	case JSON_STRING:
		json_out_str(o, j->key, j->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		(j->type == JSON_ARRAY ? json_out_array : json_out_object)(o, j->key);
		for (const struct json *child = j->first; child; child = child->next)
			write_value(o, child);
		(j->type == JSON_ARRAY ? json_out_end_array : json_out_end_object)(o);
		break;
	}
}

/* Every text is refused with a printable message, or what is written from it reads back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_limits wide = { .size = 16 << 20, .depth = JSON_DEPTH_MAX };
	struct error err = { 0 };
	struct json *again = NULL, *root = json_parse("fuzz", (const char *)data, size, NULL, &err);
	struct json_out o = { .compact = size % 2 == 0 };

	if (!root) {
		if (err.kind != ERR_USAGE || !str_is_clean(err.text))
			abort();
		return 0;
	}
	write_value(&o, root);
	again = json_parse("again", o.text.data, o.text.len, &wide, &err);
	if (!again || again->type != (root->type == JSON_NUMBER ? again->type : root->type))
		abort();
	json_free(again);
	json_free(root);
	json_out_clear(&o);
	return 0;
}
