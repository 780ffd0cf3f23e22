/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

static struct json *parse(const char *text, struct error *err)
{
	return json_parse("t", text, strlen(text), NULL, err);
}

static void a_text_becomes_a_tree(void **state)
{
	struct error err = { 0 };
	AUTO_JSON struct json *root = parse("{\"s\": \"x\\u00fc\\n\", \"n\": 1.50, \"b\": true,"
					    " \"z\": null, \"a\": [1, {}]}", &err);
	bool truth = false;

	(void)state;
	assert_non_null(root);
	assert_int_equal(json_len(root), 5);
	assert_string_equal(json_get(root, "s")->text, "x\xc3\xbc\n");
	assert_string_equal(json_get(root, "n")->text, "1.50");
	assert_int_equal(json_bool(json_get(root, "b"), "t", &truth, &err), 0);
	assert_true(truth);
	assert_int_equal(json_get(root, "z")->type, JSON_NULL);
	assert_int_equal(json_len(json_get(root, "a")), 2);
	assert_null(json_get(root, "none"));
	assert_null(json_get(NULL, "none"));
	assert_null(json_get(json_get(root, "a"), "none"));
}

static void a_message_names_line_column_and_path(void **state)
{
	struct error err = { 0 };
	AUTO_JSON struct json *root = parse("{\n  \"net\": [\n    {\"\xc3\xbc\": 1, \"mtu\": 70000}"
					    "\n  ]\n}\n", &err);
	const struct json *mtu = json_get(json_get(root, "net")->first, "mtu");
	uint64_t value = 0;
	const char *text = NULL;

	(void)state;
	assert_int_equal(json_u64(mtu, "zone.json", 68, 65535, &value, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "zone.json:3:21: net[0].mtu: 70000 is above 65535");
	assert_int_equal(json_str(mtu, "zone.json", &text, &err), -1);
	assert_string_equal(err.text,
			    "zone.json:3:21: net[0].mtu: expected a string, found a number");
	assert_int_equal(json_str(root, "zone.json", &text, &err), -1);
	assert_string_equal(err.text, "zone.json:1:1: expected a string, found an object");
	assert_int_equal(json_str(NULL, "zone.json", &text, &err), -1);
	assert_string_equal(err.text, "zone.json: expected a string, found nothing");
}

static void a_faulty_text_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "t:1:1: the text ends too early" },
		{ "{\"a\":\n", "t:2:1: the text ends too early" },
		{ "[\"abc", "t:1:6: the text ends too early" },
		{ "[1,,2]", "t:1:4: unallowed token at this point in JSON text" },
		{ "[\n @]", "t:2:2: invalid char in json text" },
		{ "{} x", "t:1:4: trailing garbage" },
		{ "12 13", "t:1:6: trailing garbage" },
		{ "[\"\xff\"]", "t:1:2: invalid bytes in UTF8 string" },
		{ "{\"a\":1,\n\"b\":2,\"a\":3}", "t:2:11: a: this key stands here twice" },
		{ "{\"x\":{\"y\":[],\"y\":{}}}", "t:1:18: x.y: this key stands here twice" },
		{ "[\"a\\u0000\"]", "t:1:2: a string must not hold a NUL character" },
		{ "{\"\\u0000\":1}", "t:1:2: a string must not hold a NUL character" },
		{ "[1, \"\\ud800x\"]", "t:1:5: half of a surrogate pair" },
		{ "[\"\\udc00\"]", "t:1:2: half of a surrogate pair" },
		{ "\xef\xbb\xbf{}",
		  "t:1:1: begins with a byte order mark (save it as UTF-8 without one)" },
		{ "// c\n1",
		  "t:1:1: probable comment found in input text, comments are not enabled" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_null(parse(rows[i].text, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
	}
}

static void both_halves_of_a_pair_are_one_character(void **state)
{
	struct error err = { 0 };
	AUTO_JSON struct json *root = parse("[\"\\ud83d\\ude00\", \"\\\\ud800\"]", &err);

	(void)state;
	assert_non_null(root);
	assert_string_equal(root->first->text, "\xf0\x9f\x98\x80");
	assert_string_equal(root->first->next->text, "\\ud800");
}

static void depth_is_bounded(void **state)
{
	enum { MANY = 100000 };
	AUTO_FREE char *text = xcalloc(MANY, 1);
	struct json_limits limits = { .size = MANY, .depth = 3 };
	struct error err = { 0 };
	struct json *root = NULL;

	(void)state;
	memset(text, '[', MANY);
	assert_null(json_parse("t", text, MANY, &limits, &err));
	assert_string_equal(err.text, "t:1:4: nested deeper than 3 levels");
	root = json_parse("t", "[[[]],[[1]]]", 12, &limits, &err);
	assert_non_null(root);
	json_free(root);
}

static void size_is_bounded(void **state)
{
	struct json_limits limits = { .size = 4, .depth = 3 };
	struct error err = { 0 };

	(void)state;
	assert_null(json_parse("t", "[    ]", 6, &limits, &err));
	assert_string_equal(err.text, "t: longer than 4 bytes");
}

static void many_keys_cost_no_square_of_their_number(void **state)
{
	AUTO_STR struct str text = { 0 };
	AUTO_JSON struct json *root = NULL;
	struct error err = { 0 };

	(void)state;
	str_addc(&text, '{');
	for (int i = 0; i < 50000; i++)
		str_addf(&text, "%s\"key%d\":0", i > 0 ? "," : "", i);
	str_addc(&text, '}');
	root = json_parse("t", text.data, text.len, NULL, &err);
	assert_non_null(root);
	assert_int_equal(json_len(root), 50000);
}

static void a_file_is_read_to_its_end(void **state)
{
	AUTO_JSON struct json *root = NULL;
	struct error err = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "[1, 2]\n", 7), 7);
	close(ends[1]);
	root = json_read(ends[0], "t", NULL, &err);
	close(ends[0]);
	assert_int_equal(json_len(root), 2);
}

