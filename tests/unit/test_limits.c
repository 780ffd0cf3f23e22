/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cgroups/cgroup.h"

static void a_processor_and_a_half_is_150_ms_of_each_100(void **state)
{
	struct limits_quota quota = limits_quota(1500);

	(void)state;
	assert_int_equal(quota.quota_us, 150000);
	assert_int_equal(quota.period_us, 100000);
}

static void a_share_too_small_for_the_kernel_gets_a_longer_period(void **state)
{
	struct limits_quota least = limits_quota(1), edge = limits_quota(10);

	(void)state;
	assert_int_equal(least.quota_us, 1000);
	assert_int_equal(least.period_us, 1000000);
	assert_int_equal(edge.quota_us, 1000);
	assert_int_equal(edge.period_us, 100000);
}

static void weight_100_is_1024_shares_and_the_rest_in_proportion(void **state)
{
	(void)state;
	assert_int_equal(limits_shares(100), 1024);
	assert_int_equal(limits_shares(300), 3072);
	assert_int_equal(limits_shares(1), 10);
	assert_int_equal(limits_shares(10000), 102400);
}

static void page_sizes_are_spelt_as_the_kernel_does(void **state)
{
	char text[16];

	(void)state;
	limits_page_size(2 << 20, text);
	assert_string_equal(text, "2MB");
	limits_page_size(1 << 30, text);
	assert_string_equal(text, "1GB");
	limits_page_size(64 << 10, text);
	assert_string_equal(text, "64KB");
}

