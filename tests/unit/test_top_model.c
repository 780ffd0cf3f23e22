/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/top_model.h"

enum { MANY = 1000, SECOND = 1000000 };

/* A zone at a second of its life, which has used so much of everything since. */
static struct top_sample at(const char *name, uint64_t second, uint64_t used)
{
	struct top_sample s = {
		.state = ZONE_RUNNING,
		.started_usec = 100 * SECOND, .at_usec = (100 + second) * SECOND,
		.cpu_usec = used * SECOND, .io = used * 1000, .net = used * 10,
		.memory = used << 20, .memory_limit = TOP_UNKNOWN, .pids = used,
	};

	snprintf(s.name, sizeof(s.name), "%s", name);
	return s;
}

static const char *shown(const struct top_model *m, size_t i)
{
	return m->zones[m->shown[i]].now.name;
}

static void type(struct top_model *m, const char *text)
{
	for (; *text; text++)
		top_model_type(m, *text);
}

static void fill_many(struct top_model *m, uint64_t second)
{
	static struct top_sample samples[MANY];

	for (size_t i = 0; i < MANY; i++) {
		char name[ZONE_NAME_MAX + 1];

		snprintf(name, sizeof(name), "z%04zu", i);
		samples[i] = at(name, second, second * (i % 10));
	}
	top_model_update(m, samples, MANY);
}

static void the_first_sample_of_a_zone_has_no_rates(void **state)
{
	struct top_model m = { 0 };
	struct top_sample s = at("a", 50, 1000);

	(void)state;
	top_model_update(&m, &s, 1);
	assert_int_equal(m.zones[0].cpu_permille, 0);
	assert_int_equal(m.zones[0].n_history, 0);
	assert_int_equal(m.zones[0].now.memory, 1000 << 20);
	top_model_clear(&m);
}

static void rates_are_what_grew_over_the_time_between(void **state)
{
	struct top_model m = { 0 };
	struct top_sample first[] = { at("a", 0, 0), at("b", 0, 0) };
	struct top_sample second[] = { at("a", 2, 3), at("b", 4, 1) };

	(void)state;
	top_model_update(&m, first, 2);
	top_model_update(&m, second, 2);
	assert_int_equal(m.zones[0].cpu_permille, 1500);
	assert_int_equal(m.zones[0].io_rate, 1500);
	assert_int_equal(m.zones[0].net_rate, 15);
	assert_int_equal(m.zones[1].cpu_permille, 250);
	assert_int_equal(m.zones[1].n_history, 1);
	top_model_clear(&m);
}

static void a_zone_that_booted_again_begins_anew(void **state)
{
	struct top_model m = { 0 };
	struct top_sample s = at("a", 1, 1);

	(void)state;
	top_model_update(&m, &s, 1);
	s = at("a", 2, 2);
	top_model_update(&m, &s, 1);
	assert_int_equal(m.zones[0].n_history, 1);
	s = at("a", 3, 50);
	s.started_usec += SECOND;
	top_model_update(&m, &s, 1);
	assert_int_equal(m.zones[0].n_history, 0);
	assert_int_equal(m.zones[0].cpu_permille, 0);
	top_model_clear(&m);
}

static void what_is_not_known_gives_no_rate_and_sorts_last(void **state)
{
	struct top_model m = { .order = TOP_BY_MEMORY };
	struct top_sample s[] = { at("a", 1, 0), at("b", 1, 5), at("c", 1, 0) };

	(void)state;
	s[0].memory = s[0].cpu_usec = TOP_UNKNOWN;
	top_model_update(&m, s, 3);
	s[0].at_usec += SECOND;
	top_model_update(&m, s, 3);
	assert_int_equal(m.zones[0].cpu_permille, 0);
	assert_string_equal(shown(&m, 0), "b");
	assert_string_equal(shown(&m, 1), "c");
	assert_string_equal(shown(&m, 2), "a");
	assert_int_equal(top_model_totals(&m).memory, 5 << 20);
	top_model_clear(&m);
}

