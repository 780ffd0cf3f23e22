/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include "templates/osinfo.h"

static void directories(int rootfd, const char *path)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_mkdirs(rootfd, path, 0755, &err);

	assert_true(fd >= 0);
}

static void an_empty_root_has_no_init_and_no_name(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "");
	assert_string_equal(os.init_kind, "");
	assert_string_equal(os.os_id, "");
	assert_string_equal(os.os_name, "");
}

static void os_release_is_read_with_its_quotes(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "etc");
	put(f->rootfd, "etc/os-release", 0644,
	    "NAME=x\nPRETTY_NAME=\"A \\\"B\\\" C\"\nVERSION_ID='12'\nID=debian\nXID=no\n");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.os_name, "A \"B\" C");
	assert_string_equal(os.os_version, "12");
	assert_string_equal(os.os_id, "debian");
}

static void os_release_may_be_an_absolute_link_inside_the_root(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "etc");
	directories(f->rootfd, "usr/lib");
	put(f->rootfd, "usr/lib/os-release", 0644, "ID=alpine\n");
	made(symlinkat("/usr/lib/os-release", f->rootfd, "etc/os-release"));
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.os_id, "alpine");
}

static void a_hostile_os_release_is_no_os_release(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "etc");
	made(mkfifoat(f->rootfd, "etc/os-release", 0644));
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.os_id, "");
}

static void control_characters_make_a_value_unknown(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "etc");
	put(f->rootfd, "etc/os-release", 0644, "ID=\"\033]0;x\"\nVERSION_ID=1\n");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.os_id, "");
	assert_string_equal(os.os_version, "1");
}

static void systemd_is_told_by_its_name_and_its_version_by_its_library(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "usr/lib/systemd");
	directories(f->rootfd, "usr/lib/x86_64-linux-gnu/systemd");
	directories(f->rootfd, "usr/sbin");
	made(symlinkat("usr/sbin", f->rootfd, "sbin"));
	made(symlinkat("usr/lib", f->rootfd, "lib"));
	made(symlinkat("/lib/systemd/systemd", f->rootfd, "usr/sbin/init"));
	put(f->rootfd, "usr/lib/systemd/systemd", 0755, "");
	put(f->rootfd, "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", 0644, "");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "/sbin/init");
	assert_string_equal(os.init_kind, "systemd");
	assert_int_equal(os.systemd_version, 257);
}

static void an_old_systemd_is_told_by_its_program(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "usr/lib/systemd");
	put(f->rootfd, "usr/lib/systemd/systemd", 0755, "systemd is\nsystemd 219\n");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "/usr/lib/systemd/systemd");
	assert_int_equal(os.systemd_version, 219);
}

static void busybox_is_told_by_the_link(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "bin");
	directories(f->rootfd, "sbin");
	put(f->rootfd, "bin/busybox", 0755, "");
	made(symlinkat("/bin/busybox", f->rootfd, "sbin/init"));
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "/sbin/init");
	assert_string_equal(os.init_kind, "busybox");
}

static void a_plain_init_is_told_by_what_it_contains(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "sbin");
	put(f->rootfd, "sbin/init", 0755, "\177ELF /run/initctl");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init_kind, "sysvinit");
}

static void an_init_that_nobody_may_run_is_none(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "sbin");
	put(f->rootfd, "sbin/init", 0644, "x");
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "");
}

static void a_link_out_of_the_root_is_no_init(void **state)
{
	struct fixture *f = *state;
	AUTO_OSINFO struct osinfo os;

	directories(f->rootfd, "sbin");
	made(symlinkat("../../../../../../bin/sh", f->rootfd, "sbin/init"));
	osinfo_read(f->rootfd, &os);
	assert_string_equal(os.init, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(an_empty_root_has_no_init_and_no_name),
		TREE_TEST(os_release_is_read_with_its_quotes),
		TREE_TEST(os_release_may_be_an_absolute_link_inside_the_root),
		TREE_TEST(a_hostile_os_release_is_no_os_release),
		TREE_TEST(control_characters_make_a_value_unknown),
		TREE_TEST(systemd_is_told_by_its_name_and_its_version_by_its_library),
		TREE_TEST(an_old_systemd_is_told_by_its_program),
		TREE_TEST(busybox_is_told_by_the_link),
		TREE_TEST(a_plain_init_is_told_by_what_it_contains),
		TREE_TEST(an_init_that_nobody_may_run_is_none),
		TREE_TEST(a_link_out_of_the_root_is_no_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
