/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cgroup_fixture.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/sys.h"
#include "cgroups/devices.h"

/* In a child of its own mounts: a tmpfs with nodes, opened by the host's root from inside the
 * group, whom nothing but the policy can stop. */
struct probe {
	mode_t type;
	unsigned int major, minor;
};

enum { DENIED = 1, OPEN = 2, NO_DEVICE = 3, TROUBLE = 100 };

/* Which of the errors says that the policy let it through: the driver's own. */
static int open_result(int fd)
{
	if (fd >= 0)
		return OPEN;
	return errno == EPERM ? DENIED : NO_DEVICE;
}

static int probe_inside(const struct cgroup *cg, const struct probe *probe)
{
	struct error err = { 0 };
	dev_t dev = makedev(probe->major, probe->minor);

	if (unshare(CLONE_NEWNS) < 0 ||
	    sys_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    sys_mount("none", "/mnt", "tmpfs", 0, NULL) < 0 ||
	    mknod("/mnt/node", probe->type | 0666, dev) < 0)
		return TROUBLE;
	if (cgroup_join_v1(cg, 0, &err) < 0 || cgroup_join_v2(cg, 0, &err) < 0)
		return TROUBLE + 1;
	return open_result(open("/mnt/node", O_RDWR | O_NONBLOCK | O_NOCTTY));
}

static int probed(const struct cgroup *cg, const struct probe *probe)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(probe_inside(cg, probe));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct fixture *with_policy(void **state, struct cgroup *cg, unsigned int sets)
{
	struct fixture *f = as_root(state);

	if (!devices_supported()) {
		print_message("# skip: kernel: no device policy\n");
		skip();
	}
	good(cgroup_up(cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	good(devices_apply(&f->host, cg->outerfd, sets, &f->err), &f->err);
	return f;
}

static void the_devices_of_every_zone_open(void **state)
{
	static const struct probe probes[] = {
		{ S_IFCHR, 1, 3 }, { S_IFCHR, 1, 5 }, { S_IFCHR, 1, 7 }, { S_IFCHR, 1, 8 },
		{ S_IFCHR, 1, 9 }, { S_IFCHR, 5, 0 }, { S_IFCHR, 136, 4000 },
	};
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	with_policy(state, &cg, 0);
	for (size_t i = 0; i < N_ROWS(probes); i++) {
		int result = probed(&cg, &probes[i]);

		if (result != OPEN && result != NO_DEVICE)
			print_error("%u:%u: %d\n", probes[i].major, probes[i].minor, result);
		assert_true(result == OPEN || result == NO_DEVICE);
	}
}

static void every_other_device_is_refused(void **state)
{
	static const struct probe probes[] = {
		{ S_IFCHR, 1, 1 }, { S_IFCHR, 1, 4 }, { S_IFCHR, 1, 6 }, { S_IFCHR, 1, 10 },
		{ S_IFCHR, 1, 11 }, { S_IFCHR, 5, 1 }, { S_IFCHR, 5, 3 }, { S_IFCHR, 10, 229 },
		{ S_IFCHR, 10, 200 }, { S_IFCHR, 10, 237 }, { S_IFCHR, 135, 0xfffff },
		{ S_IFCHR, 144, 0 }, { S_IFBLK, 1, 3 }, { S_IFBLK, 7, 0 }, { S_IFBLK, 8, 0 },
		{ S_IFBLK, 136, 0 }, { S_IFBLK, 254, 0 }, { S_IFCHR, 0x101, 3 }, { S_IFCHR, 0, 1 },
	};
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	with_policy(state, &cg, 0);
	for (size_t i = 0; i < N_ROWS(probes); i++) {
		int result = probed(&cg, &probes[i]);

		if (result != DENIED)
			print_error("%u:%u: %d\n", probes[i].major, probes[i].minor, result);
		assert_int_equal(result, DENIED);
	}
}

static void a_feature_opens_its_device_and_no_other(void **state)
{
	static const struct probe fuse = { S_IFCHR, 10, 229 }, tun = { S_IFCHR, 10, 200 };
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;

	with_policy(state, &cg, CGROUP_DEVICES_FUSE);
	assert_int_not_equal(probed(&cg, &fuse), DENIED);
	assert_int_equal(probed(&cg, &tun), DENIED);
}

static void no_node_can_be_made(void **state)
{
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_policy(state, &cg, 0);
	char path[] = "/tmp/zonectl-devices.XXXXXX";
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join_v1(&cg, 0, &f->err) < 0 || cgroup_join_v2(&cg, 0, &f->err) < 0)
			_exit(TROUBLE);
		if (mknod("disk", S_IFBLK | 0600, makedev(8, 0)) == 0 || errno != EPERM)
			_exit(1);
		/* An overlay's whiteout. */
		_exit(mknod("whiteout", S_IFCHR, makedev(0, 0)) == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)unlink("disk");
	(void)unlink("whiteout");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(status, 0);
}

static uint32_t program_of(const struct cgroup *cg)
{
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)cg->outerfd } };
	uint32_t id = 0;

	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)&id;
	attr.query.prog_cnt = 1;
	assert_int_equal(sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)), 0);
	return id;
}

static uint32_t program_of_next(struct fixture *f, struct cgroup *cg, unsigned int sets)
{
	cgroup_close(cg);
	good(cgroup_down(&f->host, "web", WAIT_MS, &f->err), &f->err);
	good(cgroup_up(cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	good(devices_apply(&f->host, cg->outerfd, sets, &f->err), &f->err);
	return program_of(cg);
}

static void zones_of_one_kind_share_a_program(void **state)
{
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_policy(state, &cg, 0);
	uint32_t first = program_of(&cg);

	assert_int_not_equal(first, 0);
	assert_int_equal(program_of_next(f, &cg, 0), first);
	assert_int_not_equal(program_of_next(f, &cg, CGROUP_DEVICES_TUN), first);
}

/* Both the zone's and the one above must agree. */
static void a_policy_above_stays_in_force(void **state)
{
	static const struct probe fuse = { S_IFCHR, 10, 229 };
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_policy(state, &cg, 0);

	good(devices_apply(&f->host, cg.innerfd, CGROUP_DEVICES_FUSE, &f->err), &f->err);
	assert_int_equal(probed(&cg, &fuse), DENIED);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A figure for whoever reads the log; what is held to is far above what a busy machine needs. */
static void it_takes_no_time_that_a_boot_would_notice(void **state)
{
	enum { ROUNDS = 32 };
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_policy(state, &cg, 0);
	int64_t start = now_us(), each;

	for (int i = 0; i < ROUNDS; i++) {
		cleanup_close(&f->host.policyfd[0]);
		f->host.policyfd[0] = -1;
		good(devices_load(&f->host, 0, &f->err), &f->err);
	}
	each = (now_us() - start) / ROUNDS;
	print_message("# %lld us a time\n", (long long)each);
	assert_true(each < 5000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(the_devices_of_every_zone_open),
		CASE(every_other_device_is_refused),
		CASE(a_feature_opens_its_device_and_no_other),
		CASE(no_node_can_be_made),
		CASE(zones_of_one_kind_share_a_program),
		CASE(a_policy_above_stays_in_force),
		CASE(it_takes_no_time_that_a_boot_would_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
