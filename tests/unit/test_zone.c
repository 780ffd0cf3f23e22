/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/state.h"
#include "runtime/zone.h"

static void make_zone(const char *name)
{
	struct error err = { 0 };
	struct zone_config c;
	AUTO_CLOSE int fd = -1;

	zone_config_init(&c);
	strcpy(c.name, name);
	strcpy(c.uuid, "01234567-89ab-4def-8123-456789abcdef");
	c.uid_base = 1000013824;
	assert_int_equal(mkdirat(site.zonesfd, name, 0700), 0);
	fd = openat(site.zonesfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(fd, "data", 0700), 0);
	assert_int_equal(zone_config_write(&c, fd, &err), 0);
}

static void a_site_makes_its_directories_for_root_alone(void **state)
{
	static const char *const dirs[] = { "var/lib/zonectl", "var/lib/zonectl/zones",
					    "var/lib/zonectl/uids", "run/zonectl" };
	AUTO_CLOSE int rootfd = open(site_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < N_ROWS(dirs); i++) {
		assert_int_equal(fstatat(rootfd, dirs[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mode, S_IFDIR | 0700);
	}
	assert_int_equal(strlen(site.id), SITE_ID_LEN);
	assert_int_equal(site.etcfd, -1);
}

static void a_site_that_others_can_write_is_refused(void **state)
{
	struct error err = { 0 };
	struct site other;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(chmod(site_root, 0777), 0);
	assert_int_equal(site_open(&other, site_root, &err), -1);
	assert_non_null(strstr(err.text, "is open to other users (mode 0777)"));
	assert_int_equal(chmod(site_root, 0755), 0);
	assert_int_equal(chown(site_root, 1000, 0), 0);
	assert_int_equal(site_open(&other, site_root, &err), -1);
	assert_non_null(strstr(err.text, "belongs to user 1000, not to root"));
	assert_int_equal(chown(site_root, 0, 0), 0);
	assert_int_equal(fchmod(site.varfd, 0755), 0);
	assert_int_equal(site_open(&other, site_root, &err), -1);
	assert_non_null(strstr(err.text, "/var/lib/zonectl' is open to other users (mode 0755)"));
}

static void a_root_that_is_missing_is_made(void **state)
{
	AUTO_FREE char *path = xasprintf("%s/a/b", site_root);
	struct error err = { 0 };
	struct site other;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(site_open(&other, path, &err), 0);
	assert_string_equal(other.path, path);
	assert_string_not_equal(other.id, site.id);
	site_close(&other);
}

static void site_json(const char *text, const char *expected)
{
	AUTO_CLOSE int rootfd = open(site_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	AUTO_CLOSE int etcfd = path_mkdirs(rootfd, "etc/zonectl", 0755, &err);
	struct site other;

	assert_int_equal(fd_replace_nosync(etcfd, "zonectl.json", 0644, text, strlen(text), &err),
			 0);
	if (site_open(&other, site_root, &err) == 0) {
		assert_int_equal(other.config.uid_start, 131072);
		assert_int_equal(other.config.uid_count, 65536);
		site_close(&other);
		assert_null(expected);
		return;
	}
	assert_non_null(expected);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, expected);
}

static void the_host_configuration_is_read_strictly(void **state)
{
	(void)state;
	NEEDS_ROOT();
	site_json("{\"uid-range\": {\"start\": 131072, \"count\": 65536}}", NULL);
	site_json("{\"uid-rnage\": {}}", "zonectl.json:1:15: uid-rnage: no such key");
	site_json("{\"uid-range\": {\"start\": 5}}",
		  "zonectl.json:1:25: uid-range.start: 5 is below 65536");
	site_json("{\"uid-range\": {\"start\": 2000000000, \"count\": 2000000000}}",
		  "zonectl.json:1:15: uid-range: start and count end above 2147483648");
}

static void open_names_a_zone_that_is_not_there(void **state)
{
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(zone_open(&z, &site, "web1", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "no zone \"web1\"");
	assert_string_equal(err.hint, "try: zonectl list -a");
	assert_int_equal(zone_open(&z, &site, "../web1", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void open_names_a_zone_that_is_incomplete(void **state)
{
	struct error err = { 0 };
	struct zone z;
	int fd;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(mkdirat(site.zonesfd, ".old-web1", 0700), 0);
	assert_int_equal(zone_open(&z, &site, "web1", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_STATE);
	assert_string_equal(err.text, "is incomplete");
	assert_string_equal(err.hint, "try: zonectl repair web1");
	assert_true(zone_is_incomplete(&site, "web1"));
	fd = zone_dir_lock(&site, ".old-web1", LOCK_ALONE, 0, &err);
	assert_true(fd >= 0);
	assert_int_equal(zone_open(&z, &site, "web1", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	close(fd);
}

static void two_may_look_and_one_may_change(void **state)
{
	struct error err = { 0 };
	struct zone a, b, c;

	(void)state;
	NEEDS_ROOT();
	make_zone("web1");
	assert_int_equal(zone_open(&a, &site, "web1", LOCK_SHARED, &err), 0);
	assert_int_equal(zone_open(&b, &site, "web1", LOCK_SHARED, &err), 0);
	assert_string_equal(b.config.name, "web1");
	assert_int_equal(zone_dir_lock(&site, "web1", LOCK_ALONE, 0, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	zone_close(&a);
	zone_close(&b);
	assert_int_equal(zone_open(&c, &site, "web1", LOCK_ALONE, &err), 0);
	zone_close(&c);
}

/* The holder of the lock renames the zone away once another has opened it to wait for the lock. */
static int rename_when_opened(int readyfd)
{
	AUTO_CLOSE int eventfd = inotify_init1(IN_CLOEXEC);
	AUTO_FREE char *path = xasprintf("%s/var/lib/zonectl/zones/web1", site_root);
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	struct error err;

	if (zone_dir_lock(&site, "web1", LOCK_ALONE, 0, &err) < 0 ||
	    inotify_add_watch(eventfd, path, IN_OPEN) < 0 || write(readyfd, "", 1) != 1 ||
	    read(eventfd, event, sizeof(event)) <= 0)
		return 1;
	return renameat(site.zonesfd, "web1", site.zonesfd, "web2") < 0;
}

static void a_lock_on_a_renamed_zone_is_not_taken_for_the_zone(void **state)
{
	struct error err = { 0 };
	struct zone z;
	char byte = 0;
	int ready[2], status;
	pid_t pid;

	(void)state;
	NEEDS_ROOT();
	make_zone("web1");
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		_exit(rename_when_opened(ready[1]));
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(zone_open(&z, &site, "web1", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
	close(ready[0]);
}

static void a_copied_directory_is_no_zone(void **state)
{
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	make_zone("web1");
	assert_int_equal(renameat(site.zonesfd, "web1", site.zonesfd, "web2"), 0);
	assert_int_equal(zone_open(&z, &site, "web2", LOCK_ALONE, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "zone.json: name: \"web1\" is not its directory's");
	assert_int_equal(zone_open_unread(&z, &site, "web2", LOCK_ALONE, &err), 0);
	assert_string_equal(z.config.name, "web2");
	zone_close(&z);
}

static void names_are_sorted_and_hold_incomplete_ones(void **state)
{
	AUTO_STRV char **names = NULL;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	make_zone("b");
	assert_int_equal(mkdirat(site.zonesfd, ".new-a", 0700), 0);
	assert_int_equal(mkdirat(site.zonesfd, ".old-b", 0700), 0);
	assert_int_equal(mkdirat(site.zonesfd, "lost+found", 0700), 0);
	assert_int_equal(mkdirat(site.zonesfd, ".hidden", 0700), 0);
	for (int i = 0; i < 2; i++) {
		strv_clear(&names);
		assert_int_equal(zone_names(&site, &names, &err), 0);
		assert_int_equal(strv_len(names), 2);
		assert_string_equal(names[0], "a");
		assert_string_equal(names[1], "b");
	}
}

static void assert_state(const char *name, enum zone_state expected)
{
	struct error err = { 0 };
	struct zone_status s;

	assert_int_equal(zone_status(&s, &site, name, &err), 0);
	assert_string_equal(zone_state_name(s.state), zone_state_name(expected));
	zone_status_clear(&s);
}

static void a_zone_at_rest_is_told_by_its_files(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_zone("whole");
	assert_int_equal(mkdirat(site.zonesfd, "bare", 0700), 0);
	assert_int_equal(mkdirat(site.zonesfd, ".new-half", 0700), 0);
	assert_state("whole", ZONE_INSTALLED);
	assert_state("bare", ZONE_CONFIGURED);
	assert_state("half", ZONE_INCOMPLETE);
}

static void a_zone_that_is_up_is_told_by_its_processes(void **state)
{
	struct zone_run r = { .is_started = true,
			      .started = 5,
			      .template_init_kind = xstrdup("systemd") };
	struct error err = { 0 };
	struct zone_status s;
	pid_t pid;

	(void)state;
	NEEDS_ROOT();
	make_zone("web1");
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(proc_id_of(pid, &r.init, &err), 0);
	assert_int_equal(zone_run_write(&r, &site, "web1", &err), 0);
	assert_state("web1", ZONE_RUNNING);
	assert_int_equal(zone_status(&s, &site, "web1", &err), 0);
	assert_true(s.initfd >= 0);
	assert_false(s.has_keeper);
	assert_string_equal(s.run.template_init_kind, "systemd");
	zone_status_clear(&s);
	r.is_shutting_down = true;
	assert_int_equal(zone_run_write(&r, &site, "web1", &err), 0);
	assert_state("web1", ZONE_SHUTTING_DOWN);
	r.is_shutting_down = false;
	r.is_started = false;
	assert_int_equal(zone_run_write(&r, &site, "web1", &err), 0);
	assert_state("web1", ZONE_READY);
	kill(pid, SIGKILL);
	assert_true(waitpid(pid, NULL, 0) == pid);
	assert_state("web1", ZONE_DOWN);
	assert_int_equal(proc_id_of(getpid(), &r.keeper, &err), 0);
	assert_int_equal(zone_run_write(&r, &site, "web1", &err), 0);
	assert_state("web1", ZONE_SHUTTING_DOWN);
	/* As after a reboot of the host, under a --root that is on disk. */
	r.init.boot_id[0] = r.init.boot_id[0] == 'f' ? 'e' : 'f';
	assert_int_equal(zone_run_write(&r, &site, "web1", &err), 0);
	assert_state("web1", ZONE_INSTALLED);
	assert_int_equal(zone_run_remove(&site, "web1", &err), 0);
	assert_int_equal(zone_run_remove(&site, "web1", &err), 0);
	assert_state("web1", ZONE_INSTALLED);
	zone_run_clear(&r);
}

static void a_state_that_is_not_allowed_says_what_it_is(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(zone_state_check(ZONE_RUNNING, ZONE_UP, "web1", &err), 0);
	assert_int_equal(zone_state_check(ZONE_RUNNING, ZONE_BIT(ZONE_INSTALLED), "web1", &err),
			 -1);
	assert_int_equal(err.kind, ERR_STATE);
	assert_string_equal(err.text, "is running");
	assert_string_equal(err.hint, "try: zonectl shutdown web1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(a_site_makes_its_directories_for_root_alone),
		SITE_TEST(a_site_that_others_can_write_is_refused),
		SITE_TEST(a_root_that_is_missing_is_made),
		SITE_TEST(the_host_configuration_is_read_strictly),
		SITE_TEST(open_names_a_zone_that_is_not_there),
		SITE_TEST(open_names_a_zone_that_is_incomplete),
		SITE_TEST(two_may_look_and_one_may_change),
		SITE_TEST(a_lock_on_a_renamed_zone_is_not_taken_for_the_zone),
		SITE_TEST(a_copied_directory_is_no_zone),
		SITE_TEST(names_are_sorted_and_hold_incomplete_ones),
		SITE_TEST(a_zone_at_rest_is_told_by_its_files),
		SITE_TEST(a_zone_that_is_up_is_told_by_its_processes),
		SITE_TEST(a_state_that_is_not_allowed_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
