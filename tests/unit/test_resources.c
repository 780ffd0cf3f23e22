/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "oci/spec.h"
#include "oci/spec_linux.h"

/* Directories in place of groups: what is written to a file stays in it. */
struct fixture {
	char dir[32];
	struct span span;
	struct oci_spec spec;
};

static void put(int fd, const char *name, const char *text)
{
	AUTO_CLOSE int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct error err = { 0 };

	assert_true(file >= 0);
	assert_int_equal(fd_write_all(file, text, strlen(text), &err), 0);
}

static void add_group(struct fixture *f, const char *names, const char *files)
{
	AUTO_STRV char **list = strv_split(files, " ");
	AUTO_FREE char *path = xasprintf("%s/%s", f->dir, *names ? names : "v2");
	struct span_part *part = &f->span.parts[f->span.n++];

	assert_int_equal(mkdir(path, 0700), 0);
	strcpy(part->names, names);
	part->rootfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	part->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(part->fd >= 0);
	for (char **name = list; name && *name; name++)
		put(part->fd, *name, "");
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	strcpy(f->dir, "/tmp/resources-XXXXXX");
	return mkdtemp(f->dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	int status = path_remove(fd, strrchr(f->dir, '/'), &err);

	span_close(&f->span);
	spec_clear(&f->spec);
	free(f);
	return status;
}

static struct fixture *on_v2(void **state)
{
	struct fixture *f = *state;

	add_group(f, "", "cpu.weight cpu.max cpu.max.burst cpu.idle cpuset.cpus cpuset.mems "
			 "memory.max memory.low memory.swap.max pids.max io.weight io.max "
			 "hugetlb.2MB.max hugetlb.2MB.rsvd.max memory.current memory.high");
	put(f->span.parts[0].fd, "cgroup.controllers", "cpuset cpu io memory hugetlb pids");
	put(f->span.parts[0].fd, "cpu.max", "max 100000");
	put(f->span.parts[0].fd, "memory.current", "5000000");
	return f;
}

static struct fixture *on_v1(void **state)
{
	struct fixture *f = *state;

	add_group(f, "cpu,cpuacct", "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us "
				    "cpu.rt_period_us cpu.rt_runtime_us cpu.idle");
	add_group(f, "memory", "memory.limit_in_bytes memory.memsw.limit_in_bytes "
			       "memory.soft_limit_in_bytes memory.oom_control memory.swappiness "
			       "memory.kmem.tcp.limit_in_bytes");
	add_group(f, "pids", "pids.max");
	add_group(f, "blkio", "blkio.weight blkio.throttle.read_bps_device blkio.weight_device "
			      "blkio.leaf_weight blkio.leaf_weight_device");
	add_group(f, "net_cls,net_prio", "net_cls.classid net_prio.ifpriomap");
	add_group(f, "rdma", "rdma.max");
	add_group(f, "hugetlb", "hugetlb.1GB.limit_in_bytes");
	put(f->span.parts[1].fd, "memory.limit_in_bytes", "1000000");
	return f;
}

static int apply(struct fixture *f, const char *text, bool is_update, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("resources", MFD_CLOEXEC);

	assert_int_equal(fd_write_all(fd, text, strlen(text), err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	if (spec_read_resources(&f->spec, fd, "resources", err) < 0)
		fail_msg("%s", err->text);
	return resources_apply(&f->span, f->spec.linux_->resources, is_update, err);
}

static void applies(struct fixture *f, const char *text)
{
	struct error err = { 0 };

	if (apply(f, text, false, &err) < 0)
		fail_msg("%s", err.text);
}

static void holds(const struct fixture *f, const char *names, const char *file, const char *text)
{
	int fd = *names ? span_v1(&f->span, names) : span_v2(&f->span);
	struct error err = { 0 };
	char is[128];

	assert_true(fd_read_control(fd, file, is, sizeof(is), &err) >= 0);
	if (strcmp(is, text) != 0)
		fail_msg("%s is '%s', not '%s'", file, is, text);
}

static void shares_become_a_weight_as_runc_makes_it(void **state)
{
	(void)state;
	assert_int_equal(resources_weight(0), 0);
	assert_int_equal(resources_weight(2), 1);
	assert_int_equal(resources_weight(1024), 39);
	assert_int_equal(resources_weight(262144), 10000);
	assert_int_equal(resources_weight(1), 1);
	assert_int_equal(resources_weight(UINT64_MAX), 10000);
}

static void every_figure_reaches_its_file_on_v2(void **state)
{
	struct fixture *f = on_v2(state);

	applies(f, "{\"cpu\":{\"shares\":1024,\"quota\":50000,\"cpus\":\"0-1\",\"idle\":0},"
		   "\"memory\":{\"limit\":10485760,\"reservation\":4096,\"swap\":15728640},"
		   "\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":1000},"
		   "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}],"
		   "\"unified\":{\"memory.high\":\"8M\"}}");
	holds(f, "", "cpu.weight", "39");
	holds(f, "", "cpu.max", "50000 100000");
	holds(f, "", "cpuset.cpus", "0-1");
	holds(f, "", "memory.max", "10485760");
	holds(f, "", "memory.low", "4096");
	holds(f, "", "memory.swap.max", "5242880");
	holds(f, "", "pids.max", "max");
	holds(f, "", "io.weight", "10000");
	holds(f, "", "hugetlb.2MB.max", "4194304");
	holds(f, "", "hugetlb.2MB.rsvd.max", "4194304");
	holds(f, "", "memory.high", "8M");
}

static void every_figure_reaches_its_file_on_v1(void **state)
{
	struct fixture *f = on_v1(state);

	applies(f, "{\"cpu\":{\"shares\":512,\"quota\":20000,\"period\":40000},"
		   "\"memory\":{\"limit\":1048576,\"swap\":2097152,\"swappiness\":0,"
		   "\"disableOOMKiller\":true},\"pids\":{\"limit\":12},"
		   "\"blockIO\":{\"weight\":300,\"throttleReadBpsDevice\":"
		   "[{\"major\":8,\"minor\":1,\"rate\":18446744073709551615}]}}");
	holds(f, "cpu", "cpu.shares", "512");
	holds(f, "cpu", "cpu.cfs_quota_us", "20000");
	holds(f, "cpu", "cpu.cfs_period_us", "40000");
	holds(f, "memory", "memory.limit_in_bytes", "1048576");
	holds(f, "memory", "memory.memsw.limit_in_bytes", "2097152");
	holds(f, "memory", "memory.swappiness", "0");
	holds(f, "memory", "memory.oom_control", "1");
	holds(f, "pids", "pids.max", "12");
	holds(f, "blkio", "blkio.weight", "300");
	holds(f, "blkio", "blkio.throttle.read_bps_device", "8:1 18446744073709551615");
}

static void what_v1_alone_has_reaches_its_file_there(void **state)
{
	struct fixture *f = on_v1(state);

	applies(f, "{\"cpu\":{\"realtimePeriod\":1000000,\"realtimeRuntime\":5000},"
		   "\"memory\":{\"kernelTCP\":4096,\"reservation\":8192},"
		   "\"network\":{\"classID\":65537,"
		   "\"priorities\":[{\"name\":\"lo\",\"priority\":3}]},"
		   "\"rdma\":{\"mlx5\":{\"hcaHandles\":3,\"hcaObjects\":9}},"
		   "\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":0}],"
		   "\"blockIO\":{\"leafWeight\":20,\"weightDevice\":"
		   "[{\"major\":8,\"minor\":0,\"weight\":100,\"leafWeight\":200}]}}");
	holds(f, "cpu", "cpu.rt_period_us", "1000000");
	holds(f, "cpu", "cpu.rt_runtime_us", "5000");
	holds(f, "memory", "memory.kmem.tcp.limit_in_bytes", "4096");
	holds(f, "memory", "memory.soft_limit_in_bytes", "8192");
	holds(f, "net_cls", "net_cls.classid", "65537");
	holds(f, "net_prio", "net_prio.ifpriomap", "lo 3");
	holds(f, "rdma", "rdma.max", "mlx5 hca_handle=3 hca_object=9");
	holds(f, "hugetlb", "hugetlb.1GB.limit_in_bytes", "0");
	holds(f, "blkio", "blkio.leaf_weight", "20");
	holds(f, "blkio", "blkio.weight_device", "8:0 100");
	holds(f, "blkio", "blkio.leaf_weight_device", "8:0 200");
}

