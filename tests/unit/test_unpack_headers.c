/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "templates/unpack_headers.h"

enum { ROOM = 40 * HEADERS_RECORD };

struct tar {
	char data[ROOM];
	size_t len;
};

/* A header with a right sum; the data are the caller's. */
static char *add(struct tar *tar, const char *name, char kind, unsigned int size)
{
	char *h = tar->data + tar->len;
	unsigned int sum = 8 * ' ';

	snprintf(h, 100, "%s", name);
	snprintf(h + 124, 12, "%011o", size);
	h[156] = kind;
	memcpy(h + 257, kind == 'S' ? "ustar  " : "ustar\00000", 8);
	h[482] = kind == 'S';
	for (size_t i = 0; i < HEADERS_RECORD; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	tar->len += HEADERS_RECORD;
	return h;
}

static void add_data(struct tar *tar, const char *text, size_t len)
{
	memcpy(tar->data + tar->len, text, len);
	tar->len += (len + HEADERS_RECORD - 1) / HEADERS_RECORD * HEADERS_RECORD;
}

static void add_text(struct tar *tar, char kind, const char *text)
{
	add(tar, "header", kind, (unsigned int)strlen(text) + (kind == 'L'));
	add_data(tar, text, strlen(text) + (kind == 'L'));
}

/* Feeds the archive and its end mark in pieces of step bytes. */
static void feed(struct unpack_headers *h, struct tar *tar, size_t step)
{
	tar->len += 2 * HEADERS_RECORD;
	for (size_t at = 0; at < tar->len; at += step)
		headers_feed(h, tar->data + at, tar->len - at < step ? tar->len - at : step);
}

static void entries_are_where_posix_says_however_they_are_cut(void **state)
{
	static const size_t steps[] = { 1, 7, 511, 512, 513, 4096, ROOM };

	(void)state;
	for (size_t i = 0; i < N_ROWS(steps); i++) {
		struct unpack_headers h = { 0 };
		struct tar tar = { .len = 0 };
		struct error err = { 0 };

		add(&tar, "a", '0', 513);			/* 0 */
		tar.len += 2 * HEADERS_RECORD;
		add(&tar, "label", 'V', 0);			/* 1536, with what follows */
		add_text(&tar, 'g', "16 comment=0a1b\n");
		add_text(&tar, 'x', "9 path=b\n");
		add(&tar, "cut", '5', 0);
		add(&tar, "s", 'S', 512);			/* 4608 */
		tar.data[tar.len + 504] = 1;			/* two records of map */
		tar.len += 3 * HEADERS_RECORD;
		add_text(&tar, 'L', "long");			/* 6656 */
		add(&tar, "cut", '2', 0);
		feed(&h, &tar, steps[i]);
		assert_int_equal(headers_check(&h, 0, &err), 0);
		assert_int_equal(headers_check(&h, 1536, &err), 0);
		assert_int_equal(headers_end(&h, &err), -1);
		assert_int_equal(headers_check(&h, 4608, &err), 0);
		assert_int_equal(headers_check(&h, 6656, &err), 0);
		assert_int_equal(headers_end(&h, &err), 0);
		assert_int_equal(headers_check(&h, 8192, &err), -1);
		headers_clear(&h);
	}
}

static void two_readers_must_agree_on_the_place(void **state)
{
	struct unpack_headers h = { 0 };
	struct tar tar = { .len = 0 };
	struct error err = { 0 };

	(void)state;
	add(&tar, "a", '0', 0);
	feed(&h, &tar, ROOM);
	assert_int_equal(headers_check(&h, 512, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "readers of tar would not agree on where it begins");
	headers_clear(&h);
}

static void refused(struct tar *tar, uint64_t position, const char *text)
{
	struct unpack_headers h = { 0 };
	struct error err = { 0 };

	feed(&h, tar, ROOM);
	assert_int_equal(headers_check(&h, position, &err), -1);
	assert_string_equal(err.text, text);
	headers_clear(&h);
}

static void data_have_one_size_and_one_owner(void **state)
{
	static const char two_sizes[] = "its two headers give different sizes";
	struct tar smaller = { .len = 0 }, larger = { .len = 0 }, real = { .len = 0 };
	struct tar link = { .len = 0 }, directory = { .len = 0 };

	(void)state;
	add_text(&smaller, 'x', "10 size=0\n");
	add(&smaller, "a", '0', 512);
	refused(&smaller, 0, two_sizes);
	add_text(&larger, 'x', "12 size=512\n");
	add(&larger, "a", '0', 0);
	refused(&larger, 0, two_sizes);
	add_text(&real, 'x', "21 SCHILY.realsize=9\n");
	add(&real, "a", '0', 0);
	refused(&real, 0, two_sizes);
	add(&link, "a", '1', 512);
	refused(&link, 0, "it is no file and has data");
	add(&directory, "a/", '0', 512);
	refused(&directory, 0, "it is named as a directory and has data");
}

static void a_size_without_room_in_its_field_stands_in_the_extended_header(void **state)
{
	struct unpack_headers h = { 0 };
	struct tar tar = { .len = 0 };
	struct error err = { 0 };

	(void)state;
	add_text(&tar, 'x', "19 size=8589934592\n");
	add(&tar, "a", '0', 0);
	feed(&h, &tar, ROOM);
	assert_int_equal(headers_check(&h, 0, &err), 0);
	headers_clear(&h);
}

static const char *stopped(struct tar *tar, struct unpack_headers *h)
{
	feed(h, tar, 4096);
	return headers_stop(h);
}

static void the_map_of_a_sparse_file_is_not_read_when_it_is_too_long(void **state)
{
	static const char most[] = "65536\n0\n0\n", more[] = "65537\n0\n0\n";
	static const char words[] = "it has a sparse file of more than 65536 parts";
	struct unpack_headers a = { .offset = 0 }, b = { .offset = 0 }, c = { .offset = 0 };
	struct tar good = { .len = 0 }, bad = { .len = 0 }, old = { .len = 0 };
	char map[HEADERS_RECORD] = { 0 };

	(void)state;
	add_text(&good, 'x', "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n");
	add(&good, "a", '0', sizeof(most) - 1);
	add_data(&good, most, sizeof(most) - 1);
	assert_null(stopped(&good, &a));
	add_text(&bad, 'x', "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n");
	add(&bad, "a", '0', sizeof(more) - 1);
	add_data(&bad, more, sizeof(more) - 1);
	assert_string_equal(stopped(&bad, &b), words);
	add(&old, "a", 'S', 0);
	headers_feed(&c, old.data, HEADERS_RECORD);
	map[504] = 1;
	for (size_t i = 0; i < 65536 / 21; i++)
		headers_feed(&c, map, sizeof(map));
	assert_null(headers_stop(&c));
	headers_feed(&c, map, sizeof(map));
	assert_string_equal(headers_stop(&c), words);
	headers_clear(&a);
	headers_clear(&b);
	headers_clear(&c);
}

static void unknown_kinds_are_refused(void **state)
{
	static const char kinds[] = { '8', '9', 'A', 'D', 'M', 'N', 'X', 'Z', 'a', '~' };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct tar tar = { .len = 0 };

		add(&tar, "a", kinds[i], 0);
		refused(&tar, 0, "an entry of an unknown kind is refused");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_where_posix_says_however_they_are_cut),
		cmocka_unit_test(two_readers_must_agree_on_the_place),
		cmocka_unit_test(data_have_one_size_and_one_owner),
		cmocka_unit_test(a_size_without_room_in_its_field_stands_in_the_extended_header),
		cmocka_unit_test(the_map_of_a_sparse_file_is_not_read_when_it_is_too_long),
		cmocka_unit_test(unknown_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
