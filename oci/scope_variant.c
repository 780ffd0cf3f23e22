/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values in the text form of GVariant, as far as properties of units go: scalars
 * and lists of them. A number without a type before it is an int32, or a double
 * when it has a point.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dbus.h"
#include "base/mem.h"
#include "oci/scope.h"

enum { SCALARS_MAX = 64, USEC_PER_SEC = 1000000 };

struct scalar {
	char type;			/* of a signature: s o g b y n q i u x t d */
	union {
		char *text;		/* of s, o and g; owned */
		uint64_t bits;		/* of whole numbers, negative ones too; of b */
		double real;
	};
};

/* clang-format off */
static const struct type_row {
	char type;
	const char *keyword;
	int64_t min;
	uint64_t max;			/* 0: no whole number */
	uint8_t size;			/* bytes of it in a message */
} types[] = {
	{ 'b', "boolean",    0,         0,          0 },
	{ 'y', "byte",       0,         UINT8_MAX,  1 },
	{ 'n', "int16",      INT16_MIN, INT16_MAX,  2 },
	{ 'q', "uint16",     0,         UINT16_MAX, 2 },
	{ 'i', "int32",      INT32_MIN, INT32_MAX,  4 },
	{ 'u', "uint32",     0,         UINT32_MAX, 4 },
	{ 'x', "int64",      INT64_MIN, INT64_MAX,  8 },
	{ 't', "uint64",     0,         UINT64_MAX, 8 },
	{ 'd', "double",     0,         0,          8 },
	{ 's', "string",     0,         0,          0 },
	{ 'o', "objectpath", 0,         0,          0 },
	{ 'g', "signature",  0,         0,          0 },
};
/* clang-format on */

