/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

/* Bytes as text (RFC 4648, 4). All are child-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* How many bytes the text stands for up to its end or a blank; false where it is no whole base64,
 * padding and all, or stands for nothing. */
bool base64_size(const char *text, size_t *out);
/* The first n bytes that the text stands for; false where it is too short. */
bool base64_decode(const char *text, uint8_t *out, size_t n);
/* Appends the text of the bytes, padded. */
void base64_add(struct str *out, const void *data, size_t len);

#endif
