/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/* What of a text may reach a terminal. All are child-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the first character of s, which has n bytes, and its code; 0 where s does not begin
 * with valid UTF-8 (RFC 3629: no overlong form, no surrogate) or n is 0. */
size_t utf8_next(const char *s, size_t n, uint32_t *out_code);
/* Control characters of both sets, line separators, and those that turn the direction of text. */
bool utf8_is_control(uint32_t code);
/* Copies n bytes of text, with control characters and bytes that are no UTF-8 as \xHH. Writes at
 * most room bytes with the NUL, never a part of a character; returns the length. */
size_t utf8_escape(char *out, size_t room, const char *text, size_t n);

#endif
