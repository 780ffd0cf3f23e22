/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/spec_resources.h"
#include "oci/spec_seccomp.h"

static int text_fd(const char *text)
{
	int fd = memfd_create("config.json", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int read_text(struct oci_spec *spec, const char *text, struct error *err)
{
	AUTO_CLOSE int fd = text_fd(text);

	return spec_read(spec, fd, "config.json", err);
}

/* A directory of the specification's examples. */
static DIR *examples(const char *kind)
{
	const char *source = getenv("ZONE_SRCDIR");
	AUTO_FREE char *path = xasprintf("%s/tests/oci/schema/test/config/%s",
					 source ? source : ".", kind);
	DIR *dir = opendir(path);

	assert_non_null(dir);
	return dir;
}

static int read_example(DIR *dir, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd(dir), name, O_RDONLY | O_CLOEXEC);
	struct oci_spec spec = { 0 };
	int status = spec_read(&spec, fd, name, err);

	spec_clear(&spec);
	return status;
}

static void every_good_example_of_the_specification_is_taken(void **state)
{
	DIR *dir = examples("good");
	size_t n = 0;

	(void)state;
	for (struct dirent *e; (e = readdir(dir));) {
		struct error err = { 0 };

		if (e->d_name[0] == '.')
			continue;
		if (read_example(dir, e->d_name, &err) < 0)
			fail_msg("%s", err.text);
		n++;
	}
	closedir(dir);
	assert_true(n >= 8);
}

static void every_bad_example_is_refused_with_its_place(void **state)
{
	DIR *dir = examples("bad");
	size_t n = 0;

	(void)state;
	for (struct dirent *e; (e = readdir(dir));) {
		struct error err = { 0 };
		AUTO_FREE char *place = xasprintf("%s:", e->d_name);

		if (e->d_name[0] == '.')
			continue;
		if (read_example(dir, e->d_name, &err) == 0)
			fail_msg("%s was taken", e->d_name);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_memory_equal(err.text, place, strlen(place));
		n++;
	}
	closedir(dir);
	assert_true(n >= 5);
}

/* What stands between the braces, with ociVersion before it, and what is said of it. */
/* clang-format off */
static const struct fault_row {
	const char *members;
	const char *fault;
} fault_rows[] = {
	{ "\"root\":{}", "1:30: root: 'path' is missing" },
	{ "\"root\":[]", "root: expected an object" },
	{ "\"process\":{\"args\":[\"a\"]}", "process: 'cwd' is missing" },
	{ "\"process\":{\"cwd\":\"tmp\"}", "process.cwd: 'tmp' is no absolute path" },
	{ "\"process\":{\"cwd\":\"/\",\"args\":[1]}", "process.args[0]: expected a string" },
	{ "\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}", "process.user.uid: -1 is below 0" },
	{ "\"process\":{\"cwd\":\"/\",\"oomScoreAdj\":1001}", "process.oomScoreAdj: " },
	{ "\"process\":{\"cwd\":\"/\",\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]}",
	  "process.rlimits[0].type: 'NOFILE' is no RLIMIT_NAME" },
	{ "\"process\":{\"cwd\":\"/\",\"ioPriority\":{\"class\":\"IDLE\"}}",
	  "process.ioPriority.class: 'IDLE' is none of those it may be" },
	{ "\"hooks\":{\"prestart\":[{\"path\":\"hook\"}]}",
	  "hooks.prestart[0].path: 'hook' is no absolute path" },
	{ "\"hooks\":{\"poststop\":[{\"path\":\"/h\",\"timeout\":0}]}",
	  "hooks.poststop[0].timeout: " },
	{ "\"mounts\":[{\"source\":\"/a\"}]", "mounts[0]: 'destination' is missing" },
	{ "\"annotations\":{\"a\":1}", "annotations.a: expected a string" },
	{ "\"hostname\":\"h\",\"linux\":{}", "hostname: it needs a uts namespace" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}",
	  "linux.namespaces[0].type: 'net' is none of those it may be" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}",
	  "linux.namespaces: one type stands here twice" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}",
	  "linux: a new user namespace needs uidMappings" },
	{ "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}",
	  "linux.uidMappings: ids are mapped, but there is no user namespace" },
	{ "\"linux\":{\"maskedPaths\":[\"/proc/kcore\"]}",
	  "linux.maskedPaths: paths can't be masked without a mount namespace" },
	{ "\"linux\":{\"sysctl\":{\"kernel.panic\":\"1\"}}",
	  "sysctl 'kernel.panic' is not in a separate kernel namespace" },
	{ "\"linux\":{\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}",
	  "sysctl 'net.ipv4.ip_forward' is not in a separate kernel namespace" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],"
	  "\"sysctl\":{\"net/../kernel/panic\":\"1\"}}",
	  "is not in a separate kernel namespace" },
	{ "\"linux\":{\"cgroupsPath\":\"/a/../../b\"}", "linux.cgroupsPath: it goes up by '..'" },
	{ "\"linux\":{\"resources\":{\"pids\":{}}}", "linux.resources.pids: 'limit' is missing" },
	{ "\"linux\":{\"resources\":{\"memory\":{\"limit\":\"1M\"}}}",
	  "linux.resources.memory.limit: expected a number" },
	{ "\"linux\":{\"seccomp\":{}}", "linux.seccomp: 'defaultAction' is missing" },
	{ "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
	  "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_ERRNO\"}]}}",
	  "linux.seccomp.syscalls[0].names: names no system call" },
	{ "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1}}}",
	  "linux.timeOffsets: clocks have offsets in a new time namespace" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"a/b\":{}}}",
	  "linux.netDevices.a/b: invalid name of a network device" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],"
	  "\"netDevices\":{\"eth0\":{\"name\":\"a234567890123456\"}}}",
	  "linux.netDevices.eth0: invalid name of a network device" },
	{ "\"linux\":{\"netDevices\":{\"eth0\":{\"name\":7}}}",
	  "linux.netDevices.eth0.name: expected a string" },
	{ "\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_SOME\"}}",
	  "linux.memoryPolicy.mode: 'MPOL_SOME' is none of those it may be" },
	{ "\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"MPOL_F_NONE\"]}}",
	  "linux.memoryPolicy.flags[0]: 'MPOL_F_NONE' is none of those it may be" },
	{ "\"linux\":{\"personality\":{\"domain\":\"BSD\"}}",
	  "linux.personality.domain: 'BSD' is none of those it may be" },
	{ "\"linux\":{\"intelRdt\":{\"memBwSchema\":\"L3:0=f\"}}", "linux.intelRdt.memBwSchema: " },
	{ "\"linux\":{\"intelRdt\":{\"schemata\":\"L3:0=f\"}}",
	  "linux.intelRdt.schemata: expected an array" },
	{ "\"linux\":{\"rootfsPropagation\":\"all\"}",
	  "linux.rootfsPropagation: 'all' is none of those it may be" },
	{ "\"process\":{\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_EXT\"}}",
	  "process.scheduler.policy: 'SCHED_EXT' is none of those it may be" },
	{ "\"process\":{\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_RR\","
	  "\"flags\":[\"RESET\"]}}",
	  "process.scheduler.flags[0]: 'RESET' is none of those it may be" },
	{ "\"process\":{\"cwd\":\"/\",\"execCPUAffinity\":{\"initial\":\"all\"}}",
	  "process.execCPUAffinity.initial: 'all' is no list of processors" },
};
/* clang-format on */

