/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/base64.h"

#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Digits, then what makes their number a multiple of four. */
bool base64_size(const char *text, size_t *out)
{
	size_t n = strspn(text, digits), pad = strspn(text + n, "=");
	char end = text[n + pad];

	if (n == 0 || pad > 2 || (n + pad) % 4 != 0 || (end != '\0' && end != ' '))
		return false;
	*out = (n + pad) / 4 * 3 - pad;
	return true;
}

bool base64_decode(const char *text, uint8_t *out, size_t n)
{
	uint32_t bits = 0;
	unsigned int n_bits = 0;

	for (size_t got = 0; got < n;) {
		const char *digit = *text ? strchr(digits, *text++) : NULL;

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		out[got++] = (uint8_t)(bits >> n_bits);
	}
	return true;
}

void base64_add(struct str *out, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (j < n ? bytes[i + j] : 0u);
		for (size_t j = 0; j < 4; j++)
			str_addc(out, j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=');
	}
}
