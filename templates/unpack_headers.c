/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_headers.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

/* Where the fields of a header are (tar(5)). */
enum {
	NAME_AT = 0, NAME_LEN = 100,
	SIZE_AT = 124, SIZE_LEN = 12,
	SUM_AT = 148, SUM_LEN = 8,
	KIND_AT = 156,
	MAGIC_AT = 257,
	IS_EXTENDED_AT = 482,		/* GNU: the map of holes goes on in the next record */
	GOES_ON_AT = 504,		/* and on */
};

enum {
	TEXT_MAX = 1 << 20,		/* libarchive takes no longer one */
	EXTENTS_MAX = 65536,		/* about 100 bytes of memory each */
	EXTENTS_A_RECORD = 21,		/* of the map in GNU's old format */
};

#define OCTAL_MAX (UINT64_C(1) << 33)	/* from here on a size has no room in its field */

static const char gnu_magic[] = "ustar  ";

/* Leading blanks, octal digits, then a blank, a NUL or the end; or base 256, not negative. */
static bool size_read(const char *field, size_t len, uint64_t *out)
{
	uint64_t n = 0;
	size_t i = 0;

	if ((unsigned char)field[0] == 0x80) {
		for (i = 1; i < len; i++) {
			if (n >> 55)
				return false;
			n = n << 8 | (unsigned char)field[i];
		}
		*out = n;
		return true;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(field[i] - '0');
	*out = n;
	return i == len || field[i] == ' ' || field[i] == '\0';
}

/* As POSIX has it, of unsigned bytes, or as old programs summed, of signed ones. */
static bool is_sum_right(const char *block)
{
	uint64_t want;
	long sum = 0, sum_signed = 0;

	for (size_t i = 0; i < HEADERS_RECORD; i++) {
		bool is_sum = i >= SUM_AT && i < SUM_AT + SUM_LEN;

		sum += is_sum ? ' ' : (unsigned char)block[i];
		sum_signed += is_sum ? ' ' : (signed char)block[i];
	}
	return size_read(block + SUM_AT, SUM_LEN, &want) &&
	       ((uint64_t)sum == want || (sum_signed >= 0 && (uint64_t)sum_signed == want));
}

static bool is_zero(const char *block)
{
	return block[0] == '\0' && memcmp(block, block + 1, HEADERS_RECORD - 1) == 0;
}

static uint64_t padded(uint64_t size)
{
	return (size + HEADERS_RECORD - 1) / HEADERS_RECORD * HEADERS_RECORD;
}

static void place_add(struct unpack_places *p, uint64_t position)
{
	if (p->first == p->n)
		p->first = p->n = 0;
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->at = xreallocarray(p->at, p->room, sizeof(*p->at));
	}
	p->at[p->n++] = position;
}

static void entry_fault(struct unpack_headers *h, const char *why)
{
	if (!h->fault[0])
		strcpy(h->fault, why);
}

static bool has_slash(const struct unpack_headers *h)
{
	const char *name = h->block + NAME_AT;
	size_t len = strnlen(name, NAME_LEN);

	if (pax_names(&h->pax))
		return h->pax.has_slash;
	return len > 0 && name[len - 1] == '/';
}

static void size_check(struct unpack_headers *h, uint64_t own, uint64_t size, bool is_file)
{
	const struct unpack_pax *pax = &h->pax;

	/* Archivers write a size there when it has no room in the field. */
	if (pax->has_size && pax->size != own && pax->size < OCTAL_MAX)
		entry_fault(h, "its two headers give different sizes");
	if (pax->has_real_size && pax->real_size != size && h->block[KIND_AT] != 'S')
		entry_fault(h, "its two headers give different sizes");
	if (!is_file && (own > 0 || size > 0))
		entry_fault(h, "it is no file and has data");
	if (is_file && size > 0 && has_slash(h))
		entry_fault(h, "it is named as a directory and has data");
}

static bool is_file_kind(const struct unpack_headers *h)
{
	char kind = h->block[KIND_AT];

	if (kind == 'S')
		return memcmp(h->block + MAGIC_AT, gnu_magic, sizeof(gnu_magic)) == 0;
	return kind == '0' || kind == '\0' || kind == '7';
}

static void entry_take(struct unpack_headers *h, uint64_t own)
{
	uint64_t size = h->pax.has_size ? h->pax.size : own;
	char kind = h->block[KIND_AT];
	bool is_file = is_file_kind(h);

	place_add(&h->places, h->start);
	if (h->pax.fault[0])
		entry_fault(h, h->pax.fault);
	if (!is_file && (kind < '1' || kind > '6'))
		entry_fault(h, "an entry of an unknown kind is refused");
	size_check(h, own, size, is_file);
	h->pass = is_file ? padded(size) : 0;
	h->state = h->fault[0] ? IS_LOST : AT_HEADER;
	h->extents = 0;
	if (kind == 'S' && h->block[IS_EXTENDED_AT] && h->state == AT_HEADER)
		h->state = IN_SPARSE_MAP;
	else if (h->pax.has_map_in_data && h->pass > 0 && h->state == AT_HEADER)
		h->state = AT_SPARSE_COUNT;
	h->pax = (struct unpack_pax){ 0 };
	h->has_start = false;
}

