/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Makes room for n more bytes and the NUL; growth doubles, so adding stays linear. */
static void reserve(struct str *s, size_t n)
{
	size_t need = s->len + n + 1;

	if (need <= s->room)
		return;
	s->room = need > 2 * s->room ? need : 2 * s->room;
	s->room = s->room > 32 ? s->room : 32;
	s->data = xreallocarray(s->data, s->room, 1);
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addn(struct str *s, const char *text, size_t n)
{
	reserve(s, n);
	if (n > 0)
		memcpy(s->data + s->len, text, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	enum { FIRST = 64 };
	va_list args;
	int n;

	/* Most pieces fit at once; a longer one is formatted again when its length is known. */
	reserve(s, FIRST);
	va_start(args, fmt);
	n = vsnprintf(s->data + s->len, FIRST + 1, fmt, args);
	va_end(args);
	if (n > FIRST) {
		reserve(s, (size_t)n);
		va_start(args, fmt);
		vsnprintf(s->data + s->len, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	s->len += n > 0 ? (size_t)n : 0;
	s->data[s->len] = '\0';
}

void str_add_printable(struct str *s, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c >= ' ' && c <= '~' && c != '\\')
			str_addc(s, text[i]);
		else
			str_addn(s, escape, sizeof(escape));
	}
}

void str_add_shown(struct str *s, const char *text, size_t n)
{
	/* A byte becomes four at most. */
	reserve(s, 4 * n + 1);
	s->len += utf8_escape(s->data + s->len, 4 * n + 2, text, n);
}

const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
	char *data = s->data ? TAKE_PTR(s->data) : xstrdup("");

	*s = (struct str){ 0 };
	return data;
}

void str_clear(struct str *s)
{
	free(s->data);
	*s = (struct str){ 0 };
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && strcmp(s + len - n, suffix) == 0;
}

bool str_is_clean(const char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		uint32_t code = 0;
		size_t step = utf8_next(s, left, &code);

		if (step == 0 || utf8_is_control(code))
			return false;
		s += step;
		left -= step;
	}
	return true;
}
