/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_PROTOBUF_H
#define OCI_PROTOBUF_H

/*
 * As much of protocol buffers as it takes to talk to criu (protobuf.dev,
 * "Encoding"): fields of numbers and of bytes, which text and messages are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Appended to a message. A number that is negative (int32) is given as its 64 bits. */
void protobuf_put_u64(struct str *message, unsigned int field, uint64_t value);
void protobuf_put_str(struct str *message, unsigned int field, const char *text);
void protobuf_put_message(struct str *message, unsigned int field, const struct str *inner);

/* A message that is read: zeros, but at and left are where it begins and its length. */
struct protobuf {
	const uint8_t *at;
	size_t left;
	unsigned int field;		/* what protobuf_next() found */
	uint64_t number;		/* its value, or the length of its bytes */
	const uint8_t *bytes;		/* NULL for a number */
};

/* The next field that is a number or bytes; others are passed over. False at the end, where left is
 * 0 unless the message is broken. */
bool protobuf_next(struct protobuf *p);
/* Copies bytes as text, without what is not printable and as much as there is room for. */
void protobuf_text(const struct protobuf *p, char *out, size_t size);

#endif
