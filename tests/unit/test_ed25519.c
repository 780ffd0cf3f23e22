/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/ed25519.h"

static void from_hex(const char *hex, uint8_t out[ED25519_SIZE])
{
	for (size_t i = 0; i < ED25519_SIZE; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
}

/* RFC 8032, 7.1: TEST 1, 2, 3, 1024 and SHA(abc); the two ends, by the word of OpenSSL. */
static void the_standard_pairs_hold(void **state)
{
	static const struct {
		const char *secret, *public;
	} rows[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025" },
		{ "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
		  "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e" },
		{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
		  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29" },
		{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		  "76a1592044a6e4f511265bca73a604d90b0529d1df602be30a19a9257660d1f5" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		uint8_t secret[ED25519_SIZE], expected[ED25519_SIZE], got[ED25519_SIZE];

		from_hex(rows[i].secret, secret);
		from_hex(rows[i].public, expected);
		ed25519_public(secret, got);
		assert_memory_equal(got, expected, ED25519_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standard_pairs_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
