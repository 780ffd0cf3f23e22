/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include "templates/format.h"
#include "templates/import_job.h"
#include "templates/machine.h"

static void system_at(int dirfd)
{
	static const char *const dirs[] = { "bin", "etc", "usr" };

	for (size_t i = 0; i < N_ROWS(dirs); i++)
		made(mkdirat(dirfd, dirs[i], 0755));
}

static struct format found(struct fixture *f)
{
	struct format format;
	struct error err = { 0 };

	if (format_find(f->rootfd, &format, &err) < 0)
		fail_msg("%s", err.text);
	return format;
}

static void a_system_is_a_root_filesystem_whatever_lies_in_it(void **state)
{
	struct fixture *f = *state;
	struct format format;

	system_at(f->rootfd);
	put(f->rootfd, "metadata.yaml", 0644, "");
	put(f->rootfd, "manifest.json", 0644, "");
	put(f->rootfd, "disk.raw", 0644, "");
	format = found(f);
	assert_int_equal(format.kind, FORMAT_ROOTFS);
	assert_string_equal(format.root, "");
}

static void the_one_system_below_is_found_beside_files(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int dirfd = make_dir(f->rootfd, "root.x86_64");
	AUTO_CLOSE int otherfd = make_dir(f->rootfd, "other");

	system_at(dirfd);
	put(f->rootfd, "pkglist.txt", 0644, "");
	assert_string_equal(found(f).root, "root.x86_64");
	system_at(otherfd);
	assert_string_equal(found(f).root, "");
}

static void a_link_is_no_directory_below(void **state)
{
	struct fixture *f = *state;

	made(symlinkat("/", f->rootfd, "rootfs"));
	put(f->rootfd, "metadata.yaml", 0644, "");
	assert_int_equal(found(f).kind, FORMAT_INCUS_META);
}

static void images_are_told_by_their_files(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int dirfd = make_dir(f->rootfd, "rootfs");

	system_at(dirfd);
	put(f->rootfd, "metadata.yaml", 0644, "");
	assert_int_equal(found(f).kind, FORMAT_INCUS);
	put(f->rootfd, "index.json", 0644, "");
	assert_int_equal(found(f).kind, FORMAT_INCUS);
	put(f->rootfd, "oci-layout", 0644, "");
	assert_int_equal(found(f).kind, FORMAT_OCI);
}

static void the_configuration_of_a_backup_is_told(void **state)
{
	struct fixture *f = *state;

	system_at(f->rootfd);
	made(mkdirat(f->rootfd, "etc/vzdump", 0755));
	made(symlinkat("/etc/passwd", f->rootfd, "etc/vzdump/pct.conf"));
	assert_int_equal(found(f).kind, FORMAT_ROOTFS);
	made(unlinkat(f->rootfd, "etc/vzdump/pct.conf", 0));
	put(f->rootfd, "etc/vzdump/pct.conf", 0644, "");
	assert_int_equal(found(f).kind, FORMAT_VZDUMP);
}

static void a_disk_in_an_archive_is_refused(void **state)
{
	struct fixture *f = *state;
	struct format format;
	struct error err = { 0 };

	put(f->rootfd, "disk.raw", 0644, "");
	assert_int_equal(format_find(f->rootfd, &format, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_true(err.hint[0]);
}

static void names_come_from_references_and_files(void **state)
{
	static const struct {
		const char *reference, *file, *want;
	} rows[] = {
		{ "docker.io/library/debian:12", "x.tar", "debian-12" },
		{ "docker.io/library/debian:latest", "x.tar", "debian" },
		{ "localhost:5000/a/B_c", NULL, "b_c" },
		{ "debian@sha256:0123", "x.tar", "debian" },
		{ "edge", "/tmp/alpine.tar.gz", "alpine-edge" },
		{ "latest", "/tmp/alpine.tar.gz", "alpine" },
		{ "edge", NULL, "edge" },
		{ NULL, "dir/My Root-1.0.tar.xz", "my-root-1.0" },
		{ NULL, "debian-12-standard_12.7-1_amd64.tar.zst", "debian-12-standard" },
		{ NULL, "debian_12_amd64.tar", "debian_12_amd64" },
		{ NULL, "dir/tree/", "tree" },
		{ NULL, "a.squashfs", "a" },
		{ "", "x.tgz", "x" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		AUTO_FREE char *name = import_name(rows[i].reference, rows[i].file);

		assert_non_null(name);
		assert_string_equal(name, rows[i].want);
	}
	assert_null(import_name(NULL, NULL));
}

static void machines_have_one_name_among_many(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_string_equal(machine_name("amd64"), "x86_64");
	assert_string_equal(machine_name("arm64"), "aarch64");
	assert_string_equal(machine_name("386"), "i686");
	assert_null(machine_name("pdp11"));
	assert_null(machine_name(NULL));
	assert_int_equal(machine_check(machine_native(), &err), 0);
	assert_int_equal(machine_check("pdp11", &err), 0);
	assert_int_equal(machine_check("s390x", &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

static void a_tree_says_its_machine_by_its_shell(void **state)
{
	struct fixture *f = *state;
	unsigned char header[64] = "\177ELF\2\2\1";

	assert_null(machine_of_tree(f->rootfd));
	system_at(f->rootfd);
	put(f->rootfd, "bin/sh", 0755, "#!/bin/x\n");
	assert_null(machine_of_tree(f->rootfd));
	header[19] = 22;	/* EM_S390 */
	{
		AUTO_CLOSE int fd = openat(f->rootfd, "bin/sh", O_WRONLY | O_TRUNC);

		assert_int_equal(write(fd, header, sizeof(header)), sizeof(header));
	}
	assert_string_equal(machine_of_tree(f->rootfd), "s390x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(a_system_is_a_root_filesystem_whatever_lies_in_it),
		TREE_TEST(the_one_system_below_is_found_beside_files),
		TREE_TEST(a_link_is_no_directory_below),
		TREE_TEST(images_are_told_by_their_files),
		TREE_TEST(the_configuration_of_a_backup_is_told),
		TREE_TEST(a_disk_in_an_archive_is_refused),
		cmocka_unit_test(names_come_from_references_and_files),
		cmocka_unit_test(machines_have_one_name_among_many),
		TREE_TEST(a_tree_says_its_machine_by_its_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