static void whole_numbers_are_strict_and_in_range(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "-6", "n:1:1: -6 is below -5" },
		{ "9223372036854775808",
		  "n:1:1: 9223372036854775808 is above 9223372036854775807" },
		{ "-99999999999999999999", "n:1:1: -99999999999999999999 is below -5" },
		{ "1e3", "n:1:1: '1e3' is no whole number" },
		{ "1.0", "n:1:1: '1.0' is no whole number" },
	};
	struct error err = { 0 };
	struct json *root = NULL;
	int64_t value = 0;
	uint64_t plain = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		root = parse(rows[i].text, &err);
		assert_int_equal(json_i64(root, "n", -5, INT64_MAX, &value, &err), -1);
		assert_string_equal(err.text, rows[i].message);
		json_free(root);
	}
	root = parse("-9223372036854775808", &err);
	assert_int_equal(json_i64(root, "n", INT64_MIN, INT64_MAX, &value, &err), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(json_u64(root, "n", 0, UINT64_MAX, &plain, &err), -1);
	assert_string_equal(err.text, "n:1:1: -9223372036854775808 is below 0");
	json_free(root);
}

static void a_list_of_strings_holds_strings_only(void **state)
{
	AUTO_STRV char **list = NULL;
	struct error err = { 0 };
	AUTO_JSON struct json *good = parse("[\"a\", \"b\"]", &err);
	AUTO_JSON struct json *bad = parse("[\"a\", 1]", &err);
	AUTO_JSON struct json *other = parse("{}", &err);

	(void)state;
	assert_int_equal(json_strv(good, "t", &list, &err), 0);
	assert_int_equal(strv_len(list), 2);
	assert_string_equal(list[1], "b");
	assert_int_equal(json_strv(bad, "t", &list, &err), -1);
	assert_string_equal(err.text, "t:1:7: [1]: expected a string, found a number");
	assert_int_equal(json_strv(other, "t", &list, &err), -1);
}

static void writing_indents_by_two(void **state)
{
	struct json_out o = { 0 };
	char *list[] = { "x", "y", NULL };

	(void)state;
	json_out_object(&o, NULL);
	json_out_u64(&o, "n", UINT64_MAX);
	json_out_array(&o, "none");
	json_out_end_array(&o);
	json_out_object(&o, "in");
	json_out_strv(&o, "list", list);
	json_out_milli(&o, "cpus", 1500);
	json_out_end_object(&o);
	json_out_str(&o, "nothing", NULL);
	json_out_end_object(&o);
	assert_string_equal(str_text(&o.text),
			    "{\n  \"n\": 18446744073709551615,\n  \"none\": [],\n  \"in\": {\n"
			    "    \"list\": [\n      \"x\",\n      \"y\"\n    ],\n"
			    "    \"cpus\": 1.5\n  },\n  \"nothing\": null\n}\n");
	json_out_clear(&o);
}

static void compact_is_one_line(void **state)
{
	struct json_out o = { .compact = true };

	(void)state;
	json_out_array(&o, NULL);
	json_out_i64(&o, NULL, -5);
	json_out_bool(&o, NULL, false);
	json_out_object(&o, NULL);
	json_out_bool(&o, "k", true);
	json_out_null(&o, "z");
	json_out_end_object(&o);
	json_out_end_array(&o);
	assert_string_equal(str_text(&o.text), "[-5,false,{\"k\":true,\"z\":null}]");
	json_out_clear(&o);
	assert_true(o.compact);
}

static void what_is_written_reads_back(void **state)
{
	static const char text[] =
		"\"\\/\b\f\n\r\t\x01\x7f\x1b \xc3\xbc \xf0\x9f\x98\x80 \xe2\x80\xae";
	AUTO_JSON struct json *root = NULL;
	struct json_out o = { 0 };
	struct error err = { 0 };

	(void)state;
	json_out_str(&o, NULL, text);
	for (size_t i = 0; i + 1 < o.text.len; i++)
		assert_true((unsigned char)o.text.data[i] >= ' ' && o.text.data[i] != 0x7f);
	assert_null(strstr(str_text(&o.text), "\xe2\x80\xae"));
	root = json_parse("t", o.text.data, o.text.len, NULL, &err);
	assert_non_null(root);
	assert_string_equal(root->text, text);
	json_out_clear(&o);
}

static void bytes_that_are_no_text_are_written_as_a_mark(void **state)
{
	struct json_out o = { .compact = true };

	(void)state;
	json_out_str(&o, NULL, "a\xff\xc3");
	assert_string_equal(str_text(&o.text), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	json_out_clear(&o);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_becomes_a_tree),
		cmocka_unit_test(a_message_names_line_column_and_path),
		cmocka_unit_test(a_faulty_text_is_refused_with_its_place),
		cmocka_unit_test(both_halves_of_a_pair_are_one_character),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(many_keys_cost_no_square_of_their_number),
		cmocka_unit_test(a_file_is_read_to_its_end),
		cmocka_unit_test(whole_numbers_are_strict_and_in_range),
		cmocka_unit_test(a_list_of_strings_holds_strings_only),
		cmocka_unit_test(writing_indents_by_two),
		cmocka_unit_test(compact_is_one_line),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(bytes_that_are_no_text_are_written_as_a_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
