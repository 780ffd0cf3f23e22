/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "runtime/property.h"
#include "runtime/uidmap.h"
#include "templates/store.h"

static void put(int rootfd, const char *path, const char *text)
{
	struct error err = { 0 };

	if (path_write(rootfd, path, 0644, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void put_dir(int rootfd, const char *path, mode_t mode)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_mkdirs(rootfd, path, mode, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
}

static void put_link(int rootfd, const char *path, const char *target)
{
	struct error err = { 0 };

	if (path_symlink(rootfd, path, target, &err) < 0)
		fail_msg("%s", err.text);
}

/* Imports a root filesystem that fill() has made as template "t". */
static void make_template(void (*fill)(int rootfd))
{
	const struct template known = { .name = (char *)"t", .source = (char *)"test" };
	AUTO_CLOSE int storefd = -1;
	struct template t = { 0 };
	struct store_stage stage;
	struct error err = { 0 };
	bool is_new;

	storefd = site_templates(&site, &err);
	assert_true(storefd >= 0);
	assert_int_equal(store_stage_open(&stage, storefd, &err), 0);
	fill(stage.rootfd);
	if (store_stage_commit(&stage, &known, &t, &is_new, &err) < 0)
		fail_msg("%s", err.text);
	store_stage_close(&stage);
	template_clear(&t);
}

static void plain_root(int rootfd)
{
	put_dir(rootfd, "etc", 0751);
	put_dir(rootfd, "etc/ssh", 0700);
	put_dir(rootfd, "var/lib/dbus", 0755);
	put_dir(rootfd, "var/lib/systemd", 0755);
	put_dir(rootfd, "sbin", 0755);
	put(rootfd, "sbin/init", "#!/bin/sh\n");
	put(rootfd, "etc/machine-id", "11111111111111111111111111111111\n");
	put(rootfd, "etc/hostname", "template\n");
	put(rootfd, "etc/ssh/ssh_host_rsa_key", "secret");
	put(rootfd, "etc/ssh/sshd_config", "");
	put(rootfd, "var/lib/systemd/random-seed", "seed");
	put_link(rootfd, "var/lib/dbus/machine-id", "/etc/machine-id");
}

/* What an attacker would put there so that host root writes or removes elsewhere. */
static void hostile_root(int rootfd)
{
	put_dir(rootfd, "sbin", 0755);
	put(rootfd, "sbin/init", "#!/bin/sh\n");
	put_dir(rootfd, "var/lib", 0755);
	put_dir(rootfd, "etc", 0755);
	put_dir(rootfd, "etc/machine-id", 0755);
	put(rootfd, "etc/machine-id/file", "");
	put_link(rootfd, "etc/ssh", "/");
	put_link(rootfd, "var/lib/systemd", "../../../../..");
	put_link(rootfd, "var/lib/dbus", "/etc");
}

static void linked_etc_root(int rootfd)
{
	put_dir(rootfd, "sbin", 0755);
	put(rootfd, "sbin/init", "#!/bin/sh\n");
	put_link(rootfd, "etc", "/etc");
}

static int create(struct zone *z, const char *name, const char *assignment, struct error *err)
{
	struct zone_config c;
	const struct property *p;
	int rc;

	*err = (struct error){ 0 };
	zone_config_init(&c);
	strcpy(c.name, name);
	if (assignment)
		assert_int_equal(property_assign(&c, assignment, &p, err), 0);
	rc = zone_create(z, &site, &c, "t", err);
	zone_config_clear(&c);
	return rc;
}

static void create_ok(struct zone *z, const char *name, const char *assignment)
{
	struct error err;

	if (create(z, name, assignment, &err) < 0)
		fail_msg("%s", err.text);
}

static struct stat look(int atfd, const char *path)
{
	struct stat st;

	if (fstatat(atfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("no %s", path);
	return st;
}

static size_t entries(const char *dir)
{
	int fd = openat(site.varfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *stream = fdopendir(fd);
	size_t n = 0;

	while (readdir(stream))
		n++;
	return n - 2;
}

static void assert_empty_site(void)
{
	assert_int_equal(entries("zones"), 0);
	assert_int_equal(entries("uids"), 0);
}

static void a_new_zone_is_whole_locked_and_itself(void **state)
{
	struct error err = { 0 };
	struct zone z, again;
	struct stat st;

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	create_ok(&z, "web1", "memory=");
	assert_int_equal(zone_dir_lock(&site, "web1", LOCK_SHARED, 0, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	st = look(z.dirfd, "data/upper");
	assert_int_equal(st.st_uid, z.config.uid_base);
	st = look(z.dirfd, "data/upper/etc");
	assert_int_equal(st.st_mode, S_IFDIR | 0751);
	assert_int_equal(st.st_uid, z.config.uid_base);
	/* Names and ids are written by the zone itself, when it boots. */
	assert_false(is_there(z.dirfd, "data/upper/etc/hostname"));
	assert_int_equal(z.config.uuid[14], '4');
	assert_true(is_there(z.dirfd, "data/lower"));
	assert_true(is_there(z.dirfd, "data/work"));
	zone_close(&z);
	assert_int_equal(zone_open(&again, &site, "web1", LOCK_ALONE, &err), 0);
	assert_string_equal(again.config.template_name, "t");
	assert_int_equal(zone_destroy(&again, &err), 0);
	assert_empty_site();
}

static void secrets_of_the_template_are_hidden(void **state)
{
	struct error err = { 0 };
	struct stat st;
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	create_ok(&z, "web1", NULL);
	st = look(z.dirfd, "data/upper/etc/machine-id");
	assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
	assert_int_equal(st.st_uid, z.config.uid_base);
	st = look(z.dirfd, "data/upper/etc/ssh/ssh_host_rsa_key");
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
	st = look(z.dirfd, "data/upper/var/lib/systemd/random-seed");
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
	st = look(z.dirfd, "data/upper/etc/ssh");
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_false(is_there(z.dirfd, "data/upper/etc/ssh/sshd_config"));
	assert_false(is_there(z.dirfd, "data/upper/var/lib/dbus"));
	assert_int_equal(zone_destroy(&z, &err), 0);
}

static void a_hostile_template_moves_nothing_outside(void **state)
{
	static const char *const storages[] = { "storage=overlay", "storage=copy" };
	struct error err = { 0 };
	struct stat before = look(AT_FDCWD, "/etc/passwd"), after;
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	make_template(hostile_root);
	for (size_t i = 0; i < N_ROWS(storages); i++) {
		AUTO_FREE char *etc = xasprintf("data/%s/etc", i == 0 ? "upper" : "root");
		AUTO_CLOSE int etcfd = -1;

		create_ok(&z, "web1", storages[i]);
		etcfd = openat(z.dirfd, etc, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		assert_false(is_there(etcfd, "machine-id/file"));
		assert_int_equal(zone_destroy(&z, &err), 0);
	}
	after = look(AT_FDCWD, "/etc/passwd");
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_ctime, after.st_ctime);
	make_template(linked_etc_root);
	create_ok(&z, "web1", NULL);
	assert_false(is_there(z.dirfd, "data/upper/etc"));
	assert_int_equal(zone_destroy(&z, &err), 0);
	assert_empty_site();
}

static void a_copy_keeps_ids_and_loses_secrets(void **state)
{
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	create_ok(&z, "web1", "storage=copy");
	assert_int_equal(look(z.dirfd, "data/root/etc/hostname").st_uid, 0);
	assert_int_equal(look(z.dirfd, "data/root/etc/machine-id").st_size, 0);
	assert_false(is_there(z.dirfd, "data/root/etc/ssh/ssh_host_rsa_key"));
	assert_true(is_there(z.dirfd, "data/root/etc/ssh/sshd_config"));
	assert_true(is_there(z.dirfd, "data/root/var/lib/dbus/machine-id"));
	assert_int_equal(zone_destroy(&z, &err), 0);
	assert_empty_site();
}

static void a_create_that_fails_leaves_nothing(void **state)
{
	struct zone z, other;
	struct error err;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(create(&z, "web1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	make_template(plain_root);
	assert_int_equal(create(&z, "Web1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	site.config.uid_count = 0;
	assert_int_equal(create(&z, "web1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_RESOURCE);
	site.config.uid_count = UINT32_MAX - site.config.uid_start;
	assert_empty_site();
	create_ok(&z, "web1", NULL);
	assert_int_equal(create(&other, "web1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(zone_destroy(&z, &err), 0);
	assert_empty_site();
}

static void what_killed_verbs_left_is_swept_by_the_next(void **state)
{
	static const char *const left[] = { ".new-web1", ".old-web1" };
	struct error err = { 0 };
	struct zone z;
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	for (size_t i = 0; i < N_ROWS(left); i++) {
		AUTO_FREE char *deep = xasprintf("%s/data/upper/etc", left[i]);

		put_dir(site.zonesfd, deep, 0700);
		assert_int_equal(uidmap_take(&site, "web1", &base, &err), 0);
		create_ok(&z, "web1", NULL);
		assert_false(is_there(site.zonesfd, left[i]));
		zone_close(&z);
		assert_int_equal(zone_open(&z, &site, "web1", LOCK_ALONE, &err), 0);
		assert_int_equal(zone_destroy(&z, &err), 0);
		assert_empty_site();
		put_dir(site.zonesfd, deep, 0700);
		assert_int_equal(uidmap_take(&site, "web1", &base, &err), 0);
		assert_int_equal(zone_destroy_incomplete(&site, "web1", &err), 0);
		assert_int_equal(zone_destroy_incomplete(&site, "web1", &err), 0);
		assert_empty_site();
	}
}

static void what_is_under_way_is_not_swept(void **state)
{
	AUTO_CLOSE int fd = -1;
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	assert_int_equal(mkdirat(site.zonesfd, ".new-web1", 0700), 0);
	fd = zone_dir_lock(&site, ".new-web1", LOCK_ALONE, 0, &err);
	assert_true(fd >= 0);
	assert_int_equal(zone_destroy_incomplete(&site, "web1", &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_int_equal(create(&z, "web1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_true(is_there(site.zonesfd, ".new-web1"));
}

/* A create that was killed right after it found the name taken. */
static void sweeping_beside_a_whole_zone_leaves_it_its_uids(void **state)
{
	struct error err = { 0 };
	struct zone z;
	char link[32];

	(void)state;
	NEEDS_ROOT();
	make_template(plain_root);
	create_ok(&z, "web1", NULL);
	snprintf(link, sizeof(link), "uids/%u", z.config.uid_base / ZONE_IDS);
	assert_int_equal(mkdirat(site.zonesfd, ".new-web1", 0700), 0);
	assert_int_equal(zone_destroy_incomplete(&site, "web1", &err), 0);
	assert_false(is_there(site.zonesfd, ".new-web1"));
	assert_true(is_there(site.varfd, link));
	assert_int_equal(zone_destroy(&z, &err), 0);
	assert_empty_site();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(a_new_zone_is_whole_locked_and_itself),
		SITE_TEST(secrets_of_the_template_are_hidden),
		SITE_TEST(a_hostile_template_moves_nothing_outside),
		SITE_TEST(a_copy_keeps_ids_and_loses_secrets),
		SITE_TEST(a_create_that_fails_leaves_nothing),
		SITE_TEST(what_killed_verbs_left_is_swept_by_the_next),
		SITE_TEST(what_is_under_way_is_not_swept),
		SITE_TEST(sweeping_beside_a_whole_zone_leaves_it_its_uids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