static void refused_on_v2(struct fixture *f, const char *text, const char *words)
{
	struct error err = { 0 };

	assert_int_equal(apply(f, text, false, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
	spec_clear(&f->spec);
}

static void what_v2_has_not_is_refused_there(void **state)
{
	struct fixture *f = on_v2(state);

	refused_on_v2(f, "{\"cpu\":{\"realtimeRuntime\":5000}}", "cpu.realtimeRuntime");
	refused_on_v2(f, "{\"network\":{\"classID\":3}}", "'net_cls' of cgroup v1");
	refused_on_v2(f, "{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":3}]}}",
		      "'net_prio'");
	refused_on_v2(f, "{\"blockIO\":{\"leafWeight\":30}}", "blockIO.leafWeight");
	refused_on_v2(f, "{\"unified\":{\"misc.max\":\"res 1\"}}",
		      "controller 'misc' not available");
	applies(f, "{\"memory\":{\"swappiness\":10,\"kernelTCP\":4096,"
		   "\"disableOOMKiller\":true}}");
}

static void rates_and_weights_of_devices_have_v2s_form(void **state)
{
	struct fixture *f = on_v2(state);

	applies(f, "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}");
	holds(f, "", "io.weight", "8:0 1");
	spec_clear(&f->spec);
	applies(f, "{\"blockIO\":{\"throttleWriteIOPSDevice\":"
		   "[{\"major\":8,\"minor\":16,\"rate\":500}]}}");
	holds(f, "", "io.max", "8:16 wiops=500");
	put(f->span.parts[0].fd, "io.max", "");
	spec_clear(&f->spec);
	applies(f, "{\"blockIO\":{\"throttleReadBpsDevice\":"
		   "[{\"major\":8,\"minor\":16,\"rate\":0}]}}");
	holds(f, "", "io.max", "8:16 rbps=max");
}