static const struct type_row *find_type(char type)
{
	for (size_t i = 0; i < N_ROWS(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

static void skip_space(const char **at)
{
	while (isspace((unsigned char)**at))
		++*at;
}

/* Takes the word if it stands there whole. */
static bool take_word(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0 || isalnum((unsigned char)(*at)[len]))
		return false;
	*at += len;
	skip_space(at);
	return true;
}

static bool read_text(const char **at, struct scalar *out)
{
	char quote = **at;
	struct str text = { 0 };

	for (const char *c = *at + 1; *c; c++) {
		if (*c == quote) {
			*at = c + 1;
			out->text = str_take(&text);
			return true;
		}
		if (*c == '\\' && c[1])
			c++;
		str_addc(&text, *c);
	}
	str_clear(&text);
	return false;
}

static bool read_whole(const char **at, const struct type_row *row, struct scalar *out)
{
	bool is_negative = **at == '-';
	char *end;

	errno = 0;
	if (is_negative) {
		long long value = strtoll(*at, &end, 0);

		if (value < row->min)
			return false;
		out->bits = (uint64_t)value;
	} else {
		out->bits = strtoull(*at, &end, 0);
		if (out->bits > row->max)
			return false;
	}
	if (end == *at || errno != 0)
		return false;
	*at = end;
	return true;
}

static bool read_real(const char **at, struct scalar *out)
{
	char *end;

	out->real = strtod(*at, &end);
	if (end == *at || !isfinite(out->real))
		return false;
	*at = end;
	return true;
}

static bool is_real(const char *at)
{
	return strchr(".eE", at[strspn(at, "+-0123456789")]) && at[strspn(at, "+-0123456789")];
}

/* type 0: what it looks like. */
static bool read_scalar(const char **at, char type, struct scalar *out)
{
	*out = (struct scalar){ .type = type };
	for (size_t i = 0; type == 0 && i < N_ROWS(types); i++)
		if (take_word(at, types[i].keyword))
			return read_scalar(at, types[i].type, out);
	if (type == 0) {
		if (**at == '\'' || **at == '"')
			type = 's';
		else if (**at == 't' || **at == 'f')
			type = 'b';
		else
			type = is_real(*at) ? 'd' : 'i';
	}
	out->type = type;
	if (strchr("sog", type))
		return (**at == '\'' || **at == '"') && read_text(at, out);
	if (type == 'b') {
		out->bits = take_word(at, "true");
		return out->bits || take_word(at, "false");
	}
	return type == 'd' ? read_real(at, out) : read_whole(at, find_type(type), out);
}

static void put_scalar(struct str *props, const struct scalar *s)
{
	const uint8_t size = find_type(s->type)->size;

	if (s->type == 'g')
		dbus_put_sig(props, s->text);
	else if (strchr("so", s->type))
		dbus_put_str(props, s->text);
	else if (s->type == 'b' || size == 4)
		dbus_put_u32(props, (uint32_t)s->bits);
	else if (size == 8)
		dbus_put_u64(props, s->bits);	/* a double's bits too */
	else if (size == 1)
		dbus_put_byte(props, (uint8_t)s->bits);
	else
		dbus_put_u16(props, (uint16_t)s->bits);
}

struct value {
	bool is_list;
	char type;			/* of the scalars */
	struct scalar scalars[SCALARS_MAX];
	size_t n;
};

static void value_clear(struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (strchr("sog", v->scalars[i].type))
			free(TAKE_PTR(v->scalars[i].text));
	v->n = 0;
}

static bool read_list(const char **at, struct value *out)
{
	for (++*at; skip_space(at), **at != ']';) {
		if (out->n > 0 && *(*at)++ != ',')
			return false;
		skip_space(at);
		if (out->n == SCALARS_MAX || !read_scalar(at, out->type, &out->scalars[out->n]))
			return false;
		out->type = out->scalars[out->n++].type;
	}
	++*at;
	return out->type != 0;
}

/* "@as []" says the type of what would not tell it. */
static bool read_value(const char *text, struct value *out)
{
	const char *at = text;
	bool is_read;

	skip_space(&at);
	if (*at == '@') {
		out->is_list = *++at == 'a';
		at += out->is_list;
		out->type = *at;
		if (!find_type(out->type))
			return false;
		at++;
		skip_space(&at);
		if (out->is_list != (*at == '['))
			return false;
	}
	out->is_list = *at == '[';
	if (out->is_list) {
		is_read = read_list(&at, out);
	} else {
		is_read = read_scalar(&at, out->type, &out->scalars[0]);
		out->n = is_read;
		out->type = out->scalars[0].type;
	}
	skip_space(&at);
	return is_read && *at == '\0';
}

/* As the manual pages name it, systemd's own interface takes microseconds. */
static char *to_usec(const char *name, struct value *v)
{
	size_t stem = strlen(name) - strlen("Sec");
	struct scalar *s = &v->scalars[0];
	const struct type_row *row = find_type(v->type);

	if (!str_ends(name, "Sec") || !islower((unsigned char)name[stem - 1]) || v->is_list ||
	    row->size == 0)
		return xstrdup(name);
	if (v->type == 'd')
		s->bits = (uint64_t)(s->real * USEC_PER_SEC);
	else
		s->bits *= USEC_PER_SEC;
	s->type = v->type = 't';
	return xasprintf("%.*sUSec", (int)stem, name);
}

static int check_name(const char *name, struct error *err)
{
	for (const char *c = name; *c; c++)
		if (!isalpha((unsigned char)*c))
			return error_set(err, ERR_USAGE, "'%s' is no name of a property", name);
	if (strlen(name) <= strlen("Sec"))
		return error_set(err, ERR_USAGE, "'%s' is too short for a property", name);
	return 0;
}

static void put_value(struct str *props, const char *name, const struct value *v)
{
	const char signature[] = { 'a', v->type, '\0' };
	uint8_t size = find_type(v->type)->size;
	struct dbus_array array;

	dbus_put_struct(props);
	dbus_put_str(props, name);
	dbus_put_sig(props, v->is_list ? signature : signature + 1);
	if (!v->is_list) {
		put_scalar(props, &v->scalars[0]);
		return;
	}
	/* Texts and truths begin with 32 bits, signatures with a byte. */
	array = dbus_put_array(props, size > 0 ? size : v->type == 'g' ? 1 : 4);
	for (size_t i = 0; i < v->n; i++)
		put_scalar(props, &v->scalars[i]);
	dbus_end_array(props, array);
}

int scope_property(struct str *props, const char *name, const char *text, struct error *err)
{
	struct value v = { .n = 0 };
	AUTO_FREE char *property = NULL;
	bool is_read;

	if (check_name(name, err) < 0)
		return -1;
	is_read = read_value(text, &v);
	if (is_read) {
		property = to_usec(name, &v);
		put_value(props, property, &v);
	}
	value_clear(&v);
	if (is_read)
		return 0;
	error_set(err, ERR_USAGE, "'%s' is no value that is known here", text);
	return error_hint(err, "as 'text', true, uint64 5, ['a', 'b']");
}
