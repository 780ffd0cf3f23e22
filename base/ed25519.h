/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ED25519_H
#define BASE_ED25519_H

/*
 * Key pairs of ed25519 (RFC 8032, 5.1.5), by libsodium: the only file that includes
 * it. Nothing is signed or verified here: that is the business of whoever is given
 * the key.
 */

#include <stdint.h>

enum { ED25519_SIZE = 32 };

/* The public key of a secret, which is any ED25519_SIZE random bytes. Child-safe. */
void ed25519_public(const uint8_t secret[ED25519_SIZE], uint8_t out_public[ED25519_SIZE]);

#endif
