/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Field elements modulo 2^255 - 19 are 16 limbs of 16 bits in signed 64, points are in extended
 * coordinates, and one addition law serves for doubling too: the way of TweetNaCl (Bernstein and
 * others, public domain), which is short enough to be read whole. No branch and no index depends on
 * the secret.
 */
#include "base/ed25519.h"

#include <stddef.h>
#include <string.h>

enum { LIMBS = 16, HASH_SIZE = 64, HASH_BLOCK = 128, ROUNDS = 80, BITS = 256 };

/* SHA-512 (FIPS 180-4, 4.2.3 and 5.3.5). */
/* clang-format off */
static const uint64_t round_constants[ROUNDS] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};
static const uint64_t first_state[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
/* clang-format on */

static uint64_t rotate(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static void schedule(const uint8_t block[HASH_BLOCK], uint64_t w[ROUNDS])
{
	for (size_t i = 0; i < 16; i++) {
		w[i] = 0;
		for (size_t n = 0; n < 8; n++)
			w[i] = w[i] << 8 | block[8 * i + n];
	}
	for (size_t i = 16; i < ROUNDS; i++) {
		uint64_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(a, 1) ^ rotate(a, 8) ^ a >> 7) +
		       (rotate(b, 19) ^ rotate(b, 61) ^ b >> 6);
	}
}

/* Of a message that fits into one block, as a secret does. */
static void hash(const uint8_t secret[ED25519_SIZE], uint8_t out[HASH_SIZE])
{
	uint8_t block[HASH_BLOCK] = { 0 };
	uint64_t w[ROUNDS], s[8];

	memcpy(block, secret, ED25519_SIZE);
	block[ED25519_SIZE] = 0x80;
	block[HASH_BLOCK - 2] = 8 * ED25519_SIZE >> 8;	/* its length in bits comes last */
	schedule(block, w);
	memcpy(s, first_state, sizeof(s));
	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t one = s[7] + (rotate(s[4], 14) ^ rotate(s[4], 18) ^ rotate(s[4], 41)) +
			       ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] + w[i];
		uint64_t two = (rotate(s[0], 28) ^ rotate(s[0], 34) ^ rotate(s[0], 39)) +
			       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += one;
		s[0] = one + two;
	}
	for (size_t i = 0; i < HASH_SIZE; i++)
		out[i] = (uint8_t)((s[i / 8] + first_state[i / 8]) >> (56 - 8 * (i % 8)));
	explicit_bzero(block, sizeof(block));
	explicit_bzero(w, sizeof(w));
	explicit_bzero(s, sizeof(s));
}

struct fe {
	int64_t limb[LIMBS];
};

struct point {
	struct fe x, y, z, t;
};

/* Twice the curve's d, and its base point (RFC 8032, 5.1). */
/* clang-format off */
static const struct fe curve_d2 = { {
	0xf159, 0x26b2, 0x9b94, 0xebd6, 0xb156, 0x8283, 0x149a, 0x00e0,
	0xd130, 0xeef3, 0x80f2, 0x198e, 0xfce7, 0x56df, 0xd9dc, 0x2406,
} };
static const struct fe base_x = { {
	0xd51a, 0x8f25, 0x2d60, 0xc956, 0xa7b2, 0x9525, 0xc760, 0x692c,
	0xdc5c, 0xfdd6, 0xe231, 0xc0a4, 0x53fe, 0xcd6e, 0x36d3, 0x2169,
} };
static const struct fe base_y = { {
	0x6658, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666,
	0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666,
} };
/* clang-format on */
static const struct fe one = { { 1 } };

/* Brings the limbs back to 16 bits; what goes over 2^256 comes back in as 38 times that. */
static void carry(struct fe *a)
{
	for (size_t i = 0; i < LIMBS; i++) {
		int64_t over = a->limb[i] >> 16;

		a->limb[i] -= over * 65536;
		if (i + 1 < LIMBS)
			a->limb[i + 1] += over;
		else
			a->limb[0] += 38 * over;
	}
}

static void add(struct fe *out, const struct fe *a, const struct fe *b)
{
	for (size_t i = 0; i < LIMBS; i++)
		out->limb[i] = a->limb[i] + b->limb[i];
}

static void subtract(struct fe *out, const struct fe *a, const struct fe *b)
{
	for (size_t i = 0; i < LIMBS; i++)
		out->limb[i] = a->limb[i] - b->limb[i];
}

static void multiply(struct fe *out, const struct fe *a, const struct fe *b)
{
	int64_t product[2 * LIMBS] = { 0 };

	for (size_t i = 0; i < LIMBS; i++)
		for (size_t j = 0; j < LIMBS; j++)
			product[i + j] += a->limb[i] * b->limb[j];
	for (size_t i = 0; i < LIMBS; i++)
		out->limb[i] = product[i] + 38 * product[i + LIMBS];
	carry(out);
	carry(out);
}

