/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_out.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

static void add_line(struct json_out *o)
{
	if (o->compact)
		return;
	str_addc(&o->text, '\n');
	for (unsigned int i = 0; i < o->depth; i++)
		str_add(&o->text, "  ");
}

/* Characters that steer a terminal are escaped too, though JSON asks only for some of them. */
static void add_string(struct str *s, const char *text)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	size_t left = strlen(text);

	str_addc(s, '"');
	while (left > 0) {
		uint32_t code = 0xfffd;
		size_t step = utf8_next(text, left, &code);
		const char *found = code > 0 && code < 0x80 ? strchr(plain, (int)code) : NULL;

		if (found)
			str_addf(s, "\\%c", letters[found - plain]);
		else if (step == 0)
			str_add(s, "\xef\xbf\xbd");
		else if (utf8_is_control(code))
			str_addf(s, "\\u%04" PRIx32, code);
		else
			str_addn(s, text, step);
		step = step > 0 ? step : 1;
		text += step;
		left -= step;
	}
	str_addc(s, '"');
}

/* All that stands before a value. */
static void begin(struct json_out *o, const char *key)
{
	if (o->has_member)
		str_addc(&o->text, ',');
	if (o->depth > 0)
		add_line(o);
	if (key) {
		add_string(&o->text, key);
		str_add(&o->text, o->compact ? ":" : ": ");
	}
}

/* All that stands behind one. */
static void end(struct json_out *o)
{
	o->has_member = o->depth > 0;
	if (o->depth == 0 && !o->compact)
		str_addc(&o->text, '\n');
}

static void open_container(struct json_out *o, const char *key, char bracket)
{
	begin(o, key);
	str_addc(&o->text, bracket);
	o->depth++;
	o->has_member = false;
}

static void close_container(struct json_out *o, char bracket)
{
	o->depth--;
	if (o->has_member)
		add_line(o);
	str_addc(&o->text, bracket);
	end(o);
}

void json_out_object(struct json_out *o, const char *key)
{
	open_container(o, key, '{');
}

void json_out_array(struct json_out *o, const char *key)
{
	open_container(o, key, '[');
}

void json_out_end_object(struct json_out *o)
{
	close_container(o, '}');
}

void json_out_end_array(struct json_out *o)
{
	close_container(o, ']');
}

static void add_word(struct json_out *o, const char *key, const char *word)
{
	begin(o, key);
	str_add(&o->text, word);
	end(o);
}

void json_out_str(struct json_out *o, const char *key, const char *value)
{
	if (!value) {
		json_out_null(o, key);
		return;
	}
	begin(o, key);
	add_string(&o->text, value);
	end(o);
}

void json_out_u64(struct json_out *o, const char *key, uint64_t value)
{
	begin(o, key);
	str_addf(&o->text, "%" PRIu64, value);
	end(o);
}

void json_out_i64(struct json_out *o, const char *key, int64_t value)
{
	begin(o, key);
	str_addf(&o->text, "%" PRId64, value);
	end(o);
}

void json_out_bool(struct json_out *o, const char *key, bool value)
{
	add_word(o, key, value ? "true" : "false");
}

void json_out_null(struct json_out *o, const char *key)
{
	add_word(o, key, "null");
}

void json_out_milli(struct json_out *o, const char *key, uint64_t milli)
{
	char text[NUM_TEXT_MAX];

	add_word(o, key, num_milli_text(milli, text));
}

void json_out_strv(struct json_out *o, const char *key, char *const *list)
{
	json_out_array(o, key);
	for (size_t i = 0; list && list[i]; i++)
		json_out_str(o, NULL, list[i]);
	json_out_end_array(o);
}

void json_out_clear(struct json_out *o)
{
	str_clear(&o->text);
	*o = (struct json_out){ .compact = o->compact };
}
