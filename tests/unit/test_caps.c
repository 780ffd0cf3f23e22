/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "runtime/caps.h"

#define BIT(cap) (UINT64_C(1) << (cap))

enum { NO_USER_NS = 100, FAILED = 101 };

static void the_kept_set_is_the_documented_one(void **state)
{
	static const unsigned int dropped[] = {
		CAP_LINUX_IMMUTABLE, CAP_SYS_MODULE,   CAP_SYS_RAWIO, CAP_SYS_PACCT,
		CAP_SYS_RESOURCE,    CAP_SYS_TIME,     CAP_MAC_ADMIN, CAP_MAC_OVERRIDE,
		CAP_SYSLOG,	     CAP_WAKE_ALARM,   CAP_BLOCK_SUSPEND, CAP_AUDIT_READ,
		CAP_PERFMON,	     CAP_BPF,	       CAP_CHECKPOINT_RESTORE,
	};
	uint64_t want = BIT(CAP_CHECKPOINT_RESTORE + 1) - 1;

	(void)state;
	for (size_t i = 0; i < N_ROWS(dropped); i++)
		want &= ~BIT(dropped[i]);
	assert_int_equal(caps_kept(0), want);
	assert_int_equal(caps_kept(~UINT64_C(0)), want);
}

/* One line of /proc/self/status, a set as a number; every bit if it cannot be read. */
static uint64_t status_set(const char *name)
{
	AUTO_FCLOSE FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			return strtoull(line + strlen(name), NULL, 16);
	return UINT64_MAX;
}

static uint64_t last_cap_mask(void)
{
	unsigned int cap = 0;

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0)
		cap++;
	return BIT(cap) - 1;
}

/* Something to take away: an inheritable and an ambient capability. */
static int inherit(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -1;
	d[0].inheritable |= 1U << CAP_SYS_TIME | 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &h, d) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

/* Each body runs in a child of its own in a new user namespace, and returns the number of the claim
 * that did not hold, or 0. */
static void in_user_ns(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) < 0 ? NO_USER_NS : body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_USER_NS) {
		print_message("# skip: no user namespace may be made here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int control_body(void)
{
	if (status_set("CapBnd:") != last_cap_mask() || status_set("CapEff:") != last_cap_mask())
		return 1;
	if (inherit() < 0)
		return 2;
	if (status_set("CapInh:") == 0 || status_set("CapAmb:") == 0)
		return 3;
	return 0;
}

static void a_new_user_namespace_begins_with_every_capability(void **state)
{
	(void)state;
	in_user_ns(control_body);
}

static int bound_body(void)
{
	struct error err = { 0 };
	uint64_t kept = caps_kept(0);

	if (inherit() < 0 || caps_bound(kept, &err) < 0)
		return FAILED;
	if (status_set("CapBnd:") != kept)
		return 1;
	if (status_set("CapInh:") != 0 || status_set("CapAmb:") != 0)
		return 2;
	/* Still there for what is to be done before caps_limit(). */
	if (status_set("CapEff:") != last_cap_mask())
		return 3;
	return 0;
}

static void bound_leaves_only_the_kept_capabilities(void **state)
{
	(void)state;
	in_user_ns(bound_body);
}

static int nothing_body(void)
{
	struct error err = { 0 };

	if (caps_bound(0, &err) < 0 || status_set("CapBnd:") != 0)
		return 1;
	return 0;
}

static void bound_drops_capabilities_that_the_table_does_not_know(void **state)
{
	(void)state;
	in_user_ns(nothing_body);
}

static int limit_body(void)
{
	struct error err = { 0 };
	uint64_t kept = caps_kept(0);

	if (caps_limit(kept, &err) < 0)
		return FAILED;
	if (status_set("CapPrm:") != kept || status_set("CapEff:") != kept)
		return 1;
	if (caps_limit(UINT64_MAX, &err) < 0 || status_set("CapEff:") != kept)
		return 2;
	return 0;
}

static void limit_takes_away_and_never_gives(void **state)
{
	(void)state;
	in_user_ns(limit_body);
}

static int refused_body(void)
{
	struct error err = { 0 };

	if (caps_limit(~BIT(CAP_SETPCAP), &err) < 0)
		return FAILED;
	if (caps_bound(caps_kept(0), &err) == 0)
		return 1;
	return err.sys != EPERM || strncmp(err.text, "drop capability 9: ", 19) != 0 ? 2 : 0;
}

static void bound_fails_where_it_may_not_drop(void **state)
{
	(void)state;
	in_user_ns(refused_body);
}

static int exec_body(void)
{
	struct error err = { 0 };
	uint64_t kept = caps_kept(0);
	char want[64];

	snprintf(want, sizeof(want), "grep -q '^CapBnd:.%016llx' /proc/self/status",
		 (unsigned long long)kept);
	if (caps_bound(kept, &err) < 0 || caps_limit(kept, &err) < 0)
		return FAILED;
	execl("/bin/sh", "sh", "-c", want, NULL);
	return 1;
}

static void a_program_executed_afterwards_has_the_same_bounds(void **state)
{
	(void)state;
	in_user_ns(exec_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kept_set_is_the_documented_one),
		cmocka_unit_test(a_new_user_namespace_begins_with_every_capability),
		cmocka_unit_test(bound_leaves_only_the_kept_capabilities),
		cmocka_unit_test(bound_drops_capabilities_that_the_table_does_not_know),
		cmocka_unit_test(limit_takes_away_and_never_gives),
		cmocka_unit_test(bound_fails_where_it_may_not_drop),
		cmocka_unit_test(a_program_executed_afterwards_has_the_same_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
