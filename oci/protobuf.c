/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/protobuf.h"

#include <string.h>

enum wire { WIRE_NUMBER = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_varint(struct str *s, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		str_addc(s, (char)(0x80 | (value & 0x7f)));
	str_addc(s, (char)value);
}

static void put_tag(struct str *s, unsigned int field, enum wire wire)
{
	put_varint(s, (uint64_t)field << 3 | wire);
}

void protobuf_put_u64(struct str *message, unsigned int field, uint64_t value)
{
	put_tag(message, field, WIRE_NUMBER);
	put_varint(message, value);
}

static void put_bytes(struct str *message, unsigned int field, const char *bytes, size_t n)
{
	put_tag(message, field, WIRE_BYTES);
	put_varint(message, n);
	str_addn(message, bytes, n);
}

void protobuf_put_str(struct str *message, unsigned int field, const char *text)
{
	put_bytes(message, field, text, strlen(text));
}

void protobuf_put_message(struct str *message, unsigned int field, const struct str *inner)
{
	put_bytes(message, field, str_text(inner), inner->len);
}

static bool get_varint(struct protobuf *p, uint64_t *out)
{
	*out = 0;
	for (unsigned int shift = 0; shift < 64 && p->left > 0; shift += 7) {
		uint8_t byte = *p->at++;

		p->left--;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool skip(struct protobuf *p, uint64_t n)
{
	if (n > p->left)
		return false;
	p->at += n;
	p->left -= n;
	return true;
}

static bool get_field(struct protobuf *p, uint64_t tag, bool *out_is_ours)
{
	p->field = (unsigned int)(tag >> 3);
	p->bytes = NULL;
	*out_is_ours = true;
	switch (tag & 7) {
	case WIRE_NUMBER:
		return get_varint(p, &p->number);
	case WIRE_BYTES:
		if (!get_varint(p, &p->number))
			return false;
		p->bytes = p->at;
		return skip(p, p->number);
	case WIRE_64:
	case WIRE_32:
		*out_is_ours = false;
		return skip(p, (tag & 7) == WIRE_64 ? 8 : 4);
	default:
		return false;
	}
}

bool protobuf_next(struct protobuf *p)
{
	bool is_ours = false, is_whole = true;
	uint64_t tag;

	while (p->left > 0 && is_whole && !is_ours)
		is_whole = get_varint(p, &tag) && get_field(p, tag, &is_ours);
	if (!is_whole && p->left == 0)
		p->left = 1;	/* it ends within a field */
	return is_whole && is_ours;
}

void protobuf_text(const struct protobuf *p, char *out, size_t size)
{
	size_t n = 0;

	for (uint64_t i = 0; p->bytes && i < p->number && n + 1 < size; i++)
		if (p->bytes[i] >= ' ' && p->bytes[i] < 0x7f)
			out[n++] = (char)p->bytes[i];
	out[n] = '\0';
}
