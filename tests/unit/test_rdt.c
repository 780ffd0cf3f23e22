/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories stand in for resctrl, which few processors have: what is written where. */
#include "oci/rdt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

static char dir[] = "/tmp/zone-rdt.XXXXXX";
static int rootfd = -1;

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	rootfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return rootfd < 0;
}

static int tear_down(void **state)
{
	struct error err = { 0 };

	(void)state;
	(void)path_remove(rootfd, "gold", &err);
	(void)path_remove(rootfd, "box", &err);
	close(rootfd);
	return rmdir(dir);
}

/* The kernel makes these files with the directory. */
static void make_class(const char *name)
{
	static const char *const files[] = { "schemata", "tasks", "mon_groups/box/tasks" };

	for (size_t i = 0; i < N_ROWS(files); i++) {
		char path[64];
		struct error err = { 0 };
		AUTO_CLOSE int fd = -1, dirfd = -1;

		snprintf(path, sizeof(path), "%s/%s", name, files[i]);
		*strrchr(path, '/') = '\0';
		dirfd = path_mkdirs(rootfd, path, 0755, &err);
		assert_true(dirfd >= 0);
		fd = openat(dirfd, strrchr(files[i], '/') ? "tasks" : files[i],
			    O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
	}
}

static void assert_holds(const char *file, const char *text)
{
	char data[128];
	struct error err = { 0 };

	assert_true(fd_read_control(rootfd, file, data, sizeof(data), &err) >= 0);
	assert_string_equal(data, text);
}

static void a_process_comes_into_its_class_with_all_schemata(void **state)
{
	static const char *lines[] = { "L2:0=3", "MB:1=50", NULL };
	const struct oci_intel_rdt rdt = {
		.class_id = "gold", .l3_cache_schema = "L3:0=f", .memory_schema = "MB:0=20",
		.schemata = lines, .n_schemata = 2, .monitors = true,
	};
	struct error err = { 0 };

	(void)state;
	make_class("gold");
	if (rdt_place(rootfd, &rdt, "box", 77, &err) < 0)
		fail_msg("%s", err.text);
	assert_holds("gold/schemata", "L3:0=f\nMB:0=20\nL2:0=3\nMB:1=50");
	assert_holds("gold/tasks", "77");
	assert_holds("gold/mon_groups/box/tasks", "77");
}

static void a_class_without_a_name_is_the_containers_and_goes_with_it(void **state)
{
	const struct oci_intel_rdt rdt = { .monitors = false }, named = { .class_id = "gold" };
	struct error err = { 0 };
	struct stat st;

	(void)state;
	make_class("box");
	assert_int_equal(rdt_place(rootfd, &rdt, "box", 78, &err), 0);
	assert_holds("box/tasks", "78");
	assert_holds("box/schemata", "");
	assert_int_equal(path_remove(rootfd, "box", &err), 0);
	assert_int_equal(mkdirat(rootfd, "box", 0755), 0);
	assert_int_equal(rdt_remove(rootfd, &rdt, "box", &err), 0);
	assert_int_equal(fstatat(rootfd, "box", &st, 0), -1);
	assert_int_equal(rdt_remove(rootfd, &rdt, "box", &err), 0);
	assert_int_equal(rdt_remove(rootfd, &named, "box", &err), 0);
	assert_int_equal(fstatat(rootfd, "gold", &st, 0), 0);
}

static void a_class_is_one_name(void **state)
{
	static const char *const names[] = { "..", ".", "a/b", "/a" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(names); i++) {
		const struct oci_intel_rdt rdt = { .class_id = names[i] };

		assert_int_equal(rdt_place(rootfd, &rdt, "box", 1, &err), -1);
		assert_non_null(strstr(err.text, "linux.intelRdt.closID"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_comes_into_its_class_with_all_schemata),
		cmocka_unit_test(a_class_without_a_name_is_the_containers_and_goes_with_it),
		cmocka_unit_test(a_class_is_one_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
