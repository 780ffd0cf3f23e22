/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cgroup_fixture.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/sysmacros.h>

#include "base/sys.h"
#include "cgroups/device_rules.h"
#include "cgroups/devices.h"

/* What a process of the group may do with a node: opened by the host's root on a tmpfs of its own
 * mounts, whom nothing but the rules can stop. */
enum { DENIED = 1, ALLOWED = 2, TROUBLE = 100 };
enum { RW = DEVICE_READS | DEVICE_WRITES, RWM = RW | DEVICE_MAKES };

static int open_inside(const struct cgroup *cg, mode_t type, dev_t dev, int flags)
{
	struct error err = { 0 };
	int fd;

	if (unshare(CLONE_NEWNS) < 0 ||
	    sys_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    sys_mount("none", "/mnt", "tmpfs", 0, NULL) < 0 ||
	    mknod("/mnt/node", type | 0666, dev) < 0 || cgroup_join_v2(cg, 0, &err) < 0)
		return TROUBLE;
	if (flags == O_CREAT)
		return mknod("/mnt/made", type | 0666, dev) == 0 ? ALLOWED : DENIED;
	fd = open("/mnt/node", flags | O_NONBLOCK | O_NOCTTY);
	/* The driver's own errors say that the rules let it through. */
	return fd < 0 && errno == EPERM ? DENIED : ALLOWED;
}

/* flags: O_RDONLY, O_WRONLY, O_RDWR, or O_CREAT to make the node. */
static int tried(const struct cgroup *cg, char type, unsigned int major, unsigned int minor,
		 int flags)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(open_inside(cg, type == 'b' ? S_IFBLK : S_IFCHR, makedev(major, minor),
				  flags));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct fixture *with_group(void **state, struct cgroup *cg)
{
	struct fixture *f = as_root(state);

	if (!devices_supported()) {
		print_message("# skip: kernel: no device policy\n");
		skip();
	}
	good(cgroup_up(cg, &f->host, "web", &f->limits, UID, &f->err), &f->err);
	return f;
}

static void rule_list(struct fixture *f, const struct cgroup *cg, const struct device_rule *rules,
		      size_t n)
{
	good(device_rules_apply(cg->outerfd, rules, n, &f->err), &f->err);
}

static void what_no_rule_matches_is_denied(void **state)
{
	static const struct device_rule rules[] = { { true, 'c', 1, 3, RWM } };
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_group(state, &cg);

	rule_list(f, &cg, rules, N_ROWS(rules));
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDWR), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDWR), DENIED);
	assert_int_equal(tried(&cg, 'b', 1, 3, O_RDONLY), DENIED);
	rule_list(f, &cg, NULL, 0);
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDONLY), DENIED);
}

static void the_last_rule_that_matches_decides(void **state)
{
	static const struct device_rule rules[] = {
		{ true, 'c', 1, 3, RWM }, { false, 'a', -1, -1, RWM }, { true, 'c', 1, -1, RWM },
		{ false, 'c', 1, 5, RWM }, { false, 'c', 5, 0, RWM }, { true, 'c', -1, 0, RWM },
	};
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_group(state, &cg);

	rule_list(f, &cg, rules, N_ROWS(rules));
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDWR), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDWR), DENIED);
	assert_int_equal(tried(&cg, 'c', 5, 0, O_RDWR), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 5, 1, O_RDWR), DENIED);
}

static void each_kind_of_access_is_decided_for_itself(void **state)
{
	static const struct device_rule rules[] = {
		{ true, 'c', 1, 3, DEVICE_READS }, { true, 'c', 1, 3, DEVICE_MAKES },
		{ true, 'c', 1, 5, RW }, { false, 'c', 1, 5, DEVICE_WRITES },
		{ true, 'c', 1, 7, DEVICE_READS }, { true, 'c', 1, 7, DEVICE_WRITES },
	};
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_group(state, &cg);

	rule_list(f, &cg, rules, N_ROWS(rules));
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDONLY), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDWR), DENIED);
	assert_int_equal(tried(&cg, 'c', 1, 3, O_CREAT), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDONLY), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_WRONLY), DENIED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_CREAT), DENIED);
	assert_int_equal(tried(&cg, 'c', 1, 7, O_RDWR), ALLOWED);
}

static uint32_t count_programs(const struct cgroup *cg)
{
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)cg->outerfd } };
	uint32_t ids[8];

	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = N_ROWS(ids);
	assert_int_equal(sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)), 0);
	return attr.query.prog_cnt;
}

static void rules_take_the_place_of_earlier_ones_and_of_no_others(void **state)
{
	static const struct device_rule null = { true, 'c', 1, 3, RWM };
	static const struct device_rule all = { true, 'a', -1, -1, RWM };
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_group(state, &cg);

	rule_list(f, &cg, &null, 1);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDWR), DENIED);
	rule_list(f, &cg, &all, 1);
	assert_int_equal(count_programs(&cg), 1);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDWR), ALLOWED);
	assert_int_equal(tried(&cg, 'b', 7, 99, O_RDONLY), ALLOWED);
	good(devices_apply(&f->host, cg.outerfd, 0, &f->err), &f->err);
	rule_list(f, &cg, &all, 1);
	assert_int_equal(count_programs(&cg), 2);
	assert_int_equal(tried(&cg, 'b', 7, 99, O_RDONLY), DENIED);
}

static void a_long_list_is_taken(void **state)
{
	struct device_rule rules[600];
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	struct fixture *f = with_group(state, &cg);

	for (int i = 0; i < (int)N_ROWS(rules); i++)
		rules[i] = (struct device_rule){ i % 2 == 0, 'c', 200 + i % 7, i, 1U << i % 3 };
	rules[0] = (struct device_rule){ true, 'c', 1, 3, RWM };
	rule_list(f, &cg, rules, N_ROWS(rules));
	assert_int_equal(tried(&cg, 'c', 1, 3, O_RDWR), ALLOWED);
	assert_int_equal(tried(&cg, 'c', 1, 5, O_RDWR), DENIED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_no_rule_matches_is_denied),
		CASE(the_last_rule_that_matches_decides),
		CASE(each_kind_of_access_is_decided_for_itself),
		CASE(rules_take_the_place_of_earlier_ones_and_of_no_others),
		CASE(a_long_list_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