static void zones_come_and_go_between_samples(void **state)
{
	struct top_model m = { 0 };
	struct top_sample first[] = { at("b", 0, 0), at("c", 0, 0), at("e", 0, 0) };
	struct top_sample second[] = { at("a", 1, 1), at("c", 1, 1), at("d", 1, 1), at("e", 1, 1) };
	static const size_t histories[] = { 0, 1, 0, 1 };

	(void)state;
	top_model_update(&m, first, 3);
	top_model_update(&m, second, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(m.zones[i].n_history, histories[i]);
	top_model_update(&m, NULL, 0);
	assert_int_equal(m.n_shown, 0);
	assert_null(top_model_chosen(&m));
	top_model_move(&m, 5);
	top_model_clear(&m);
}

static void the_largest_comes_first_and_asked_twice_the_smallest(void **state)
{
	struct top_model m = { .order = TOP_BY_NAME };
	struct top_sample s[] = { at("a", 1, 1), at("b", 1, 3), at("c", 1, 2), at("d", 1, 3) };

	(void)state;
	top_model_update(&m, s, 4);
	assert_string_equal(shown(&m, 0), "a");
	top_model_sort(&m, TOP_BY_PIDS);
	assert_string_equal(shown(&m, 0), "b");
	assert_string_equal(shown(&m, 1), "d");
	assert_string_equal(shown(&m, 3), "a");
	top_model_sort(&m, TOP_BY_PIDS);
	assert_string_equal(shown(&m, 0), "a");
	top_model_sort(&m, TOP_BY_MEMORY);
	assert_string_equal(shown(&m, 0), "b");
	top_model_clear(&m);
}

static void orders_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < TOP_ORDERS; i++)
		assert_int_equal(top_order_find(top_order_name((enum top_order)i)), i);
	assert_int_equal(top_order_find("size"), TOP_ORDERS);
}

static void a_filter_leaves_names_that_hold_it(void **state)
{
	struct top_model m = { .order = TOP_BY_NAME };
	struct top_sample s[] = { at("db1", 1, 1), at("web1", 1, 1), at("web2", 1, 1) };

	(void)state;
	top_model_update(&m, s, 3);
	type(&m, "web");
	assert_int_equal(m.n_shown, 2);
	type(&m, "\033[2J 9\"");
	assert_string_equal(m.filter, "web29");
	assert_int_equal(m.n_shown, 0);
	assert_null(top_model_chosen(&m));
	for (int i = 0; i < 9; i++)
		top_model_type(&m, '\0');
	assert_int_equal(m.n_shown, 3);
	for (int i = 0; i < 2 * TOP_FILTER_MAX; i++)
		top_model_type(&m, 'x');
	assert_int_equal(strlen(m.filter), TOP_FILTER_MAX);
	top_model_unfilter(&m);
	assert_int_equal(m.n_shown, 3);
	top_model_clear(&m);
}

static void the_chosen_zone_stays_chosen_wherever_it_is_sorted_to(void **state)
{
	struct top_model m = { .order = TOP_BY_NAME, .height = 2 };
	struct top_sample s[] = { at("a", 1, 1), at("b", 1, 2), at("c", 1, 3), at("d", 1, 4) };

	(void)state;
	top_model_update(&m, s, 4);
	top_model_move(&m, 1);
	assert_string_equal(top_model_chosen(&m)->now.name, "b");
	top_model_sort(&m, TOP_BY_PIDS);
	assert_string_equal(top_model_chosen(&m)->now.name, "b");
	assert_int_equal(m.cursor, 2);
	assert_int_equal(m.first, 1);
	/* When it has gone, the one in its place is. */
	s[1] = s[2];
	s[2] = s[3];
	top_model_update(&m, s, 3);
	assert_string_equal(top_model_chosen(&m)->now.name, "a");
	top_model_clear(&m);
}

static void whoever_looks_at_the_top_goes_on_looking_there(void **state)
{
	struct top_model m = { .order = TOP_BY_PIDS, .height = 2 };
	struct top_sample s[] = { at("a", 1, 9), at("b", 1, 2), at("c", 1, 3) };

	(void)state;
	top_model_update(&m, s, 3);
	assert_string_equal(top_model_chosen(&m)->now.name, "a");
	s[2].pids = 100;
	top_model_update(&m, s, 3);
	assert_string_equal(top_model_chosen(&m)->now.name, "c");
	assert_int_equal(m.first, 0);
	top_model_clear(&m);
}

