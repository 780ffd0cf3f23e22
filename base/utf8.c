/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

#include <string.h>

#include "base/cleanup.h"

/* By the first byte, where others follow: how many there are, and the smallest code that needs so
 * many. */
static const struct lead {
	unsigned char mask, bits;
	size_t len;
	uint32_t min;
} leads[] = {
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

size_t utf8_next(const char *s, size_t n, uint32_t *out_code)
{
	const unsigned char *u = (const unsigned char *)s;
	const struct lead *lead = leads;
	uint32_t code;

	if (n == 0)
		return 0;
	/* Nearly all there is. */
	if (u[0] < 0x80) {
		*out_code = u[0];
		return 1;
	}
	while (lead < leads + N_ROWS(leads) && (u[0] & lead->mask) != lead->bits)
		lead++;
	if (lead == leads + N_ROWS(leads) || lead->len > n)
		return 0;
	code = u[0] & (unsigned char)~lead->mask;
	for (size_t i = 1; i < lead->len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (u[i] & 0x3f);
	}
	if (code < lead->min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out_code = code;
	return lead->len;
}

bool utf8_is_control(uint32_t code)
{
	/* U+202E and its like show a name backward (CVE-2021-42574). */
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

size_t utf8_escape(char *out, size_t room, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (size_t i = 0; i < n;) {
		uint32_t code = 0;
		size_t step = utf8_next(text + i, n - i, &code);
		bool is_shown = step > 0 && !utf8_is_control(code);

		step = step > 0 ? step : 1;
		if (len + (is_shown ? step : 4 * step) >= room)
			break;
		for (size_t end = i + step; i < end; i++) {
			unsigned char c = (unsigned char)text[i];

			if (is_shown) {
				out[len++] = text[i];
				continue;
			}
			memcpy(out + len, (char[]){ '\\', 'x', hex[c >> 4], hex[c & 15] }, 4);
			len += 4;
		}
	}
	out[len] = '\0';
	return len;
}
