/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runtime/usage.h"

enum { SECOND = 1000000 };

static struct usage of_zone(uint64_t at_usec, uint64_t cpu_usec)
{
	struct usage u = {
		.name = "web", .is_up = true, .init = { .pid = 7, .start = 70 },
		.started_usec = 100 * SECOND, .at_usec = at_usec, .has_stats = true,
	};

	memset(&u.stats, 0xff, sizeof(u.stats));
	u.stats.cpu_usec = cpu_usec;
	return u;
}

static void without_a_first_sample_rates_are_those_since_boot(void **state)
{
	struct usage now = of_zone(110 * SECOND, 5 * SECOND);
	struct usage_rates r;

	(void)state;
	usage_rates(NULL, &now, &r);
	assert_true(r.has_cpu);
	assert_int_equal(r.cpu, 50000);
	assert_false(r.has_io);
	assert_false(r.has_net);
}

static void rates_are_what_happened_between_two_samples(void **state)
{
	struct usage before = of_zone(110 * SECOND, 5 * SECOND);
	struct usage now = of_zone(112 * SECOND, 8 * SECOND);
	struct usage_rates r;

	(void)state;
	before.stats.io_read = 1000;
	now.stats.io_read = 5000;
	before.has_net = now.has_net = true;
	now.net.in4.bytes = 600;
	now.net.in6.bytes = 400;
	now.net.out6.packets = 8;
	usage_rates(&before, &now, &r);
	assert_int_equal(r.cpu, 150000);
	assert_int_equal(r.io_read, 2000);
	assert_int_equal(r.net_in, 500);
	assert_int_equal(r.net_out_packets, 4);
}

static void a_zone_that_was_booted_between_counts_from_its_boot(void **state)
{
	struct usage before = of_zone(110 * SECOND, 500 * SECOND);
	struct usage now = of_zone(112 * SECOND, SECOND);
	struct usage_rates r;

	(void)state;
	now.init.start++;
	now.started_usec = 111 * SECOND;
	usage_rates(&before, &now, &r);
	assert_int_equal(r.cpu, 100000);
}

static void samples_at_the_same_moment_divide_by_nothing(void **state)
{
	struct usage before = of_zone(110 * SECOND, SECOND);
	struct usage now = of_zone(110 * SECOND, 2 * SECOND);
	struct usage_rates r;

	(void)state;
	usage_rates(&before, &now, &r);
	assert_int_equal(r.cpu, 0);
}

static void hits_add_up_what_is_known(void **state)
{
	struct cgroup_refusals r;

	(void)state;
	memset(&r, 0xff, sizeof(r));
	assert_true(usage_hits(&r) == CGROUP_UNKNOWN);
	r.pids = 3;
	r.memory = 4;
	assert_int_equal(usage_hits(&r), 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_first_sample_rates_are_those_since_boot),
		cmocka_unit_test(rates_are_what_happened_between_two_samples),
		cmocka_unit_test(a_zone_that_was_booted_between_counts_from_its_boot),
		cmocka_unit_test(samples_at_the_same_moment_divide_by_nothing),
		cmocka_unit_test(hits_add_up_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
