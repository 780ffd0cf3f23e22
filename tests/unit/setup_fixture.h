/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SETUP_FIXTURE_H
#define TESTS_UNIT_SETUP_FIXTURE_H

/* A small root filesystem that setup_apply() sees as its "/". Needs root, for chroot(2); skips
 * otherwise. */

#include <sys/mman.h>
#include <sys/wait.h>

#include "runtime/setup.h"
#include "tests/unit/guest_fixture.h"

#define BEGIN "# zonectl: begin (rewritten when the zone's properties change)\n"
#define END "# zonectl: end\n"
#define MARK "# Written by zonectl from the zone's properties.\n"
#define UUID "01234567-89ab-4def-8123-456789abcdef"

static struct setup_report *report;

static inline int tree_open(void **state)
{
	(void)state;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	return report == MAP_FAILED ? -1 : guest_make();
}

static inline int tree_close(void **state)
{
	(void)state;
	munmap(report, sizeof(*report));
	return guest_unmake();
}

#define SETUP_TEST(claim) cmocka_unit_test_setup_teardown(claim, tree_open, tree_close)
#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

/* As the zone's first process does it, and in no more than two seconds. */
static inline void apply(const struct setup *wanted, unsigned int parts)
{
	struct setup s = *wanted;
	int status;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	s.report = report;
	s.parts = parts;
	if (!s.uuid)
		s.uuid = UUID;
	if (!s.hostname)
		s.hostname = "web1";
	if (!s.init_kind)
		s.init_kind = "";
	pid = fork();
	if (pid == 0) {
		alarm(2);
		if (chroot(tree) < 0 || chdir("/") < 0)
			_exit(1);
		setup_apply(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(report->is_complete);
}

static inline void apply_ok(const struct setup *wanted, unsigned int parts)
{
	apply(wanted, parts);
	if (report->n_warnings > 0 || report->failed != 0)
		fail_msg("warned: %s", report->warnings[0]);
}

#define PART(part) (1u << (part))

#endif
