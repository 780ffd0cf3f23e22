/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/protobuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fields_are_encoded_as_the_specification_has_them(void **state)
{
	/* protobuf.dev, "Encoding": 150 in field 1, "testing" in field 2, the first one in 3. */
	static const char wanted[] = "\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01";
	AUTO_STR struct str inner = { 0 }, message = { 0 };

	(void)state;
	protobuf_put_u64(&inner, 1, 150);
	protobuf_put_u64(&message, 1, 150);
	protobuf_put_str(&message, 2, "testing");
	protobuf_put_message(&message, 3, &inner);
	assert_int_equal(message.len, sizeof(wanted) - 1);
	assert_memory_equal(str_text(&message), wanted, message.len);
}

static void what_was_written_is_read_back(void **state)
{
	AUTO_STR struct str message = { 0 };
	struct protobuf p = { 0 };
	char text[4];

	(void)state;
	protobuf_put_u64(&message, 64, UINT64_MAX);
	/* 32 and 64 bits are passed over. */
	str_addn(&message, "\x0d" "abcd" "\x09" "abcdefgh", 14);
	protobuf_put_str(&message, 2, "a\n\xff" "bcdef");
	p = (struct protobuf){ .at = (const uint8_t *)str_text(&message), .left = message.len };
	assert_true(protobuf_next(&p));
	assert_int_equal(p.field, 64);
	assert_true(p.number == UINT64_MAX);
	assert_null(p.bytes);
	assert_true(protobuf_next(&p));
	assert_int_equal(p.field, 2);
	protobuf_text(&p, text, sizeof(text));
	assert_string_equal(text, "abc");
	assert_false(protobuf_next(&p));
	assert_int_equal(p.left, 0);
}

static void a_broken_message_is_told_from_its_end(void **state)
{
	/* Cut short in a tag, a number, a length, bytes; a number without end; an unknown kind. */
	static const char *const broken[] = {
		"\x88", "\x08\x96", "\x12\x80", "\x12\x07" "test", "\x09" "abc", "\x0f",
		"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct protobuf p = { .at = (const uint8_t *)broken[i], .left = strlen(broken[i]) };

		assert_false(protobuf_next(&p));
		assert_int_not_equal(p.left, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_encoded_as_the_specification_has_them),
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(a_broken_message_is_told_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