static void extents_check(struct unpack_headers *h)
{
	if (h->extents <= EXTENTS_MAX)
		return;
	h->is_too_much = true;
	entry_fault(h, "it has a sparse file of more than 65536 parts");
	h->state = IS_LOST;
}

/* The map of GNU's format 1.0 stands before the data and begins with the number of its parts. */
static void count_take(struct unpack_headers *h)
{
	h->pass -= HEADERS_RECORD;
	h->state = AT_HEADER;
	for (size_t i = 0; i < HEADERS_RECORD && h->block[i] >= '0' && h->block[i] <= '9'; i++) {
		if (h->extents <= EXTENTS_MAX)
			h->extents = h->extents * 10 + (uint64_t)(h->block[i] - '0');
	}
	extents_check(h);
}

static void map_take(struct unpack_headers *h)
{
	h->extents += EXTENTS_A_RECORD;
	if (!h->block[GOES_ON_AT])
		h->state = AT_HEADER;
	extents_check(h);
}

static void text_end(struct unpack_headers *h)
{
	pax_take(&h->pax, h->kind, str_text(&h->text), h->text.len);
	h->text.len = 0;
	h->state = AT_HEADER;
}

static void header_take(struct unpack_headers *h)
{
	uint64_t size;

	/* What is damaged libarchive refuses, in its words. */
	if (is_zero(h->block) || !is_sum_right(h->block) ||
	    !size_read(h->block + SIZE_AT, SIZE_LEN, &size)) {
		h->state = is_zero(h->block) ? AT_END : IS_LOST;
		return;
	}
	if (!h->has_start)
		h->start = h->offset - HEADERS_RECORD;
	h->has_start = true;
	h->kind = h->block[KIND_AT];
	if (h->kind == 'V' && size == 0)	/* a volume's label, no entry */
		return;
	if (!strchr("xgLK", h->kind) || h->kind == '\0') {
		entry_take(h, size);
		return;
	}
	h->text_left = size;
	h->state = size > TEXT_MAX ? IS_LOST : IN_TEXT;
	if (size == 0)
		text_end(h);
}

static void text_add(struct unpack_headers *h)
{
	size_t n = h->text_left < HEADERS_RECORD ? (size_t)h->text_left : HEADERS_RECORD;

	str_addn(&h->text, h->block, n);
	h->text_left -= n;
	if (h->text_left == 0)
		text_end(h);
}

static void block_take(struct unpack_headers *h)
{
	switch (h->state) {
	case AT_HEADER:
		header_take(h);
		break;
	case IN_TEXT:
		text_add(h);
		break;
	case IN_SPARSE_MAP:
		map_take(h);
		break;
	case AT_SPARSE_COUNT:
		count_take(h);
		break;
	case AT_END:
	case IS_LOST:
		break;
	}
}

/* Data are passed over only after the map of holes, which lies before them. */
static bool is_passing(const struct unpack_headers *h)
{
	return h->pass > 0 && h->state == AT_HEADER;
}

void headers_feed(struct unpack_headers *h, const char *data, size_t len)
{
	while (len > 0 && h->state != AT_END && h->state != IS_LOST) {
		uint64_t want = is_passing(h) ? h->pass : HEADERS_RECORD - h->have;
		size_t n = want < len ? (size_t)want : len;

		h->offset += n;
		if (is_passing(h)) {
			h->pass -= n;
		} else {
			memcpy(h->block + h->have, data, n);
			h->have += n;
		}
		data += n;
		len -= n;
		if (h->have == HEADERS_RECORD) {
			h->have = 0;
			block_take(h);
		}
	}
}

const char *headers_stop(const struct unpack_headers *h)
{
	return h->is_too_much ? h->fault : NULL;
}

int headers_check(struct unpack_headers *h, uint64_t position, struct error *err)
{
	struct unpack_places *p = &h->places;

	if (p->first == p->n || p->at[p->first] != position)
		return error_set(err, ERR_USAGE,
				 "readers of tar would not agree on where it begins");
	p->first++;
	if (p->first == p->n && h->fault[0])
		return error_set(err, ERR_USAGE, "%s", h->fault);
	return 0;
}

int headers_end(const struct unpack_headers *h, struct error *err)
{
	if (h->places.first < h->places.n)
		return error_set(err, ERR_USAGE,
				 "readers of tar would not agree on where it ends");
	return 0;
}

void headers_clear(struct unpack_headers *h)
{
	str_clear(&h->text);
	free(h->places.at);
	h->places = (struct unpack_places){ 0 };
}
