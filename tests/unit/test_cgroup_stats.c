/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "cgroups/stats.h"

/* Hierarchies made of plain files, as kernels 6.1 and 6.12 write them. */
struct fixture {
	char dir[64];
	struct cgroup_host host;
	struct cgroup_stats stats;
	struct error err;
};

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .host = CGROUP_HOST_NONE };
	strcpy(f.dir, "/tmp/zonectl-stats.XXXXXX");
	strcpy(f.host.subtree, "zonectl");
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		f.host.on_v2[i] = true;
	assert_non_null(mkdtemp(f.dir));
	f.host.v2fd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &f;
	return f.host.v2fd >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int tmpfd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = path_remove(tmpfd, f->dir + strlen("/tmp/"), &err);

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		cleanup_close(&f->host.v1fd[i]);
	cleanup_close(&f->host.v2fd);
	return rc;
}

/* A hierarchy of v1 beside, for one controller. */
static void on_v1(struct fixture *f, enum cgroup_controller controller, const char *name)
{
	assert_int_equal(mkdirat(f->host.v2fd, name, 0755), 0);
	f->host.v1fd[controller] = openat(f->host.v2fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->host.v1fd[controller] >= 0);
}

static void put(int rootfd, const char *file, const char *text)
{
	struct error err = { 0 };
	AUTO_CLOSE int dirfd = -1;

	(void)mkdirat(rootfd, "zonectl", 0755);
	(void)mkdirat(rootfd, "zonectl/web", 0755);
	dirfd = openat(rootfd, "zonectl/web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	assert_int_equal(fd_replace_nosync(dirfd, file, 0644, text, strlen(text), &err), 0);
}

static void put_cpu(struct fixture *f)
{
	put(f->host.v2fd, "cpu.stat",
	    "usage_usec 8700123\nuser_usec 5000000\nsystem_usec 3700123\nnice_usec 0\n"
	    "nr_periods 40\nnr_throttled 7\nthrottled_usec 1500\nnr_bursts 0\nburst_usec 0\n");
}

static const struct cgroup_stats *read_all(struct fixture *f)
{
	if (cgroup_stats(&f->host, "web", CGROUP_STATS_ALL, &f->stats, &f->err) < 0)
		fail_msg("%s", f->err.text);
	return &f->stats;
}

static void figures_of_v2_are_read_from_their_files(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;
	int fd = f->host.v2fd;

	put_cpu(f);
	put(fd, "memory.current", "5242880\n");
	put(fd, "memory.peak", "6291456\n");
	put(fd, "memory.max", "67108864\n");
	put(fd, "memory.high", "max\n");
	put(fd, "memory.low", "0\n");
	put(fd, "memory.swap.current", "4096\n");
	put(fd, "memory.swap.max", "max\n");
	put(fd, "memory.stat",
	    "anon 1000\nfile 2000\nkernel 3000\nkernel_stack 40\nfile_dirty 7\n");
	put(fd, "memory.events", "low 0\nhigh 90\nmax 80\noom 3\noom_kill 2\noom_group_kill 0\n");
	put(fd, "memory.events.local", "low 0\nhigh 5\nmax 4\noom 1\noom_kill 0\n");
	put(fd, "memory.swap.events", "high 0\nmax 6\nfail 8\n");
	put(fd, "pids.current", "12\n");
	put(fd, "pids.peak", "20\n");
	put(fd, "pids.max", "max\n");
	put(fd, "pids.events", "max 9\n");
	s = read_all(f);
	assert_int_equal(s->cpu_usec, 8700123);
	assert_int_equal(s->cpu_user_usec, 5000000);
	assert_int_equal(s->cpu_system_usec, 3700123);
	assert_int_equal(s->throttled_usec, 1500);
	assert_int_equal(s->memory, 5242880);
	assert_int_equal(s->memory_peak, 6291456);
	assert_int_equal(s->memory_limit, 67108864);
	assert_true(s->memory_high == CGROUP_UNKNOWN);
	assert_int_equal(s->memory_low, 0);
	assert_int_equal(s->swap, 4096);
	assert_true(s->swap_limit == CGROUP_UNKNOWN);
	assert_int_equal(s->memory_anon, 1000);
	assert_int_equal(s->memory_file, 2000);
	assert_int_equal(s->memory_kernel, 3000);
	assert_int_equal(s->pids, 12);
	assert_int_equal(s->pids_peak, 20);
	assert_true(s->pids_limit == CGROUP_UNKNOWN);
}

static void only_the_zones_own_limits_count_as_refusals(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_refusals *r = &f->stats.refusals;
	int fd = f->host.v2fd;

	put_cpu(f);
	put(fd, "memory.events", "low 0\nhigh 90\nmax 80\noom 3\noom_kill 2\noom_group_kill 0\n");
	put(fd, "memory.events.local", "low 0\nhigh 5\nmax 4\noom 1\noom_kill 0\n");
	put(fd, "memory.swap.events", "high 0\nmax 6\nfail 8\n");
	put(fd, "pids.events", "max 9\n");
	(void)read_all(f);
	assert_int_equal(r->cpus, 7);
	assert_int_equal(r->memory, 4);
	assert_int_equal(r->memory_high, 5);
	assert_int_equal(r->oom_kills, 2);
	assert_int_equal(r->swap, 6);
	assert_int_equal(r->pids, 9);
	assert_true(r->hugepages == CGROUP_UNKNOWN);
}

static void pressure_is_read_in_hundredths_of_a_percent(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;
	int fd = f->host.v2fd;

	put_cpu(f);
	put(fd, "cpu.pressure", "some avg10=12.34 avg60=1.00 avg300=0.10 total=6722116719\n"
				"full avg10=0.05 avg60=0.00 avg300=0.00 total=77\n");
	put(fd, "memory.pressure", "some avg10=100.00 avg60=1.00 avg300=0.10 total=5\n"
				   "full avg10=99.99 avg60=0.00 avg300=0.00 total=4\n");
	s = read_all(f);
	assert_int_equal(s->cpu_pressure.some_avg10, 1234);
	assert_int_equal(s->cpu_pressure.full_avg10, 5);
	assert_int_equal(s->cpu_pressure.some_usec, 6722116719);
	assert_int_equal(s->cpu_pressure.full_usec, 77);
	assert_int_equal(s->memory_pressure.some_avg10, 10000);
	assert_int_equal(s->memory_pressure.full_usec, 4);
	assert_true(s->io_pressure.some_avg10 == CGROUP_UNKNOWN);
	assert_true(s->io_pressure.full_usec == CGROUP_UNKNOWN);
}

static void input_and_output_is_that_of_all_devices_but_loops(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;

	put_cpu(f);
	put(f->host.v2fd, "io.stat",
	    "7:3 rbytes=999 wbytes=999 rios=9 wios=9 dbytes=0 dios=0\n"
	    "4095:1 rbytes=100 wbytes=200 rios=3 wios=4 dbytes=5000 dios=6\n"
	    "4095:2 rbytes=1000 wbytes=2000 rios=30 wios=40 dbytes=0 dios=0\n");
	s = read_all(f);
	assert_int_equal(s->io_read, 1100);
	assert_int_equal(s->io_written, 2200);
	assert_int_equal(s->io_reads, 33);
	assert_int_equal(s->io_writes, 44);
}

static void figures_of_v1_are_read_where_the_controller_is(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;

	put_cpu(f);
	on_v1(f, CGROUP_CPU, "cpu");
	on_v1(f, CGROUP_MEMORY, "memory");
	on_v1(f, CGROUP_IO, "blkio");
	put(f->host.v1fd[CGROUP_CPU], "cpu.stat",
	    "nr_periods 50\nnr_throttled 8\nthrottled_time 2500999\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.usage_in_bytes", "5000\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.memsw.usage_in_bytes", "7000\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.limit_in_bytes", "67108864\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.memsw.limit_in_bytes", "9223372036854771712\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.failcnt", "11\n");
	put(f->host.v1fd[CGROUP_MEMORY], "memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	put(f->host.v1fd[CGROUP_IO], "blkio.throttle.io_service_bytes",
	    "4095:1 Read 4096\n4095:1 Write 8192\n4095:1 Sync 0\n4095:1 Async 12288\n"
	    "4095:1 Discard 0\n4095:1 Total 12288\n7:0 Read 99\n7:0 Write 99\nTotal 12486\n");
	s = read_all(f);
	assert_int_equal(s->cpu_usec, 8700123);
	assert_int_equal(s->throttled_usec, 2500);
	assert_int_equal(s->refusals.cpus, 8);
	assert_int_equal(s->memory, 5000);
	assert_int_equal(s->swap, 2000);
	assert_int_equal(s->memory_limit, 67108864);
	assert_true(s->swap_limit == CGROUP_UNKNOWN);
	assert_int_equal(s->refusals.memory, 11);
	assert_int_equal(s->refusals.oom_kills, 3);
	assert_true(s->refusals.memory_high == CGROUP_UNKNOWN);
	assert_int_equal(s->io_read, 4096);
	assert_int_equal(s->io_written, 8192);
	assert_true(s->io_reads == CGROUP_UNKNOWN);
}

static void without_swap_what_v1_refuses_is_memory(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;
	int fd;

	put_cpu(f);
	on_v1(f, CGROUP_MEMORY, "memory");
	fd = f->host.v1fd[CGROUP_MEMORY];
	put(fd, "memory.limit_in_bytes", "67108864\n");
	put(fd, "memory.memsw.limit_in_bytes", "67108864\n");
	put(fd, "memory.failcnt", "2\n");
	put(fd, "memory.memsw.failcnt", "5\n");
	s = read_all(f);
	assert_int_equal(s->refusals.memory, 7);
	assert_int_equal(s->refusals.swap, 0);
	put(fd, "memory.memsw.limit_in_bytes", "67112960\n");
	s = read_all(f);
	assert_int_equal(s->refusals.memory, 2);
	assert_int_equal(s->refusals.swap, 5);
}

static void what_old_kernels_count_in_groups_below_is_added_up(void **state)
{
	struct fixture *f = *state;
	unsigned int parts = CGROUP_STATS_REFUSALS | CGROUP_STATS_BELOW;
	struct error err = { 0 };
	AUTO_CLOSE int belowfd = -1;

	put_cpu(f);
	put(f->host.v2fd, "pids.events", "max 0\n");
	assert_int_equal(mkdirat(f->host.v2fd, "zonectl/web/zone", 0755), 0);
	belowfd = openat(f->host.v2fd, "zonectl/web/zone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fd_replace_nosync(belowfd, "pids.events", 0644, "max 3\n", 6, &err), 0);
	assert_int_equal(cgroup_stats(&f->host, "web", parts, &f->stats, &f->err), 0);
	assert_int_equal(f->stats.refusals.pids, 3);
	put(f->host.v2fd, "pids.events", "max 2\n");
	put(f->host.v2fd, "pids.events.local", "max 0\n");
	assert_int_equal(cgroup_stats(&f->host, "web", parts, &f->stats, &f->err), 0);
	assert_int_equal(f->stats.refusals.pids, 2);
}

static void what_was_not_asked_for_is_not_known(void **state)
{
	struct fixture *f = *state;

	put_cpu(f);
	put(f->host.v2fd, "memory.current", "5242880\n");
	assert_int_equal(cgroup_stats(&f->host, "web", CGROUP_STATS_MEMORY, &f->stats, &f->err), 0);
	assert_int_equal(f->stats.memory, 5242880);
	assert_true(f->stats.cpu_usec == CGROUP_UNKNOWN);
	assert_true(f->stats.refusals.cpus == CGROUP_UNKNOWN);
}

static void files_that_make_no_sense_give_no_figures(void **state)
{
	struct fixture *f = *state;
	const struct cgroup_stats *s;

	put_cpu(f);
	put(f->host.v2fd, "memory.current", "plenty\n");
	put(f->host.v2fd, "memory.peak", "");
	put(f->host.v2fd, "cpu.pressure", "some avg10= total=\nfull\n");
	put(f->host.v2fd, "pids.events", "\n\nmax\n");
	put(f->host.v2fd, "io.stat", "4095:0 \n4095:1");
	s = read_all(f);
	assert_true(s->memory == CGROUP_UNKNOWN);
	assert_true(s->memory_peak == CGROUP_UNKNOWN);
	assert_true(s->cpu_pressure.some_avg10 == CGROUP_UNKNOWN);
	assert_true(s->cpu_pressure.full_usec == CGROUP_UNKNOWN);
	assert_true(s->refusals.pids == CGROUP_UNKNOWN);
	assert_int_equal(s->io_read, 0);
}

static void a_zone_without_groups_is_not_found(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(cgroup_stats(&f->host, "gone", CGROUP_STATS_CPU, &f->stats, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(figures_of_v2_are_read_from_their_files),
		CASE(only_the_zones_own_limits_count_as_refusals),
		CASE(pressure_is_read_in_hundredths_of_a_percent),
		CASE(input_and_output_is_that_of_all_devices_but_loops),
		CASE(figures_of_v1_are_read_where_the_controller_is),
		CASE(without_swap_what_v1_refuses_is_memory),
		CASE(what_old_kernels_count_in_groups_below_is_added_up),
		CASE(what_was_not_asked_for_is_not_known),
		CASE(files_that_make_no_sense_give_no_figures),
		CASE(a_zone_without_groups_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
