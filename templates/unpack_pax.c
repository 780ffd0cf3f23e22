/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_pax.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Readers differ in what they make of a record that comes twice, is empty, holds
 * a NUL, or stands in a header for all entries (GNU tar applies those, libarchive
 * does not). An archive that is one thing to who looks it over and another to who
 * unpacks it is the aim (CVE-2025-62518); no archiver writes such records.
 */

enum use { FREE, NAME, LINK, SIZE, REAL_SIZE, MAJOR, DIGITS };

/* clang-format off */
/* What is listed may come once. Of all others the last is meant, by every reader. */
static const struct row {
	const char *key;
	enum use use;
} rows[] = {
	{ "path",                 NAME },
	{ "linkpath",             LINK },
	{ "size",                 SIZE },
	{ "uid",                  DIGITS },
	{ "gid",                  DIGITS },
	{ "mtime",                FREE },
	{ "hdrcharset",           FREE },
	{ "SCHILY.realsize",      REAL_SIZE },
	{ "GNU.sparse.name",      NAME },
	{ "GNU.sparse.major",     MAJOR },
	{ "GNU.sparse.minor",     DIGITS },
	{ "GNU.sparse.size",      DIGITS },
	{ "GNU.sparse.realsize",  DIGITS },
	{ "GNU.sparse.numblocks", DIGITS },
	{ "GNU.sparse.map",       FREE },
};

/* What says nothing of an entry, so that it may be said of all. */
static const char *const global_keys[] = {
	"comment", "GNU.volume.label", "SCHILY.archtype", "SCHILY.release",
};
/* clang-format on */

struct record {
	const char *key, *value;
	size_t key_len, value_len;
};

static void fault(struct unpack_pax *pax, const char *what, const struct record *r)
{
	if (pax->fault[0])
		return;
	snprintf(pax->fault, sizeof(pax->fault), "%s%s%.*s%s", what, r ? " '" : "",
		 r ? (int)(r->key_len < 60 ? r->key_len : 60) : 0, r ? r->key : "", r ? "'" : "");
}

static bool is_digits(const struct record *r, uint64_t *out)
{
	uint64_t n = 0;

	if (r->value_len == 0 || r->value_len > 19)
		return false;
	for (size_t i = 0; i < r->value_len; i++) {
		if (r->value[i] < '0' || r->value[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(r->value[i] - '0');
	}
	if (n > INT64_MAX)
		return false;
	*out = n;
	return true;
}

static void text_take(struct unpack_pax *pax, const struct row *row, const struct record *r)
{
	if (row->use == FREE)
		return;
	if (r->value_len == 0 || memchr(r->value, '\0', r->value_len)) {
		fault(pax, "its extended header has no proper", r);
		return;
	}
	if (row->use == NAME) {
		pax->has_name = true;
		pax->has_slash = r->value[r->value_len - 1] == '/';
	} else {
		pax->has_link = true;
	}
}

static void number_take(struct unpack_pax *pax, const struct row *row, const struct record *r)
{
	uint64_t n;

	if (!is_digits(r, &n)) {
		fault(pax, "its extended header has no proper", r);
	} else if (row->use == SIZE) {
		pax->has_size = true;
		pax->size = n;
	} else if (row->use == MAJOR) {
		pax->has_map_in_data = n == 1;
	} else if (row->use == REAL_SIZE) {
		pax->has_real_size = true;
		pax->real_size = n;
	}
}

static bool is_key(const struct record *r, const char *key)
{
	return strlen(key) == r->key_len && memcmp(key, r->key, r->key_len) == 0;
}

static void record_take(struct unpack_pax *pax, const struct record *r)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (!is_key(r, rows[i].key))
			continue;
		if (pax->seen & 1U << i)
			fault(pax, "its extended header says twice", r);
		pax->seen |= 1U << i;
		if (rows[i].use == NAME || rows[i].use == LINK || rows[i].use == FREE)
			text_take(pax, &rows[i], r);
		else
			number_take(pax, &rows[i], r);
		return;
	}
}

static void global_take(struct unpack_pax *pax, const struct record *r)
{
	for (size_t i = 0; i < N_ROWS(global_keys); i++) {
		if (is_key(r, global_keys[i]))
			return;
	}
	fault(pax, "a header for all entries must not set", r);
}

/* Bytes of the record at text, 0 where there is none. */
static size_t record_read(const char *text, size_t len, struct record *out)
{
	size_t n = 0, at = 0;
	const char *equals;

	while (at < len && at < 8 && text[at] >= '0' && text[at] <= '9')
		n = n * 10 + (size_t)(text[at++] - '0');
	if (at == 0 || at == len || text[at] != ' ' || n > len || n < at + 3 || text[n - 1] != '\n')
		return 0;
	equals = memchr(text + at + 1, '=', n - at - 2);
	if (!equals || equals == text + at + 1)
		return 0;
	out->key = text + at + 1;
	out->key_len = (size_t)(equals - out->key);
	out->value = equals + 1;
	out->value_len = (size_t)(text + n - 1 - out->value);
	return n;
}

static void records_take(struct unpack_pax *pax, char kind, const char *text, size_t len)
{
	while (len > 0) {
		struct record r;
		size_t n = record_read(text, len, &r);

		if (n == 0) {
			fault(pax, "it has a damaged extended header", NULL);
			return;
		}
		if (kind == 'g')
			global_take(pax, &r);
		else
			record_take(pax, &r);
		text += n;
		len -= n;
	}
}

static void long_take(struct unpack_pax *pax, bool *has, const char *text, size_t len)
{
	size_t end = strnlen(text, len);

	if (*has)
		fault(pax, "it has two long names", NULL);
	*has = true;
	if (end == 0)
		fault(pax, "it has an empty long name", NULL);
	for (size_t i = end; i < len; i++) {
		if (text[i] != '\0')
			fault(pax, "its long name holds a NUL", NULL);
	}
	if (has == &pax->has_long_name && end > 0)
		pax->has_slash = text[end - 1] == '/';
}

void pax_take(struct unpack_pax *pax, char kind, const char *text, size_t len)
{
	if (kind == 'L' || kind == 'K') {
		long_take(pax, kind == 'L' ? &pax->has_long_name : &pax->has_long_link, text, len);
	} else {
		if (kind == 'x' && pax->is_read)
			fault(pax, "it has two extended headers", NULL);
		pax->is_read = pax->is_read || kind == 'x';
		records_take(pax, kind, text, len);
	}
	if ((pax->has_long_name && pax->has_name) || (pax->has_long_link && pax->has_link))
		fault(pax, "it is named in two kinds of extended header", NULL);
}

bool pax_names(const struct unpack_pax *pax)
{
	return pax->has_name || pax->has_long_name;
}