/* The chosen one is in view, and no line is left empty while there are zones for it. */
static void check_view(const struct top_model *m)
{
	assert_true(m->cursor >= m->first);
	assert_true(m->cursor < m->first + m->height);
	if (m->n_shown >= m->height)
		assert_true(m->first + m->height <= m->n_shown);
}

static void a_thousand_zones_are_paged_through(void **state)
{
	struct top_model m = { .order = TOP_BY_NAME };

	(void)state;
	top_model_resize(&m, 20);
	fill_many(&m, 1);
	for (size_t i = 0; i < MANY / 20; i++) {
		top_model_move(&m, 20);
		check_view(&m);
	}
	assert_string_equal(top_model_chosen(&m)->now.name, "z0999");
	top_model_resize(&m, 5);
	check_view(&m);
	top_model_resize(&m, 300);
	check_view(&m);
	top_model_move(&m, -MANY - 1);
	assert_string_equal(top_model_chosen(&m)->now.name, "z0000");
	top_model_move(&m, MANY + 1);
	fill_many(&m, 2);
	assert_string_equal(top_model_chosen(&m)->now.name, "z0999");
	check_view(&m);
	top_model_sort(&m, TOP_BY_CPU);
	assert_string_equal(shown(&m, 0), "z0009");
	assert_int_equal(m.zones[m.shown[0]].cpu_permille, 9000);
	check_view(&m);
	type(&m, "99");
	assert_int_equal(m.n_shown, 19);	/* z0099 ... z0999, z0990 ... z0998 */
	check_view(&m);
	assert_int_equal(top_model_totals(&m).zones, MANY);
	top_model_clear(&m);
}

static void a_history_keeps_the_latest(void **state)
{
	struct top_model m = { 0 };
	const struct top_zone *z;

	(void)state;
	for (uint64_t i = 0; i <= 2 * TOP_HISTORY; i++) {
		struct top_sample s = at("a", i, i * i);

		top_model_update(&m, &s, 1);
	}
	z = &m.zones[0];
	assert_int_equal(z->n_history, TOP_HISTORY);
	for (size_t i = 1; i < TOP_HISTORY; i++)
		assert_true(z->cpu_history[i] > z->cpu_history[i - 1]);
	assert_int_equal(z->cpu_history[TOP_HISTORY - 1], z->cpu_permille);
	top_model_clear(&m);
}

static void a_picture_ends_with_the_latest_and_shows_a_little(void **state)
{
	static const uint64_t history[] = { 0, 1, 500, 1000, 5000 };
	static const unsigned char want[] = { 0, 0, 0, 1, 4, 8, 8 };
	unsigned char levels[7];

	(void)state;
	top_spark(history, N_ROWS(history), 1000, 8, levels, sizeof(levels));
	assert_memory_equal(levels, want, sizeof(want));
	top_spark(history, N_ROWS(history), 1000, 8, levels, 2);
	assert_memory_equal(levels, want + 5, 2);
	top_spark(history, 0, 0, 8, levels, 3);
	assert_memory_equal(levels, "\0\0\0", 3);
	assert_int_equal(top_scale(history, N_ROWS(history), 10), 5000);
	assert_int_equal(top_scale(history, 2, 10), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_sample_of_a_zone_has_no_rates),
		cmocka_unit_test(rates_are_what_grew_over_the_time_between),
		cmocka_unit_test(a_zone_that_booted_again_begins_anew),
		cmocka_unit_test(what_is_not_known_gives_no_rate_and_sorts_last),
		cmocka_unit_test(zones_come_and_go_between_samples),
		cmocka_unit_test(the_largest_comes_first_and_asked_twice_the_smallest),
		cmocka_unit_test(orders_have_names),
		cmocka_unit_test(a_filter_leaves_names_that_hold_it),
		cmocka_unit_test(the_chosen_zone_stays_chosen_wherever_it_is_sorted_to),
		cmocka_unit_test(whoever_looks_at_the_top_goes_on_looking_there),
		cmocka_unit_test(a_thousand_zones_are_paged_through),
		cmocka_unit_test(a_history_keeps_the_latest),
		cmocka_unit_test(a_picture_ends_with_the_latest_and_shows_a_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
