/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sha256.h"

/* One digest, fed in pieces of step bytes, by the instructions of the processor or without. */
static const char *digest(const void *data, size_t len, size_t step, bool by_instructions,
			  char hex[SHA256_HEX_SIZE])
{
	uint8_t out[SHA256_SIZE];
	struct sha256 s;

	sha256_init(&s);
	s.has_instructions = by_instructions;
	for (size_t at = 0; at < len; at += step)
		sha256_add(&s, (const char *)data + at, len - at < step ? len - at : step);
	sha256_end(&s, out);
	return sha256_hex(out, hex);
}

static bool has_instructions(void)
{
	struct sha256 s;

	sha256_init(&s);
	return s.has_instructions;
}

static void the_standard_vectors_hold(void **state)
{
	static const struct {
		const char *text, *hex;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char hex[SHA256_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		size_t len = strlen(rows[i].text);

		assert_string_equal(digest(rows[i].text, len, 64, false, hex), rows[i].hex);
		assert_string_equal(digest(rows[i].text, len, 64, has_instructions(), hex),
				    rows[i].hex);
	}
}

static void a_million_letters_have_the_standard_digest(void **state)
{
	AUTO_FREE char *data = xcalloc(1000000, 1);
	char hex[SHA256_HEX_SIZE];

	(void)state;
	memset(data, 'a', 1000000);
	assert_string_equal(digest(data, 1000000, 999, has_instructions(), hex),
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void both_ways_agree_on_every_length_and_piece(void **state)
{
	char plain[SHA256_HEX_SIZE], pieces[SHA256_HEX_SIZE];
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + (i >> 3));
	for (size_t len = 0; len <= sizeof(data); len++) {
		digest(data, len, sizeof(data), false, plain);
		for (size_t step = 1; step < 130; step += 13) {
			digest(data, len, step, has_instructions(), pieces);
			assert_string_equal(plain, pieces);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standard_vectors_hold),
		cmocka_unit_test(a_million_letters_have_the_standard_digest),
		cmocka_unit_test(both_ways_agree_on_every_length_and_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
