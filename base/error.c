/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Room for what a caller formats, before it is made printable and cut to size. */
enum { RAW_MAX = 2048 };

/* Puts raw into out, printable. What is too long loses its middle: the beginning says what was
 * done and to what, the end says why it failed. */
static void put(char *out, size_t size, const char *raw)
{
	static const char gap[] = "...";
	char clean[4 * (RAW_MAX + ERROR_TEXT_MAX)];
	size_t len = utf8_escape(clean, sizeof(clean), raw, strlen(raw));
	size_t head = (size - sizeof(gap)) / 2, tail = head;

	if (len < size) {
		memcpy(out, clean, len + 1);
		return;
	}
	/* Both cuts fall between characters, not inside one. */
	while (((unsigned char)clean[head] & 0xc0) == 0x80)
		head--;
	while (((unsigned char)clean[len - tail] & 0xc0) == 0x80)
		tail--;
	snprintf(out, size, "%.*s%s%s", (int)head, clean, gap, clean + len - tail);
}

__attribute__((format(printf, 2, 0)))
static size_t format(char raw[RAW_MAX], const char *fmt, va_list args)
{
	int n = vsnprintf(raw, RAW_MAX, fmt, args);

	if (n < 0)
		raw[0] = '\0';
	return strlen(raw);
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list args;

	va_start(args, fmt);
	format(raw, fmt, args);
	va_end(args);
	err->kind = kind;
	err->sys = 0;
	err->hint[0] = '\0';
	put(err->text, sizeof(err->text), raw);
	return -1;
}

static enum error_kind kind_of(int sys)
{
	switch (sys) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
		return ERR_RESOURCE;
	default:
		return ERR_FAILED;
	}
}

int error_sys(struct error *err, const char *fmt, ...)
{
	int sys = errno;
	char raw[RAW_MAX + ERROR_TEXT_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format(raw, fmt, args);
	va_end(args);
	snprintf(raw + len, sizeof(raw) - len, ": %s", strerror(sys));
	err->kind = kind_of(sys);
	err->sys = sys;
	err->hint[0] = '\0';
	put(err->text, sizeof(err->text), raw);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char raw[RAW_MAX + ERROR_TEXT_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format(raw, fmt, args);
	va_end(args);
	snprintf(raw + len, sizeof(raw) - len, ": %s", err->text);
	/* A failure that nobody described is still one: kind is the exit status. */
	if (err->kind == ERR_NONE)
		err->kind = ERR_FAILED;
	put(err->text, sizeof(err->text), raw);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list args;

	va_start(args, fmt);
	format(raw, fmt, args);
	va_end(args);
	put(err->hint, sizeof(err->hint), raw);
	return -1;
}

const char *error_code(enum error_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_FAILED:
		return "failed";
	case ERR_USAGE:
		return "usage";
	case ERR_NOT_FOUND:
		return "not-found";
	case ERR_STATE:
		return "wrong-state";
	case ERR_BUSY:
		return "busy";
	case ERR_EXISTS:
		return "exists";
	case ERR_RESOURCE:
		return "no-resource";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_PARTIAL:
		return "partial";
	}
	return "failed";
}