static void a_cpuset_must_be_a_list_of_processors(void **state)
{
	static const char *const bad[] = {
		"", ",", "0,", "-1", "1-", "3-1", "0 1", "a", "0-1-2", "99999", "0\n",
		"18446744073709551616",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(limits_cpuset_check(bad[i], "0-7", &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_int_equal(limits_cpuset_check("0-3,6", "0-7", &err), 0);
}

static void a_cpuset_must_name_processors_of_this_host(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(limits_cpuset_check("1-4", "0-1,3", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "cpuset: no processor 2 (this host has 0-1,3)");
}

/* A host that exists on paper: memory on v1 or on v2. The descriptor is not used. */
static struct cgroup_host paper_host(bool memory_is_v1)
{
	struct cgroup_host host = CGROUP_HOST_NONE;

	if (memory_is_v1)
		host.v1fd[CGROUP_MEMORY] = 0;
	else
		host.on_v2[CGROUP_MEMORY] = true;
	return host;
}

static void no_limit_is_held_by_every_host(void **state)
{
	struct cgroup_host host = CGROUP_HOST_NONE;
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	assert_int_equal(limits_check(&host, &limits, &err), 0);
}

static void memory_high_is_refused_on_v1_by_name(void **state)
{
	struct cgroup_host v1 = paper_host(true), v2 = paper_host(false);
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	limits.memory_high = 1 << 20;
	assert_int_equal(limits_check(&v2, &limits, &err), 0);
	assert_int_equal(limits_check(&v1, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "memory-high: not possible with cgroup v1, which has "
				      "this host's memory controller");
}

static void ending_the_whole_zone_out_of_memory_is_refused_on_v1(void **state)
{
	struct cgroup_host v1 = paper_host(true), v2 = paper_host(false);
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	limits.oom = CGROUP_OOM_ZONE;
	assert_int_equal(limits_check(&v2, &limits, &err), 0);
	assert_int_equal(limits_check(&v1, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

static void a_missing_controller_is_named(void **state)
{
	struct cgroup_host host = paper_host(true);
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	limits.pids = 10;
	assert_int_equal(limits_check(&host, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "pids: no cgroup controller for it on this host "
				      "(pids is missing)");
}

static void swap_needs_memory_on_v1_alone(void **state)
{
	struct cgroup_host v1 = paper_host(true), v2 = paper_host(false);
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	limits.swap = 0;
	assert_int_equal(limits_check(&v2, &limits, &err), 0);
	assert_int_equal(limits_check(&v1, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	limits.memory = 1 << 20;
	assert_int_equal(limits_check(&v1, &limits, &err), 0);
}

static void a_burst_fits_into_the_quota(void **state)
{
	struct cgroup_host host = CGROUP_HOST_NONE;
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	host.on_v2[CGROUP_CPU] = true;
	limits_init(&limits);
	limits.cpu_burst_ms = 50;
	assert_int_equal(limits_check(&host, &limits, &err), -1);
	assert_string_equal(err.text, "cpu-burst: needs cpus");
	limits.cpus_milli = 500;
	assert_int_equal(limits_check(&host, &limits, &err), 0);
	limits.cpu_burst_ms = 51;
	assert_int_equal(limits_check(&host, &limits, &err), -1);
	assert_string_equal(err.text, "cpu-burst: at most 50ms with these cpus");
}

static void bfq_weights_are_the_same_below_100_and_scaled_above(void **state)
{
	(void)state;
	assert_int_equal(limits_bfq_weight(1), 1);
	assert_int_equal(limits_bfq_weight(100), 100);
	assert_int_equal(limits_bfq_weight(5050), 550);
	assert_int_equal(limits_bfq_weight(10000), 1000);
}

static void an_io_limit_needs_a_disk_and_says_so_by_its_name(void **state)
{
	struct cgroup_host host = CGROUP_HOST_NONE;
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	host.on_v2[CGROUP_IO] = true;
	limits_init(&limits);
	assert_null(limits_io_wanted(&limits));
	limits.io_write_ops = 100;
	assert_string_equal(limits_io_wanted(&limits), "io-write-ops");
	assert_int_equal(limits_check(&host, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "io-write-ops: no disk holds the zone's files");
	limits.disks.n_tops = 1;
	assert_int_equal(limits_check(&host, &limits, &err), 0);
}

static void a_filesystem_without_a_disk_is_named(void **state)
{
	int dirfd = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	if (dirfd < 0) {
		print_message("# skip: kernel: no /dev/shm\n");
		skip();
	}
	limits_init(&limits);
	assert_int_equal(limits_add_disks(&limits, dirfd, &err), 0);
	limits.io_read = 1 << 20;
	assert_int_equal(limits_add_disks(&limits, dirfd, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "io-read: no disk holds it: its filesystem is tmpfs");
	close(dirfd);
}

static void cleared_limits_limit_nothing(void **state)
{
	struct cgroup_host host = CGROUP_HOST_NONE;
	struct cgroup_limits limits;
	struct error err = { 0 };

	(void)state;
	limits_init(&limits);
	limits.cpuset = xstrdup("0");
	limits.memory = 1;
	limits_clear(&limits);
	assert_null(limits.cpuset);
	assert_int_equal(limits_check(&host, &limits, &err), 0);
	limits_clear(&limits);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_processor_and_a_half_is_150_ms_of_each_100),
		cmocka_unit_test(a_share_too_small_for_the_kernel_gets_a_longer_period),
		cmocka_unit_test(weight_100_is_1024_shares_and_the_rest_in_proportion),
		cmocka_unit_test(page_sizes_are_spelt_as_the_kernel_does),
		cmocka_unit_test(a_cpuset_must_be_a_list_of_processors),
		cmocka_unit_test(a_cpuset_must_name_processors_of_this_host),
		cmocka_unit_test(no_limit_is_held_by_every_host),
		cmocka_unit_test(memory_high_is_refused_on_v1_by_name),
		cmocka_unit_test(ending_the_whole_zone_out_of_memory_is_refused_on_v1),
		cmocka_unit_test(a_missing_controller_is_named),
		cmocka_unit_test(swap_needs_memory_on_v1_alone),
		cmocka_unit_test(a_burst_fits_into_the_quota),
		cmocka_unit_test(bfq_weights_are_the_same_below_100_and_scaled_above),
		cmocka_unit_test(an_io_limit_needs_a_disk_and_says_so_by_its_name),
		cmocka_unit_test(a_filesystem_without_a_disk_is_named),
		cmocka_unit_test(cleared_limits_limit_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
