/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "templates/unpack_ring.h"

enum { BLOCKS = 100 };

struct fixture {
	struct unpack_ring ring;
	size_t written;			/* by the other thread; read after the end */
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err = { 0 };

	if (ring_init(&f->ring, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ring_clear(&f->ring);
	ring_clear(&f->ring);	/* twice is as good as once */
	free(f);
	return 0;
}

static size_t length_of(size_t number)
{
	return 1 + number * 977 % RING_BLOCK;
}

static void *write_blocks(void *arg)
{
	struct fixture *f = arg;

	for (size_t i = 0; i < BLOCKS; i++) {
		char *room = ring_room(&f->ring);

		if (!room)
			break;
		memset(room, (int)(i & 0xff), length_of(i));
		f->written++;
		ring_put(&f->ring, length_of(i));
	}
	ring_end(&f->ring);
	return NULL;
}

static void what_is_put_comes_out_in_order_and_whole(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	const void *data;
	size_t n, i = 0;

	assert_int_equal(pthread_create(&thread, NULL, write_blocks, f), 0);
	while ((n = ring_take(&f->ring, &data)) > 0) {
		const unsigned char *bytes = data;

		assert_int_equal(n, length_of(i));
		assert_int_equal(bytes[0], i & 0xff);
		assert_int_equal(bytes[n - 1], i & 0xff);
		i++;
	}
	assert_int_equal(i, BLOCKS);
	assert_int_equal(ring_take(&f->ring, &data), 0);
	pthread_join(thread, NULL);
	assert_int_equal(f->written, BLOCKS);
}

static void a_writer_runs_ahead_by_no_more_than_the_ring_holds(void **state)
{
	struct fixture *f = *state;
	const void *data;

	for (size_t i = 0; i < RING_BLOCKS; i++) {
		assert_non_null(ring_room(&f->ring));
		ring_put(&f->ring, 1);
	}
	/* One block with the reader is not free for the writer until the next is asked for. */
	assert_int_equal(ring_take(&f->ring, &data), 1);
	assert_int_equal(f->ring.filled - f->ring.used, RING_BLOCKS);
	assert_int_equal(ring_take(&f->ring, &data), 1);
	assert_int_equal(f->ring.filled - f->ring.used, RING_BLOCKS - 1);
	assert_non_null(ring_room(&f->ring));
}

static void a_stop_wakes_a_writer_that_waits_for_room(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	const void *data;

	assert_int_equal(pthread_create(&thread, NULL, write_blocks, f), 0);
	assert_true(ring_take(&f->ring, &data) > 0);
	ring_stop(&f->ring);
	pthread_join(thread, NULL);
	assert_true(f->written <= RING_BLOCKS + 1);
	assert_true(ring_is_stopped(&f->ring));
	assert_null(ring_room(&f->ring));
}

static void an_end_without_a_block_is_the_end(void **state)
{
	struct fixture *f = *state;
	const void *data = NULL;

	ring_end(&f->ring);
	assert_int_equal(ring_take(&f->ring, &data), 0);
	assert_null(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_comes_out_in_order_and_whole),
		TEST(a_writer_runs_ahead_by_no_more_than_the_ring_holds),
		TEST(a_stop_wakes_a_writer_that_waits_for_room),
		TEST(an_end_without_a_block_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
