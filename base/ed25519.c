/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ed25519.h"

#include <assert.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

static_assert(ED25519_SIZE == crypto_sign_ed25519_SEEDBYTES, "a secret is libsodium's seed");
static_assert(ED25519_SIZE == crypto_sign_ed25519_PUBLICKEYBYTES, "and so is a public key");

void ed25519_public(const uint8_t secret[ED25519_SIZE], uint8_t out_public[ED25519_SIZE])
{
	uint8_t both[crypto_sign_ed25519_SECRETKEYBYTES];

	(void)crypto_sign_ed25519_seed_keypair(out_public, both, secret); /* it never fails */
	sodium_memzero(both, sizeof(both));
}
