/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

/* A growing string. data is always NUL-ended, also when nothing was added. */

#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data;		/* owned; read it through str_text() */
	size_t len;		/* bytes before the NUL */
	size_t room;
};

#define AUTO_STR __attribute__((cleanup(str_clear)))

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull));
/* Appends text with everything outside printable ASCII (and the backslash) as \xHH,
 * so that names chosen by a zone or an archive cannot drive a terminal. */
void str_add_printable(struct str *s, const char *text, size_t n);
/* Appends text with control characters and bytes that are no UTF-8 as \xHH, all else as it is. */
void str_add_shown(struct str *s, const char *text, size_t n);
/* The text, "" for an empty value; borrowed. */
const char *str_text(const struct str *s);
/* Gives the buffer away (never NULL); *s is empty afterwards. */
char *str_take(struct str *s);
void str_clear(struct str *s);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* True if every byte is printable ASCII or part of valid UTF-8, and none a control character. */
bool str_is_clean(const char *s);

#endif
