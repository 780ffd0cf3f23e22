/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/setup_text.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define BLANKS " \t"

/* The comments around lines of ours. */
struct fence {
	const char *begin, *end;
};

static const struct fence block_fence = {
	"# zonectl: begin (rewritten when the zone's properties change)", "# zonectl: end",
};
static const struct fence peers_fence = {
	"# zonectl: zones that are up (rewritten as they come and go)", "# zonectl: end of zones",
};

bool line_next(const char **at, struct line *out)
{
	if (!**at)
		return false;
	out->text = *at;
	out->len = strcspn(*at, "\n");
	*at += out->len + ((*at)[out->len] == '\n');
	return true;
}

struct line line_word(const struct line *l, size_t n)
{
	const char *at = l->text, *end = l->text + l->len;

	for (;; n--) {
		const char *start;

		while (at < end && strchr(BLANKS, *at))
			at++;
		start = at;
		while (at < end && !strchr(BLANKS, *at))
			at++;
		if (n == 0 || start == end)
			return (struct line){ start, (size_t)(at - start) };
	}
}

bool line_is(const struct line *l, const char *text)
{
	return strlen(text) == l->len && memcmp(l->text, text, l->len) == 0;
}

static void add_line(struct str *out, const struct line *l)
{
	str_addn(out, l->text, l->len);
	str_addc(out, '\n');
}

/* Where our lines end, after their last; a beginning without an end, which somebody took away, is
 * one line. */
static const char *skip_block(const struct fence *f, const char *after_begin)
{
	const char *at = after_begin;
	struct line l;

	while (line_next(&at, &l))
		if (line_is(&l, f->end))
			return at;
	return after_begin;
}

static void add_block(struct str *out, const struct fence *f, const char *body)
{
	if (*body)
		str_addf(out, "%s\n%s%s\n", f->begin, body, f->end);
}

static char *put_block(const struct fence *f, const char *old, const char *body)
{
	struct str out = { 0 };
	bool is_placed = false;
	struct line l;

	while (line_next(&old, &l)) {
		if (!line_is(&l, f->begin)) {
			add_line(&out, &l);
			continue;
		}
		old = skip_block(f, old);
		if (!is_placed)
			add_block(&out, f, body);
		is_placed = true;
	}
	if (!is_placed)
		add_block(&out, f, body);
	return str_take(&out);
}

char *setup_text_block(const char *old, const char *body)
{
	return put_block(&block_fence, old, body);
}

char *setup_text_peers(const char *old, const char *body)
{
	return put_block(&peers_fence, old, body);
}

static bool is_assignment(const struct line *l, const char *name)
{
	const char *at = l->text, *end = l->text + l->len;
	size_t n = strlen(name);

	while (at < end && strchr(BLANKS, *at))
		at++;
	if ((size_t)(end - at) > strlen("export ") && strncmp(at, "export ", 7) == 0)
		at += strlen("export ");
	return (size_t)(end - at) > n && strncmp(at, name, n) == 0 && at[n] == '=';
}

char *setup_text_assign(const char *old, const char *name, const char *value, bool add)
{
	size_t count = 0, seen = 0;
	struct str out = { 0 };
	struct line l;

	for (const char *at = old; line_next(&at, &l);)
		count += is_assignment(&l, name);
	if (count == 0 && !add)
		return NULL;
	while (line_next(&old, &l)) {
		if (is_assignment(&l, name) && ++seen == count)
			str_addf(&out, "%s=\"%s\"\n", name, value);
		else
			add_line(&out, &l);
	}
	if (count == 0)
		str_addf(&out, "%s=\"%s\"\n", name, value);
	return str_take(&out);
}

/* True if the line is the record of key and has field n, which is then *out. */
static bool find_field(const struct line *l, const char *key, size_t n, struct line *out)
{
	const char *at = l->text, *end = l->text + l->len;

	for (size_t i = 0;; i++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		*out = (struct line){ at, (size_t)((colon ? colon : end) - at) };
		if (i == 0 && !line_is(out, key))
			return false;
		if (i == n)
			return true;
		if (!colon)
			return false;
		at = colon + 1;
	}
}

char *setup_text_field(const char *old, const char *key, size_t n, const char *value)
{
	struct str out = { 0 };
	bool is_set = false;
	struct line l, field;

	while (line_next(&old, &l)) {
		if (is_set || !find_field(&l, key, n, &field)) {
			add_line(&out, &l);
			continue;
		}
		str_addn(&out, l.text, (size_t)(field.text - l.text));
		str_add(&out, value);
		str_addn(&out, field.text + field.len,
			 l.len - (size_t)(field.text - l.text) - field.len);
		str_addc(&out, '\n');
		is_set = true;
	}
	if (is_set)
		return str_take(&out);
	str_clear(&out);
	return NULL;
}

char *setup_text_get(const char *text, const char *key, size_t n)
{
	struct line l, field;

	while (line_next(&text, &l))
		if (find_field(&l, key, n, &field))
			return xstrndup(field.text, field.len);
	return NULL;
}