/* Exchanges them where is_on is 1, touching the same memory where it is 0. */
static void exchange(struct fe *a, struct fe *b, int64_t is_on)
{
	for (size_t i = 0; i < LIMBS; i++) {
		int64_t difference = -is_on & (a->limb[i] ^ b->limb[i]);

		a->limb[i] ^= difference;
		b->limb[i] ^= difference;
	}
}

/* a to the power of p - 2, of whose bits only 2 and 4 are 0. */
static void invert(struct fe *out, const struct fe *a)
{
	struct fe x = *a;

	for (int bit = 253; bit >= 0; bit--) {
		multiply(&x, &x, &x);
		if (bit != 2 && bit != 4)
			multiply(&x, &x, a);
	}
	*out = x;
}

/* The one number of 0..p-1, least byte first. */
static void pack(uint8_t out[ED25519_SIZE], const struct fe *a)
{
	struct fe x = *a, less;

	for (int i = 0; i < 3; i++)
		carry(&x);
	/* Below 2^256, so at most twice less p makes it the one. */
	for (int times = 0; times < 2; times++) {
		less.limb[0] = x.limb[0] - 0xffed;
		for (size_t i = 1; i < LIMBS; i++) {
			less.limb[i] = x.limb[i] - (i + 1 < LIMBS ? 0xffff : 0x7fff) -
				       (less.limb[i - 1] >> 16 & 1);
			less.limb[i - 1] &= 0xffff;
		}
		exchange(&x, &less, 1 - (less.limb[LIMBS - 1] >> 16 & 1));
	}
	for (size_t i = 0; i < LIMBS; i++) {
		out[2 * i] = (uint8_t)x.limb[i];
		out[2 * i + 1] = (uint8_t)(x.limb[i] >> 8);
	}
}

/* p + q into p, which may be one (RFC 8032, 5.1.4). */
static void add_point(struct point *p, const struct point *q)
{
	struct fe a, b, c, d, e, f, g, h;

	subtract(&a, &p->y, &p->x);
	subtract(&e, &q->y, &q->x);
	multiply(&a, &a, &e);
	add(&b, &p->x, &p->y);
	add(&e, &q->x, &q->y);
	multiply(&b, &b, &e);
	multiply(&c, &p->t, &q->t);
	multiply(&c, &c, &curve_d2);
	multiply(&d, &p->z, &q->z);
	add(&d, &d, &d);
	subtract(&e, &b, &a);
	subtract(&f, &d, &c);
	add(&g, &d, &c);
	add(&h, &b, &a);
	multiply(&p->x, &e, &f);
	multiply(&p->y, &h, &g);
	multiply(&p->z, &g, &f);
	multiply(&p->t, &e, &h);
}

static void exchange_points(struct point *p, struct point *q, int64_t is_on)
{
	exchange(&p->x, &q->x, is_on);
	exchange(&p->y, &q->y, is_on);
	exchange(&p->z, &q->z, is_on);
	exchange(&p->t, &q->t, is_on);
}

/* The base point so many times, by a ladder: each bit costs the same. */
static void multiply_base(struct point *out, const uint8_t scalar[ED25519_SIZE])
{
	struct point p = { .y = one, .z = one }, q = { .x = base_x, .y = base_y, .z = one };

	multiply(&q.t, &base_x, &base_y);
	for (int bit = BITS - 1; bit >= 0; bit--) {
		int64_t is_on = scalar[bit / 8] >> bit % 8 & 1;

		exchange_points(&p, &q, is_on);
		add_point(&q, &p);
		add_point(&p, &p);
		exchange_points(&p, &q, is_on);
	}
	*out = p;
	explicit_bzero(&p, sizeof(p));
	explicit_bzero(&q, sizeof(q));
}

void ed25519_public(const uint8_t secret[ED25519_SIZE], uint8_t out_public[ED25519_SIZE])
{
	uint8_t scalar[HASH_SIZE], x[ED25519_SIZE];
	struct fe inverse, affine;
	struct point p;

	hash(secret, scalar);
	scalar[0] &= 248;
	scalar[31] = (scalar[31] & 127) | 64;
	multiply_base(&p, scalar);
	invert(&inverse, &p.z);
	multiply(&affine, &p.x, &inverse);
	pack(x, &affine);
	multiply(&affine, &p.y, &inverse);
	pack(out_public, &affine);
	out_public[31] ^= (uint8_t)((x[0] & 1) << 7);
	explicit_bzero(scalar, sizeof(scalar));
	explicit_bzero(&p, sizeof(p));
}
