/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/num.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads the digits at *text and moves it behind them; false when the value passes 64 bits. */
static bool take_digits(const char **text, uint64_t *out)
{
	bool fits = true;
	uint64_t value = 0;

	for (; is_digit(**text); (*text)++) {
		fits = fits && !__builtin_mul_overflow(value, 10, &value);
		fits = fits && !__builtin_add_overflow(value, **text - '0', &value);
	}
	*out = value;
	return fits;
}

int num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct error *err)
{
	const char *end = text;
	uint64_t value = 0;
	bool fits = take_digits(&end, &value);

	if (end == text || *end)
		return error_set(err, ERR_USAGE, "'%s' is no whole number", text);
	if (!fits || value > max)
		return error_set(err, ERR_USAGE, "%s is above %" PRIu64, text, max);
	if (value < min)
		return error_set(err, ERR_USAGE, "%s is below %" PRIu64, text, min);
	*out = value;
	return 0;
}

int num_count(const char *text, uint64_t *out, struct error *err)
{
	const char *end = text;
	uint64_t value = 0, unit = 1;
	bool fits = take_digits(&end, &value), is_number = end > text;

	if (is_number && (*end == 'k' || *end == 'K' || *end == 'M'))
		unit = *end++ == 'M' ? 1000000 : 1000;
	if (!is_number || *end)
		return error_set(err, ERR_USAGE, "'%s' is no whole number (as 200000 or 200k)",
				 text);
	if (!fits || __builtin_mul_overflow(value, unit, &value))
		return error_set(err, ERR_USAGE, "%s is above %" PRIu64, text, UINT64_MAX);
	*out = value;
	return 0;
}

static const struct unit {
	char letter;
	unsigned int shift;
} units[] = {
	{ 'T', 40 },
	{ 'G', 30 },
	{ 'M', 20 },
	{ 'K', 10 },
};

static const struct unit *unit_find(char letter)
{
	for (size_t i = 0; i < N_ROWS(units); i++)
		if (letter == units[i].letter || letter == units[i].letter + ('a' - 'A'))
			return &units[i];
	return NULL;
}

/* The whole part of 0.DIGITS * 2^shift, exact for any number of digits: dividing from the last
 * digit up, no division loses what a later one would need. */
static uint64_t fraction(const char *digits, size_t n, unsigned int shift)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = (value + ((uint64_t)(digits[n] - '0') << shift)) / 10;
	return value;
}

int num_size(const char *text, uint64_t *out, struct error *err)
{
	const char *at = text, *digits = NULL;
	const struct unit *unit = NULL;
	uint64_t value = 0, part = 0;
	size_t n_digits = 0;
	bool fits = take_digits(&at, &value);
	bool is_number = at > text;

	if (is_number && *at == '.') {
		digits = ++at;
		take_digits(&at, &part);
		n_digits = (size_t)(at - digits);
		is_number = n_digits > 0;
	}
	if (is_number && !*at && value == 0 && !digits) {
		*out = 0;
		return 0;
	}
	unit = unit_find(*at);
	if (!is_number || !unit || at[1])
		return error_set(err, ERR_USAGE,
				 "'%s' is no size (a number with K, M, G or T, as 512M)", text);
	fits = fits && !__builtin_mul_overflow(value, (uint64_t)1 << unit->shift, &value);
	part = fraction(digits, n_digits, unit->shift);
	if (!fits || __builtin_add_overflow(value, part, &value))
		return error_set(err, ERR_USAGE, "%s is above what 64 bits can count", text);
	*out = value;
	return 0;
}

int num_duration(const char *text, uint64_t *out_ms, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} rows[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	const char *at = text;
	uint64_t value = 0;
	bool fits = take_digits(&at, &value);

	for (size_t i = 0; at > text && i < N_ROWS(rows); i++) {
		if (strcmp(at, rows[i].name) != 0)
			continue;
		if (!fits || __builtin_mul_overflow(value, rows[i].ms, &value))
			return error_set(err, ERR_USAGE, "%s is too long a time", text);
		*out_ms = value;
		return 0;
	}
	return error_set(err, ERR_USAGE, "'%s' is no time (a number with ms, s, m or h, as 90s)",
			 text);
}

int num_milli(const char *text, uint64_t *out_milli, struct error *err)
{
	const char *at = text, *digits = NULL;
	uint64_t value = 0, part = 0;
	bool fits = take_digits(&at, &value);
	bool is_number = at > text;

	if (is_number && *at == '.') {
		digits = ++at;
		take_digits(&at, &part);
		is_number = at > digits && at <= digits + 3;
		for (const char *end = at; end < digits + 3; end++)
			part *= 10;
	}
	if (!is_number || *at)
		return error_set(err, ERR_USAGE,
				 "'%s' is no number with at most three decimal places", text);
	fits = fits && !__builtin_mul_overflow(value, 1000, &value);
	if (!fits || __builtin_add_overflow(value, part, &value))
		return error_set(err, ERR_USAGE, "%s is too large", text);
	*out_milli = value;
	return 0;
}

static const struct bit_unit {
	const char *name;
	uint64_t bytes;			/* a second */
} bit_units[] = {
	{ "gbit", 125000000 },
	{ "mbit", 125000 },
	{ "kbit", 125 },
};