static void a_fault_is_named_with_its_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS(fault_rows); i++) {
		AUTO_FREE char *text = xasprintf("{\"ociVersion\":\"1.0.2\",%s}",
						 fault_rows[i].members);
		struct oci_spec spec = { 0 };
		struct error err = { 0 };

		if (read_text(&spec, text, &err) == 0)
			fail_msg("taken: %s", text);
		if (!strstr(err.text, fault_rows[i].fault))
			fail_msg("'%s' is not in '%s'", fault_rows[i].fault, err.text);
		spec_clear(&spec);
	}
}

static void every_version_before_2_0_is_taken_and_no_other(void **state)
{
	static const char *const good[] = { "1.0.0", "1.0.2-dev", "1.2.1", "1.99.0", "0.5.0-dev" };
	static const char *const bad[] = { "2.0.0", "10.0.0", "", "one" };

	(void)state;
	for (size_t i = 0; i < N_ROWS(good); i++) {
		AUTO_FREE char *text = xasprintf("{\"ociVersion\":\"%s\"}", good[i]);
		struct oci_spec spec = { 0 };
		struct error err = { 0 };

		assert_int_equal(read_text(&spec, text, &err), 0);
		assert_string_equal(spec.version, good[i]);
		spec_clear(&spec);
	}
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		AUTO_FREE char *text = xasprintf("{\"ociVersion\":\"%s\"}", bad[i]);
		struct oci_spec spec = { 0 };
		struct error err = { 0 };

		assert_int_equal(read_text(&spec, text, &err), -1);
		spec_clear(&spec);
	}
}