static void memory_without_limit_leaves_swap_without(void **state)
{
	struct fixture *f = on_v2(state);

	applies(f, "{\"memory\":{\"limit\":-1}}");
	holds(f, "", "memory.max", "max");
	holds(f, "", "memory.swap.max", "max");
}

static void swap_alone_is_counted_from_the_memory_that_there_is(void **state)
{
	struct fixture *f = on_v2(state);
	struct error err = { 0 };

	put(f->span.parts[0].fd, "memory.max", "10000000");
	assert_int_equal(apply(f, "{\"memory\":{\"swap\":15000000}}", true, &err), 0);
	holds(f, "", "memory.swap.max", "5000000");
}

static void what_is_zero_or_absent_is_left_as_it_is(void **state)
{
	struct fixture *f = on_v2(state);

	applies(f, "{\"cpu\":{\"shares\":0,\"quota\":0},\"memory\":{\"limit\":0,\"swap\":0},"
		   "\"pids\":{\"limit\":0}}");
	holds(f, "", "cpu.weight", "");
	holds(f, "", "cpu.max", "max 100000");
	holds(f, "", "memory.max", "");
	holds(f, "", "pids.max", "");
}

static void a_period_alone_keeps_the_quota(void **state)
{
	struct fixture *f = on_v2(state);

	put(f->span.parts[0].fd, "cpu.max", "30000 90000");
	applies(f, "{\"cpu\":{\"period\":50000}}");
	holds(f, "", "cpu.max", "30000 50000");
}

static void a_controller_that_is_nowhere_is_named(void **state)
{
	struct fixture *f = on_v2(state);
	struct error err = { 0 };

	assert_int_equal(apply(f, "{\"rdma\":{\"mlx5\":{\"hcaHandles\":3}}}", false, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "linux.resources.rdma"));
}

static void unified_keys_are_files_of_v2_alone(void **state)
{
	struct fixture *f = on_v1(state);
	struct error err = { 0 };

	assert_int_equal(apply(f, "{\"unified\":{\"memory.high\":\"1M\"}}", false, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	spec_clear(&f->spec);
	assert_int_equal(apply(f, "{\"unified\":{\"../x.y\":\"1\"}}", false, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void memory_in_use_is_looked_at_where_that_was_asked(void **state)
{
	struct fixture *f = on_v2(state);
	struct error err = { 0 };

	assert_int_equal(apply(f, "{\"memory\":{\"limit\":4000000,\"checkBeforeUpdate\":true}}",
			       true, &err),
			 -1);
	assert_int_equal(err.kind, ERR_RESOURCE);
	holds(f, "", "memory.max", "");
	spec_clear(&f->spec);
	assert_int_equal(apply(f, "{\"memory\":{\"limit\":4000000}}", true, &err), 0);
	holds(f, "", "memory.max", "4000000");
}

static void swap_needs_memory_and_is_not_below_it(void **state)
{
	struct fixture *f = on_v2(state);
	struct error err = { 0 };

	assert_int_equal(apply(f, "{\"memory\":{\"swap\":4000000}}", false, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	spec_clear(&f->spec);
	assert_int_equal(apply(f, "{\"memory\":{\"limit\":5000000,\"swap\":4000000}}", false, &err),
			 -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_become_a_weight_as_runc_makes_it),
		TEST(every_figure_reaches_its_file_on_v2),
		TEST(every_figure_reaches_its_file_on_v1),
		TEST(what_v1_alone_has_reaches_its_file_there),
		TEST(what_v2_has_not_is_refused_there),
		TEST(rates_and_weights_of_devices_have_v2s_form),
		TEST(memory_without_limit_leaves_swap_without),
		TEST(swap_alone_is_counted_from_the_memory_that_there_is),
		TEST(what_is_zero_or_absent_is_left_as_it_is),
		TEST(a_period_alone_keeps_the_quota),
		TEST(a_controller_that_is_nowhere_is_named),
		TEST(unified_keys_are_files_of_v2_alone),
		TEST(memory_in_use_is_looked_at_where_that_was_asked),
		TEST(swap_needs_memory_and_is_not_below_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
