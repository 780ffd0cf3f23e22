/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"

static const char *const type_names[] = {
	[JSON_NULL] = "null",
	[JSON_BOOL] = "true or false",
	[JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string",
	[JSON_ARRAY] = "an array",
	[JSON_OBJECT] = "an object",
};

void json_free(struct json *j)
{
	struct json *at = j;

	/* Without recursion: a child is taken out of its list and freed before its parent. */
	while (at) {
		struct json *child = at->first, *up = at == j ? NULL : at->parent;

		if (child) {
			at->first = child->next;
			at = child;
			continue;
		}
		free(at->text);
		free(at->key);
		free(at);
		at = up;
	}
}

void json_free_ptr(struct json **j)
{
	json_free(*j);
}

struct parser {
	const char *name, *text;	/* borrowed */
	size_t len;
	unsigned int depth, depth_max;
	yajl_handle yajl;
	bool is_complete;		/* all text was given to yajl */

	size_t at;			/* behind the last token, or on the present one */
	unsigned int line, column;	/* of at */

	struct json *root;		/* owned */
	struct json *open;		/* the container that is being filled, or NULL */
	struct json *last;		/* its last child so far */
	char *key;			/* of the next child, owned */
	struct error *err;
};

/* Counts lines and characters up to offset; the text is counted once over the whole parse. */
static void move_to(struct parser *p, size_t offset)
{
	for (; p->at < offset && p->at < p->len; p->at++) {
		if (p->text[p->at] == '\n') {
			p->line++;
			p->column = 1;
		} else if (((unsigned char)p->text[p->at] & 0xc0) != 0x80) {
			p->column++;
		}
	}
}

/* yajl tells only where a token ends. Between two tokens that it reports stand white space, commas
 * and colons, so this one begins behind those. */
static size_t token_start(const struct parser *p)
{
	static const char between[] = " \t\r\n,:";
	size_t offset = p->at;

	while (offset < p->len && memchr(between, p->text[offset], strlen(between)))
		offset++;
	return offset;
}

static void move_to_token(struct parser *p)
{
	move_to(p, token_start(p));
}

static size_t token_end(const struct parser *p)
{
	return p->is_complete ? p->len : yajl_get_bytes_consumed(p->yajl);
}

/* Says what is wrong here; returns what makes yajl stop. */
static int fault(struct parser *p, const char *what)
{
	error_set(p->err, ERR_USAGE, "%s:%u:%u: %s", p->name, p->line, p->column, what);
	return 0;
}

/* Adds a value where the parse stands; the caller moves on behind the token. */
static struct json *add(struct parser *p, enum json_type type)
{
	struct json *j = xcalloc(1, sizeof(*j));

	j->type = type;
	j->line = p->line;
	j->column = p->column;
	j->parent = p->open;
	j->key = TAKE_PTR(p->key);
	if (p->last)
		p->last->next = j;
	else if (p->open)
		p->open->first = j;
	else
		p->root = j;
	p->last = j;
	return j;
}

static int on_null(void *ctx)
{
	struct parser *p = ctx;

	move_to_token(p);
	add(p, JSON_NULL);
	move_to(p, token_end(p));
	return 1;
}

static int on_bool(void *ctx, int truth)
{
	struct parser *p = ctx;

	move_to_token(p);
	add(p, JSON_BOOL)->truth = truth != 0;
	move_to(p, token_end(p));
	return 1;
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct parser *p = ctx;
	struct json *j = NULL;

	move_to_token(p);
	j = add(p, JSON_NUMBER);
	j->text = xstrndup(text, len);
	j->len = len;
	move_to(p, token_end(p));
	return 1;
}

/* The number that follows a "\u", or -1. */
static long escape_code(const char *s, const char *end)
{
	char digits[5] = "";

	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(digits, s + 2, 4);
	return strtol(digits, NULL, 16);
}

/* True if half of a surrogate pair stands in the token; yajl would make it a question mark, and
 * two texts that differ would read the same. */
static bool has_half_pair(const char *s, const char *end)
{
	while (s < end) {
		long code = escape_code(s, end);

		if (code >= 0xd800 && code <= 0xdbff) {
			code = escape_code(s + 6, end);
			if (code < 0xdc00 || code > 0xdfff)
				return true;
			s += 12;
			continue;
		}
		if (code >= 0xdc00 && code <= 0xdfff)
			return true;
		s += *s == '\\' ? 2 : 1;
	}
	return false;
}

static int check_string(struct parser *p, const char *text, size_t len)
{
	if (len > 0 && memchr(text, '\0', len))
		return fault(p, "a string must not hold a NUL character");
	if (has_half_pair(p->text + p->at, p->text + token_end(p)))
		return fault(p, "half of a surrogate pair");
	return 1;
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct parser *p = ctx;
	struct json *j = NULL;

	move_to_token(p);
	if (!check_string(p, (const char *)text, len))
		return 0;
	j = add(p, JSON_STRING);
	j->text = xstrndup((const char *)text, len);
	j->len = len;
	move_to(p, token_end(p));
	return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct parser *p = ctx;

	move_to_token(p);
	if (!check_string(p, (const char *)text, len))
		return 0;
	p->key = xstrndup((const char *)text, len);
	move_to(p, token_end(p));
	return 1;
}

static int begin(struct parser *p, enum json_type type)
{
	move_to_token(p);
	if (p->depth == p->depth_max) {
		error_set(p->err, ERR_USAGE, "%s:%u:%u: nested deeper than %u levels", p->name,
			  p->line, p->column, p->depth_max);
		return 0;
	}
	p->open = add(p, type);
	p->last = NULL;
	p->depth++;
	move_to(p, token_end(p));
	return 1;
}

static int end(struct parser *p)
{
	move_to(p, token_end(p));
	p->last = p->open;
	p->open = p->open->parent;
	p->depth--;
	return 1;
}

static size_t count(const struct json *container)
{
	size_t n = 0;

	for (const struct json *j = container->first; j; j = j->next)
		n++;
	return n;
}

size_t json_len(const struct json *j)
{
	return j ? count(j) : 0;
}

/* By key, and where keys are equal by place. */
static int compare_keys(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int order = strcmp(x->key, y->key);

	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	if (order == 0)
		order = (x->column > y->column) - (x->column < y->column);
	return order;
}

/* Sorted, so that a hostile text with many keys costs no square of their number. */
static int check_keys(struct parser *p, const struct json *object)
{
	size_t n = count(object), i = 0;
	AUTO_FREE const struct json **members = xcalloc(n, sizeof(*members));

	for (const struct json *j = object->first; j; j = j->next)
		members[i++] = j;
	qsort(members, n, sizeof(*members), compare_keys);
	for (i = 1; i < n; i++) {
		if (strcmp(members[i - 1]->key, members[i]->key) != 0)
			continue;
		json_error(members[i], p->name, p->err, "this key stands here twice");
		return 0;
	}
	return 1;
}

static int on_object(void *ctx)
{
	return begin(ctx, JSON_OBJECT);
}

static int on_object_end(void *ctx)
{
	struct parser *p = ctx;

	return check_keys(p, p->open) && end(p);
}

static int on_array(void *ctx)
{
	return begin(ctx, JSON_ARRAY);
}

static int on_array_end(void *ctx)
{
	return end(ctx);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

static void *yajl_mem_get(void *ctx, size_t size)
{
	(void)ctx;
	return xreallocarray(NULL, size, 1);
}

static void *yajl_mem_resize(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	return xreallocarray(ptr, size, 1);
}

static void yajl_mem_free(void *ctx, void *ptr)
{
	(void)ctx;
	free(ptr);
}

/* Turns yajl's "parse error: what\n" into a line of ours. */
static void syntax_fault(struct parser *p)
{
	unsigned char *said = yajl_get_error(p->yajl, 0, NULL, 0);
	const char *colon = strstr((const char *)said, ": "), *what = NULL;
	AUTO_FREE char *line = NULL;
	size_t ended = token_end(p), start = token_start(p);

	what = colon ? colon + 2 : (const char *)said;
	line = xstrndup(what, strcspn(what, ".\n"));
	if (p->is_complete)
		start = p->len;
	else if (ended > p->at && start >= ended)
		start = ended - 1;
	move_to(p, start);
	if (p->is_complete)
		fault(p, p->root && !p->open ? "trailing garbage" : "the text ends too early");
	else
		fault(p, line);
	yajl_free_error(p->yajl, said);
}

static int parse(struct parser *p)
{
	static const yajl_alloc_funcs memory = {
		.malloc = yajl_mem_get, .realloc = yajl_mem_resize, .free = yajl_mem_free,
	};
	yajl_alloc_funcs mine = memory;
	yajl_status status;

	p->yajl = yajl_alloc(&callbacks, &mine, p);
	status = yajl_parse(p->yajl, (const unsigned char *)p->text, p->len);
	if (status == yajl_status_ok) {
		p->is_complete = true;
		status = yajl_complete_parse(p->yajl);
	}
	if (status == yajl_status_error)
		syntax_fault(p);
	yajl_free(p->yajl);
	return status == yajl_status_ok ? 0 : -1;
}

static const struct json_limits default_limits = { .size = JSON_SIZE_MAX, .depth = JSON_DEPTH_MAX };

struct json *json_parse(const char *name, const char *text, size_t len,
			const struct json_limits *limits, struct error *err)
{
	struct parser p = {
		.name = name, .text = text, .len = len, .line = 1, .column = 1, .err = err,
	};
	int status;

	limits = limits ? limits : &default_limits;
	p.depth_max = limits->depth;
	if (len > limits->size) {
		error_set(err, ERR_USAGE, "%s: longer than %zu bytes", name, limits->size);
		return NULL;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		fault(&p, "begins with a byte order mark (save it as UTF-8 without one)");
		return NULL;
	}
	status = parse(&p);
	free(p.key);
	if (status == 0)
		return p.root;
	json_free(p.root);
	return NULL;
}

struct json *json_read(int fd, const char *name, const struct json_limits *limits,
		       struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (fd_read_all(fd, limits ? limits->size : default_limits.size, &text, &len, err) < 0) {
		error_wrap(err, "%s", name);
		return NULL;
	}
	return json_parse(name, text, len, limits, err);
}

const struct json *json_get(const struct json *j, const char *key)
{
	if (!j || j->type != JSON_OBJECT)
		return NULL;
	for (j = j->first; j; j = j->next)
		if (strcmp(j->key, key) == 0)
			return j;
	return NULL;
}

/* "net[0].mtu", nothing for the root. As deep as the parse allows. */
static void add_path(struct str *s, const struct json *j)
{
	size_t index = 0;

	if (!j->parent)
		return;
	add_path(s, j->parent);
	if (j->key) {
		str_addf(s, "%s%s", s->len > 0 ? "." : "", j->key);
		return;
	}
	for (const struct json *at = j->parent->first; at != j; at = at->next)
		index++;
	str_addf(s, "[%zu]", index);
}

int json_error(const struct json *j, const char *name, struct error *err, const char *fmt, ...)
{
	AUTO_STR struct str path = { 0 };
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!j)
		return error_set(err, ERR_USAGE, "%s: %s", name, text);
	add_path(&path, j);
	if (path.len > 0)
		str_add(&path, ": ");
	return error_set(err, ERR_USAGE, "%s:%u:%u: %s%s", name, j->line, j->column,
			 str_text(&path), text);
}

static int check_type(const struct json *j, const char *name, enum json_type type,
		      struct error *err)
{
	if (j && j->type == type)
		return 0;
	return json_error(j, name, err, "expected %s, found %s", type_names[type],
			  j ? type_names[j->type] : "nothing");
}

int json_str(const struct json *j, const char *name, const char **out, struct error *err)
{
	if (check_type(j, name, JSON_STRING, err) < 0)
		return -1;
	*out = j->text;
	return 0;
}

int json_bool(const struct json *j, const char *name, bool *out, struct error *err)
{
	if (check_type(j, name, JSON_BOOL, err) < 0)
		return -1;
	*out = j->truth;
	return 0;
}

int json_u64(const struct json *j, const char *name, uint64_t min, uint64_t max, uint64_t *out,
	     struct error *err)
{
	struct error cause = { 0 };

	if (check_type(j, name, JSON_NUMBER, err) < 0)
		return -1;
	if (j->text[0] == '-' && strspn(j->text + 1, "0123456789") == j->len - 1)
		return json_error(j, name, err, "%s is below %" PRIu64, j->text, min);
	if (num_u64(j->text, min, max, out, &cause) < 0)
		return json_error(j, name, err, "%s", cause.text);
	return 0;
}

int json_i64(const struct json *j, const char *name, int64_t min, int64_t max, int64_t *out,
	     struct error *err)
{
	struct error cause = { 0 };
	bool is_negative = false;
	uint64_t size = 0;

	if (check_type(j, name, JSON_NUMBER, err) < 0)
		return -1;
	is_negative = j->text[0] == '-';
	if (strspn(j->text + is_negative, "0123456789") != j->len - is_negative)
		return json_error(j, name, err, "'%s' is no whole number", j->text);
	/* What 64 bits cannot hold is beyond both ends. */
	if (num_u64(j->text + is_negative, 0, UINT64_MAX, &size, &cause) < 0)
		size = UINT64_MAX;
	if (is_negative ? size > (uint64_t)INT64_MAX + 1 || (int64_t)(0 - size) < min
			: size <= INT64_MAX && (int64_t)size < min)
		return json_error(j, name, err, "%s is below %" PRId64, j->text, min);
	if (is_negative ? (int64_t)(0 - size) > max : size > INT64_MAX || (int64_t)size > max)
		return json_error(j, name, err, "%s is above %" PRId64, j->text, max);
	*out = is_negative ? (int64_t)(0 - size) : (int64_t)size;
	return 0;
}

int json_strv(const struct json *j, const char *name, char ***out, struct error *err)
{
	AUTO_STRV char **list = NULL;

	if (check_type(j, name, JSON_ARRAY, err) < 0)
		return -1;
	/* Sized at once: strv_add() would count the list again for every member. */
	list = xcalloc(count(j) + 1, sizeof(*list));
	j = j->first;
	for (size_t i = 0; j; j = j->next, i++) {
		if (check_type(j, name, JSON_STRING, err) < 0)
			return -1;
		list[i] = xstrdup(j->text);
	}
	*out = TAKE_PTR(list);
	return 0;
}