static void what_the_text_says_is_what_the_struct_holds(void **state)
{
	static const char text[] =
		"{\"ociVersion\":\"1.3.0\",\"hostname\":\"h\",\"unknown\":[{\"a\":null}],"
		"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
		"\"cwd\":\"/\",\"args\":[\"sh\",\"-c\",\"\"],\"user\":{\"uid\":5,\"gid\":6,"
		"\"umask\":18,\"additionalGids\":[7,4294967295]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,"
		"\"hard\":18446744073709551615}],\"oomScoreAdj\":-1000,\"scheduler\":null},"
		"\"annotations\":{\"a.b\":\"c\"},"
		"\"linux\":{\"namespaces\":[{\"type\":\"uts\"},"
		"{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"}],"
		"\"resources\":{\"memory\":{\"limit\":-1,\"swap\":5},\"unified\":{\"a\":\"b\"}},"
		"\"rootfsPropagation\":\"rslave\","
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"args\":[{\"index\":5,\"value\":18446744073709551615,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}}}";
	struct oci_spec spec = { 0 };
	struct error err = { 0 };

	(void)state;
	if (read_text(&spec, text, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(spec.hostname, "h");
	assert_true(spec.process->terminal);
	assert_int_equal(spec.process->console_size->width, 80);
	assert_int_equal(spec.process->n_args, 3);
	assert_null(spec.process->args[3]);
	assert_int_equal(spec.process->user->umask.i, 18);
	assert_int_equal(spec.process->user->groups[1], UINT32_MAX);
	assert_true(spec.process->rlimits[0].hard.u == UINT64_MAX);
	assert_int_equal(spec.process->oom_score_adj.i, -1000);
	assert_null(spec.process->scheduler);
	assert_string_equal(spec.annotations[0].key, "a.b");
	assert_string_equal(spec.annotations[0].value, "c");
	assert_true(spec_makes_namespace(&spec, OCI_NS_UTS));
	assert_true(spec_has_namespace(&spec, OCI_NS_NETWORK));
	assert_false(spec_makes_namespace(&spec, OCI_NS_NETWORK));
	assert_false(spec_has_namespace(&spec, OCI_NS_PID));
	assert_int_equal(spec.linux_->resources->memory->limit.i, -1);
	assert_false(spec.linux_->resources->memory->reservation.is_set);
	assert_string_equal(spec.linux_->resources->unified[0].value, "b");
	assert_int_equal(spec.linux_->propagation, OCI_RSLAVE);
	assert_int_equal(spec.linux_->seccomp->default_errno.i, 38);
	assert_int_equal(spec.linux_->seccomp->architectures, 1 << 1 | 1 << 2);
	assert_string_equal(spec.linux_->seccomp->rules[0].names[1], "clone");
	assert_int_equal(spec.linux_->seccomp->rules[0].args[0].op, OCI_CMP_MASKED_EQ);
	spec_clear(&spec);
}

static void a_process_and_resources_are_read_alone(void **state)
{
	AUTO_CLOSE int processfd = text_fd("{\"cwd\":\"/\",\"args\":[\"true\"]}");
	AUTO_CLOSE int resourcesfd = text_fd("{\"pids\":{\"limit\":7}}");
	struct oci_spec spec = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(spec_read_process(&spec, processfd, "process.json", &err), 0);
	assert_string_equal(spec.process->args[0], "true");
	assert_int_equal(spec.process->user->uid, 0);
	spec_clear(&spec);
	assert_int_equal(spec_read_resources(&spec, resourcesfd, "-", &err), 0);
	assert_int_equal(spec.linux_->resources->pids->limit.i, 7);
	spec_clear(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_good_example_of_the_specification_is_taken),
		cmocka_unit_test(every_bad_example_is_refused_with_its_place),
		cmocka_unit_test(a_fault_is_named_with_its_path),
		cmocka_unit_test(every_version_before_2_0_is_taken_and_no_other),
		cmocka_unit_test(what_the_text_says_is_what_the_struct_holds),
		cmocka_unit_test(a_process_and_resources_are_read_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
