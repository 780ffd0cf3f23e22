/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_FRAME_H
#define TESTS_UNIT_FRAME_H

/* Ethernet frames that are put together by hand, from the front. */

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FRAME_MAX = 1514, FRAME_WORD = 6 };

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
};

static inline void frame_add(struct frame *f, const void *data, size_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static inline void frame_u8(struct frame *f, uint8_t value)
{
	frame_add(f, &value, sizeof(value));
}

static inline void frame_u16(struct frame *f, uint16_t value)
{
	value = htons(value);
	frame_add(f, &value, sizeof(value));
}

static inline void frame_zero(struct frame *f, size_t len)
{
	memset(f->data + f->len, 0, len);
	f->len += len;
}

/* Begins one anew. */
static inline void frame_ether(struct frame *f, const uint8_t *to, const uint8_t *from,
			       uint16_t type)
{
	f->len = 0;
	frame_add(f, to, ETH_ALEN);
	frame_add(f, from, ETH_ALEN);
	frame_u16(f, type);
}

static inline uint16_t frame_sum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* An IPv4 header of a packet with body bytes behind it; fragment as in the header. */
static inline void frame_ip4(struct frame *f, const char *from, const char *to, uint8_t protocol,
			     size_t body, uint16_t fragment)
{
	uint8_t ip[4];
	uint16_t sum;
	size_t start = f->len;

	frame_u8(f, 0x45);
	frame_u8(f, 0);
	frame_u16(f, (uint16_t)(20 + body));
	frame_u16(f, 4711);
	frame_u16(f, fragment);
	frame_u8(f, 64);
	frame_u8(f, protocol);
	frame_u16(f, 0);
	inet_pton(AF_INET, from, ip);
	frame_add(f, ip, 4);
	inet_pton(AF_INET, to, ip);
	frame_add(f, ip, 4);
	sum = htons(frame_sum(f->data + start, 20));
	memcpy(f->data + start + 10, &sum, sizeof(sum));
}

static inline void frame_ip6(struct frame *f, const char *from, const char *to, uint8_t next,
			     size_t body)
{
	uint8_t ip[16];

	frame_u8(f, 0x60);
	frame_zero(f, 3);
	frame_u16(f, (uint16_t)body);
	frame_u8(f, next);
	frame_u8(f, 255);
	inet_pton(AF_INET6, from, ip);
	frame_add(f, ip, 16);
	inet_pton(AF_INET6, to, ip);
	frame_add(f, ip, 16);
}

/* With a word of FRAME_WORD bytes behind it. */
static inline void frame_udp(struct frame *f, uint16_t from, uint16_t to, const char *word)
{
	frame_u16(f, from);
	frame_u16(f, to);
	frame_u16(f, 8 + FRAME_WORD);
	frame_u16(f, 0);
	frame_add(f, word, FRAME_WORD);
}

#endif