int num_rate(const char *text, uint64_t *out, struct error *err)
{
	const char *at = text;
	struct error why = { 0 };
	uint64_t value = 0;
	bool fits = take_digits(&at, &value);

	for (size_t i = 0; at > text && i < N_ROWS(bit_units); i++) {
		if (strcmp(at, bit_units[i].name) != 0)
			continue;
		if (!fits || __builtin_mul_overflow(value, bit_units[i].bytes, &value))
			return error_set(err, ERR_USAGE, "%s is above what 64 bits can count",
					 text);
		*out = value;
		return 0;
	}
	if (num_size(text, out, &why) == 0)
		return 0;
	return error_set(err, ERR_USAGE,
			 "'%s' is no rate (a number with kbit, mbit or gbit, or K, M or G bytes "
			 "a second, as 10mbit)",
			 text);
}

char *num_rate_text(uint64_t bytes, char buf[NUM_TEXT_MAX])
{
	num_size_text(bytes, buf);
	for (size_t i = 0; bytes > 0 && i < N_ROWS(bit_units); i++) {
		char text[NUM_TEXT_MAX];

		if (bytes % bit_units[i].bytes != 0)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes / bit_units[i].bytes,
			 bit_units[i].name);
		if (strlen(text) <= strlen(buf) || strchr(buf, '.'))
			strcpy(buf, text);
		break;
	}
	return buf;
}

int num_mode(const char *text, uint32_t *out, struct error *err)
{
	size_t n = strspn(text, "01234567");
	uint32_t mode = 0;

	for (size_t i = 0; i < n && mode <= 07777; i++)
		mode = mode << 3 | (uint32_t)(text[i] - '0');
	if (n == 0 || text[n] || mode > 07777)
		return error_set(err, ERR_USAGE, "'%s' is no octal file mode, as 0755", text);
	*out = mode;
	return 0;
}

/* Writes bytes in unit with exactly n decimal places; false if it reads back otherwise. */
static bool size_text(uint64_t bytes, const struct unit *unit, int n, char buf[NUM_TEXT_MAX])
{
	uint64_t one = (uint64_t)1 << unit->shift, rest = bytes & (one - 1), scale = 1;
	char digits[NUM_TEXT_MAX];
	uint64_t up;

	if (n == 0) {
		snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "%c", bytes >> unit->shift, unit->letter);
		return rest == 0;
	}
	for (int i = 0; i < n; i++)
		scale *= 10;
	/* Upward: reading drops what is below a byte. */
	up = (rest * scale + one - 1) >> unit->shift;
	if (up >= scale)
		return false;
	snprintf(digits, sizeof(digits), "%0*" PRIu64, n, up);
	snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 ".%.8s%c", bytes >> unit->shift, digits,
		 unit->letter);
	return fraction(digits, (size_t)n, unit->shift) == rest;
}

char *num_size_text(uint64_t bytes, char buf[NUM_TEXT_MAX])
{
	/* 10^7 * 2^40 still fits 64 bits; four places of K already tell any byte from the next. */
	enum { PLACES_MAX = 7 };
	char text[NUM_TEXT_MAX];

	snprintf(buf, NUM_TEXT_MAX, "0");
	if (bytes == 0)
		return buf;
	buf[0] = '\0';
	for (int n = 0; n <= PLACES_MAX; n++)
		for (size_t i = 0; i < N_ROWS(units); i++)
			if (size_text(bytes, &units[i], n, text) &&
			    (!buf[0] || strlen(text) < strlen(buf)))
				memcpy(buf, text, sizeof(text));
	return buf;
}

char *num_size_human(uint64_t bytes, char buf[NUM_TEXT_MAX])
{
	static const char letters[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	/* From 999.5 on three digits would be rounded up to four. */
	for (; value >= 999.5; unit++)
		value /= 1024;
	if (unit > 0 && value < 9.95)
		snprintf(buf, NUM_TEXT_MAX, "%u.%u%c", (unsigned int)(value * 10 + 0.5) / 10,
			 (unsigned int)(value * 10 + 0.5) % 10, letters[unit]);
	else
		snprintf(buf, NUM_TEXT_MAX, "%u%c", (unsigned int)(value + 0.5), letters[unit]);
	return buf;
}

char *num_duration_human(uint64_t seconds, char buf[NUM_TEXT_MAX])
{
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days > 0)
		snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "d%" PRIu64 "h", days, hours % 24);
	else if (hours > 0)
		snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "h%02" PRIu64 "m", hours, minutes % 60);
	else if (minutes > 0)
		snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "m%02" PRIu64 "s", minutes, seconds % 60);
	else
		snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "s", seconds);
	return buf;
}

char *num_milli_text(uint64_t milli, char buf[NUM_TEXT_MAX])
{
	size_t n = (size_t)snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 ".%03u", milli / 1000,
				    (unsigned int)(milli % 1000));

	while (buf[n - 1] == '0')
		buf[--n] = '\0';
	if (buf[n - 1] == '.')
		buf[--n] = '\0';
	return buf;
}
