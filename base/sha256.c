/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sha256.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#include <stdbool.h>
#include <string.h>

#include "base/sys.h"

enum { BLOCK = 64 };

/* FIPS 180-4, section 4.2.2. */
static const uint32_t k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 24);
	p[1] = (uint8_t)(x >> 16);
	p[2] = (uint8_t)(x >> 8);
	p[3] = (uint8_t)x;
}

/* FIPS 180-4, section 6.2.2, one block. */
static void block_portable(uint32_t state[8], const uint8_t *p)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = load(p + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

static void blocks_portable(uint32_t state[8], const uint8_t *p, size_t n)
{
	for (; n > 0; n--, p += BLOCK)
		block_portable(state, p);
}

#if defined(__x86_64__) || defined(__i386__)
static bool processor_has_sha(void)
{
	/* Asked once a process: where the libc does not know, the question takes 17 microseconds in
	 * a virtual machine, as long as the digest of a small file of a template. */
	static _Atomic signed char known;

	if (known == 0)
		known = sys_has_sha() ? 1 : -1;
	return known > 0;
}

/* The instructions hold the state as ABEF and CDGH, two rounds a step (Intel SDM, SHA256RNDS2). */
__attribute__((target("sha,sse4.1,ssse3")))
static void blocks_sha(uint32_t state[8], const uint8_t *p, size_t n)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i dcba = _mm_loadu_si128((const __m128i *)state);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

	for (; n > 0; n--, p += BLOCK) {
		__m128i abef_was = abef, cdgh_was = cdgh, w[4];

		/* Unrolled, w is registers: a fifth faster. */
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			__m128i *now = &w[i & 3], sum;

			if (i < 4)
				*now = _mm_shuffle_epi8(
					_mm_loadu_si128((const __m128i *)(p + 16 * i)), swap);
			else
				*now = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) & 3]),
						      _mm_alignr_epi8(w[(i + 3) & 3],
								      w[(i + 2) & 3], 4)),
					w[(i + 3) & 3]);
			sum = _mm_add_epi32(*now, _mm_load_si128((const __m128i *)(k + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_was);
		cdgh = _mm_add_epi32(cdgh, cdgh_was);
	}
	cdab = _mm_shuffle_epi32(abef, 0x1b);
	efgh = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(cdab, efgh, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(efgh, cdab, 8));
}
#else
static bool processor_has_sha(void)
{
	return false;
}

static void blocks_sha(uint32_t state[8], const uint8_t *p, size_t n)
{
	blocks_portable(state, p, n);
}
#endif

static void blocks(struct sha256 *s, const uint8_t *p, size_t n)
{
	if (s->has_instructions)
		blocks_sha(s->state, p, n);
	else
		blocks_portable(s->state, p, n);
}

void sha256_init(struct sha256 *s)
{
	*s = (struct sha256){
		.state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
		.has_instructions = processor_has_sha(),
	};
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t held = s->bytes % BLOCK, whole;

	s->bytes += len;
	if (held > 0 && len >= BLOCK - held) {
		memcpy(s->block + held, p, BLOCK - held);
		blocks(s, s->block, 1);
		p += BLOCK - held;
		len -= BLOCK - held;
		held = 0;
	}
	whole = held > 0 ? 0 : len / BLOCK;
	if (whole > 0)
		blocks(s, p, whole);
	len -= whole * BLOCK;
	if (len > 0)
		memcpy(s->block + held, p + whole * BLOCK, len);
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	uint64_t bits = s->bytes * 8;
	uint8_t length[8];

	/* Up to 8 bytes below a whole block, where the length goes. */
	sha256_add(s, padding, BLOCK - (s->bytes + sizeof(length)) % BLOCK);
	store(length, (uint32_t)(bits >> 32));
	store(length + 4, (uint32_t)bits);
	sha256_add(s, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		store(out + 4 * i, s->state[i]);
}

char *sha256_hex(const uint8_t digest[SHA256_SIZE], char out[SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * SHA256_SIZE] = '\0';
	return out;
}
