/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/setup_fixture.h"

static const char *const nameservers[] = { "10.0.0.1", "fd00::1", NULL };
static const char *const search[] = { "example.org", NULL };
static const struct setup resolver = {
	.nameservers = (char *const *)nameservers,
	.search = (char *const *)search,
};

#define RESOLV "search example.org\nnameserver 10.0.0.1\nnameserver fd00::1\n"

static void os(const char *id)
{
	AUTO_FREE char *text = xasprintf("NAME=x\nID=%s\n", id);

	put_file("etc/os-release", text);
}

static void the_name_goes_where_the_system_looks_for_it(void **state)
{
	const struct setup s = { .hostname = "web1.example" };

	(void)state;
	NEEDS_ROOT();
	os("fedora");
	put_file("etc/conf.d/hostname", "# Set to the hostname\nhostname=\"localhost\"\n");
	put_file("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=old\n");
	apply_ok(&s, PART(SETUP_HOSTNAME));
	assert_file("etc/hostname", "web1.example\n");
	assert_file("etc/conf.d/hostname", "# Set to the hostname\nhostname=\"web1.example\"\n");
	assert_file("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=\"web1.example\"\n");
	os("sles");
	put_file("etc/HOSTNAME", "old\n");
	apply_ok(&s, PART(SETUP_HOSTNAME));
	assert_file("etc/HOSTNAME", "web1.example\n");
}

static void a_file_that_is_not_there_is_not_made_for_a_system_that_lacks_it(void **state)
{
	const struct setup s = { .timezone = "Europe/Berlin" };

	(void)state;
	NEEDS_ROOT();
	os("arch");
	put_dir("etc/conf.d");
	put_dir("etc/sysconfig");
	apply_ok(&s, PART(SETUP_HOSTNAME) | PART(SETUP_TIMEZONE) | PART(SETUP_CRON));
	assert_file("etc/hostname", "web1\n");
	assert_target("etc/localtime", "/usr/share/zoneinfo/Europe/Berlin");
	assert_false(has("etc/conf.d/hostname"));
	assert_false(has("etc/sysconfig/network"));
	assert_false(has("etc/HOSTNAME"));
	assert_false(has("etc/timezone"));
	assert_false(has("etc/crontab"));
}

static void hosts_keeps_the_lines_of_others(void **state)
{
	const struct setup s = { .hostname = "web1.example" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/hosts", "127.0.0.1 x localhost\n10.0.0.9 db\n");
	apply_ok(&s, PART(SETUP_HOSTS));
	assert_file("etc/hosts", "127.0.0.1 x localhost\n10.0.0.9 db\n" BEGIN
				 "127.0.1.1\tweb1.example web1\n" END);
}

static void hosts_is_whole_where_there_is_none(void **state)
{
	const struct setup s = { .hostname = "web1" };

	(void)state;
	NEEDS_ROOT();
	put_dir("etc");
	apply_ok(&s, PART(SETUP_HOSTS));
	assert_file("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
				 "ip6-loopback\n" BEGIN "127.0.1.1\tweb1\n" END);
}

static void hosts_names_the_zone_s_addresses(void **state)
{
	static const struct net_addr addrs[] = {
		{ .family = 2, .prefix = 32, .ip = { 10, 1, 2, 3 } },
		{ .family = 10, .prefix = 128, .ip = { 0xfd, [15] = 7 } },
	};
	static const struct nic nic = { .name = "eth0", .addrs = addrs, .n_addrs = 2 };
	static const struct net_plan plan = { .nics = &nic, .n_nics = 1 };
	const struct setup s = { .hostname = "web1", .net = &plan };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/hosts", "127.0.0.1 localhost\n");
	apply_ok(&s, PART(SETUP_HOSTS));
	assert_file("etc/hosts",
		    "127.0.0.1 localhost\n" BEGIN "10.1.2.3\tweb1\nfd00::7\tweb1\n" END);
}

static void the_machine_id_is_the_uuid_where_it_is_wanted(void **state)
{
	const struct setup any = { .init_kind = "busybox" }, systemd = { .init_kind = "systemd" };
	AUTO_FREE char *text = NULL;

	(void)state;
	NEEDS_ROOT();
	put_dir("etc");
	apply_ok(&any, PART(SETUP_MACHINE_ID));
	assert_false(has("etc/machine-id"));
	apply_ok(&systemd, PART(SETUP_MACHINE_ID));
	assert_file("etc/machine-id", "0123456789ab4def8123456789abcdef\n");
	assert_int_equal(look("etc/machine-id").st_mode, S_IFREG | 0444);
	put_file("etc/machine-id", "");
	os("debian");
	put_file("etc/popularity-contest.conf", "MY_HOSTID=\"0123\"\nDAY=\"3\"\n");
	apply_ok(&any, PART(SETUP_MACHINE_ID));
	assert_file("etc/machine-id", "0123456789ab4def8123456789abcdef\n");
	text = text_of("etc/popularity-contest.conf");
	assert_int_equal(strspn(text + strlen("MY_HOSTID=\""), "0123456789abcdef"), 32);
	assert_null(strstr(text, "0123456789ab4def"));
}

static void the_resolver_is_a_file_in_place_of_a_link_that_nobody_serves(void **state)
{
	static const char *const targets[] = {
		"../run/systemd/resolve/stub-resolv.conf", "/run/netconfig/resolv.conf",
		"/run/NetworkManager/resolv.conf", "/nowhere", "resolv.conf",
	};

	(void)state;
	NEEDS_ROOT();
	put_dir("etc");
	for (size_t i = 0; i < N_ROWS(targets); i++) {
		put_link("etc/resolv.conf", targets[i]);
		apply_ok(&resolver, PART(SETUP_RESOLVER));
		assert_file("etc/resolv.conf", MARK RESOLV);
		assert_int_equal(unlinkat(treefd, "etc/resolv.conf", 0), 0);
	}
}

static void systemd_resolved_is_told_in_its_own_words(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	put_link("etc/systemd/system/multi-user.target.wants/systemd-resolved.service",
		 "/usr/lib/systemd/system/systemd-resolved.service");
	apply_ok(&resolver, PART(SETUP_RESOLVER));
	assert_target("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	assert_file("etc/systemd/resolved.conf.d/zonectl.conf",
		    MARK "[Resolve]\nDNS= 10.0.0.1 fd00::1\nDomains= example.org\n");
}

static void resolvconf_and_netconfig_are_told_too(void **state)
{
	(void)state;
	NEEDS_ROOT();
	os("opensuse-leap");
	put_link("etc/resolv.conf", "/run/resolvconf/resolv.conf");
	put_file("etc/resolvconf/resolv.conf.d/base", "options rotate\n");
	put_file("etc/sysconfig/network/config",
		 "NETCONFIG_DNS_STATIC_SEARCHLIST=\"\"\nNETCONFIG_DNS_STATIC_SERVERS=\"\"\n");
	apply_ok(&resolver, PART(SETUP_RESOLVER));
	assert_file("etc/resolvconf/resolv.conf.d/base", "options rotate\n" BEGIN RESOLV END);
	assert_file("etc/sysconfig/network/config",
		    "NETCONFIG_DNS_STATIC_SEARCHLIST=\"example.org\"\n"
		    "NETCONFIG_DNS_STATIC_SERVERS=\"10.0.0.1 fd00::1\"\n");
}

static void every_family_has_its_file_for_the_locale(void **state)
{
	static const struct { const char *id, *path, *text; } rows[] = {
		{ "debian",   "etc/default/locale", "LANG=\"C.UTF-8\"\n" },
		{ "devuan",   "etc/default/locale", "LANG=\"C.UTF-8\"\n" },
		{ "\"ubuntu\"", "etc/default/locale", "LANG=\"C.UTF-8\"\n" },
		{ "alpine",   "etc/profile.d/00zonectl-locale.sh", "export LANG=\"C.UTF-8\"\n" },
		{ "minimal",  "etc/profile.d/00zonectl-locale.sh", "export LANG=\"C.UTF-8\"\n" },
		{ "fedora",   "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		{ "rocky",    "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		{ "arch",     "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		{ "'opensuse-leap'", "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		{ "void",     "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		{ "gentoo",   "etc/env.d/02locale", "LANG=\"C.UTF-8\"\n" },
		{ "unheard",  "etc/locale.conf", "LANG=\"C.UTF-8\"\n" },
		/* By ID_LIKE, by a file, by a busybox. */
		{ "mint\nID_LIKE=\"ubuntu debian\"", "etc/default/locale", "LANG=\"C.UTF-8\"\n" },
	};
	const struct setup s = { .locale = "C.UTF-8" };

	(void)state;
	NEEDS_ROOT();
	put_dir("etc/default");
	put_dir("etc/profile.d");
	put_dir("etc/env.d");
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		os(rows[i].id);
		apply_ok(&s, PART(SETUP_LOCALE));
		assert_file(rows[i].path, rows[i].text);
		assert_int_equal(unlinkat(treefd, rows[i].path, 0), 0);
		if (has("etc/locale.conf"))	/* Gentoo's, with systemd */
			assert_int_equal(unlinkat(treefd, "etc/locale.conf", 0), 0);
	}
	put_file("etc/alpine-release", "3.19\n");
	assert_int_equal(unlinkat(treefd, "etc/os-release", 0), 0);
	apply_ok(&s, PART(SETUP_LOCALE));
	assert_true(has("etc/profile.d/00zonectl-locale.sh"));
}

static void a_locale_that_is_not_there_is_not_set(void **state)
{
	const struct setup german = { .locale = "de_DE.UTF-8" }, at = { .locale = "de_DE@euro" };
	static const struct { uint32_t head[14]; char names[16]; } archive = {
		.head = { 0xde020109, 1, 0, 0, 0, sizeof(archive.head), 11, 16 },
		.names = "de_DE@euro",
	};
	int fd;

	(void)state;
	NEEDS_ROOT();
	os("debian");
	put_dir("etc/default");
	apply(&german, PART(SETUP_LOCALE));
	assert_string_equal(report->warnings[0],
			    "/usr/lib/locale: has no locale 'de_DE.UTF-8', so it is not set");
	assert_int_equal(report->failed, PART(SETUP_LOCALE));
	assert_false(has("etc/default/locale"));
	put_dir("usr/lib/locale/de_DE.utf8");
	apply_ok(&german, PART(SETUP_LOCALE));
	assert_file("etc/default/locale", "LANG=\"de_DE.UTF-8\"\n");
	apply(&at, PART(SETUP_LOCALE));
	assert_int_equal(report->n_warnings, 1);
	fd = openat(treefd, "usr/lib/locale/locale-archive", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(write(fd, &archive, sizeof(archive)), sizeof(archive));
	close(fd);
	apply_ok(&at, PART(SETUP_LOCALE));
	assert_file("etc/default/locale", "LANG=\"de_DE@euro\"\n");
}

static void a_time_zone_that_is_not_there_is_not_set(void **state)
{
	const struct setup s = { .timezone = "Europe/Atlantis" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/timezone", "Etc/UTC\n");
	put_dir("usr/share/zoneinfo");
	apply(&s, PART(SETUP_TIMEZONE));
	assert_int_equal(report->n_warnings, 1);
	assert_false(has("etc/localtime"));
	put_file("usr/share/zoneinfo/Europe/Atlantis", "TZif");
	apply_ok(&s, PART(SETUP_TIMEZONE));
	assert_target("etc/localtime", "/usr/share/zoneinfo/Europe/Atlantis");
	assert_file("etc/timezone", "Europe/Atlantis\n");
}

static void what_is_kept_is_left_alone(void **state)
{
	const struct setup s = { .hostname = "web1", .timezone = "UTC" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/.zonectl-keep", "# mine\n/etc/hostname\n  \n/etc/localtime \nrelative\n");
	put_file("etc/hostname", "mine\n");
	apply_ok(&s, PART(SETUP_HOSTNAME) | PART(SETUP_HOSTS) | PART(SETUP_TIMEZONE));
	assert_file("etc/hostname", "mine\n");
	assert_true(has("etc/hosts"));
	assert_false(has("etc/localtime"));
	put_file("etc/.zonectl-keep", "/etc/\r\n");
	put_file("etc/hosts", "mine\n");
	apply_ok(&s, PART(SETUP_HOSTNAME) | PART(SETUP_HOSTS) | PART(SETUP_TIMEZONE));
	assert_file("etc/hosts", "mine\n");
	assert_false(has("etc/localtime"));
}

static void what_says_it_already_is_not_written(void **state)
{
	const struct setup s = { .hostname = "web1" };
	struct stat before[2], after[2];

	(void)state;
	NEEDS_ROOT();
	put_dir("etc");
	apply_ok(&s, PART(SETUP_HOSTNAME) | PART(SETUP_HOSTS));
	before[0] = look("etc/hostname");
	before[1] = look("etc/hosts");
	apply_ok(&s, PART(SETUP_HOSTNAME) | PART(SETUP_HOSTS));
	after[0] = look("etc/hostname");
	after[1] = look("etc/hosts");
	assert_int_equal(before[0].st_ino, after[0].st_ino);
	assert_int_equal(before[1].st_ino, after[1].st_ino);
}

static void a_lone_command_gets_only_what_it_needs(void **state)
{
	const struct setup s = { .is_command = true, .timezone = "UTC", .init_kind = "" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/crontab", "1 * * * * root run-parts /etc/cron.hourly\n");
	put_file("etc/hostname", "");
	apply_ok(&s, ~0u);
	assert_file("etc/hostname", "");
	assert_false(has("etc/hosts"));
	assert_target("etc/localtime", "/usr/share/zoneinfo/UTC");
	assert_file("etc/crontab", "1 * * * * root run-parts /etc/cron.hourly\n");
	put_file("etc/hostname", "template\n");
	apply_ok(&s, ~0u);
	assert_file("etc/hostname", "web1\n");
}

static void minutes_of_cron_are_the_zone_s_own(void **state)
{
	static const char crontab[] = "SHELL=/bin/sh\n"
				      "# 17 * * * * root run-parts /etc/cron.hourly\n"
				      "59 *	* * *	root	cd / && run-parts "
				      "/etc/cron.hourly\n"
				      "*/5 * * * * root run-parts /x\n"
				      "30 3 * * * root backup\n";
	const struct setup s = { .uuid = UUID }, other = { .uuid = "x" };
	AUTO_FREE char *one = NULL, *two = NULL;
	unsigned int minute;

	(void)state;
	NEEDS_ROOT();
	put_file("etc/crontab", crontab);
	put_file("etc/cron.d/popularity-contest", "12 13 * * * root test -x /x\n");
	apply_ok(&s, PART(SETUP_CRON));
	one = text_of("etc/crontab");
	assert_int_equal(sscanf(one, "%*[^h]h%*[^h]hourly %u", &minute), 1);
	assert_true(minute < 60);
	assert_non_null(strstr(one, " *	* * *	root	cd / && run-parts /etc/cron.hourly\n"
				    "*/5 * * * * root run-parts /x\n30 3 * * * root backup\n"));
	assert_non_null(strstr(one, "\n# 17 * * * * root"));
	assert_holds("etc/cron.d/popularity-contest", " 13 * * * root test -x /x\n");
	put_file("etc/crontab", crontab);
	apply_ok(&other, PART(SETUP_CRON));
	two = text_of("etc/crontab");
	assert_string_not_equal(one, two);
}

#define ZONES "# zonectl: zones that are up (rewritten as they come and go)\n"
#define ZONES_END "# zonectl: end of zones\n"

static void zones_that_are_up_have_lines_of_their_own(void **state)
{
	struct setup s = { .peers = "10.1.0.5\tdb db.zone\n" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/hosts", "127.0.0.1 localhost\n");
	apply_ok(&s, PART(SETUP_HOSTS) | PART(SETUP_PEERS));
	assert_file("etc/hosts", "127.0.0.1 localhost\n" BEGIN "127.0.1.1\tweb1\n" END ZONES
				 "10.1.0.5\tdb db.zone\n" ZONES_END);
	s.peers = "10.1.0.6\tdb db.zone\n";
	s.hostname = "web2";
	apply_ok(&s, PART(SETUP_HOSTS) | PART(SETUP_PEERS));
	assert_file("etc/hosts", "127.0.0.1 localhost\n" BEGIN "127.0.1.1\tweb2\n" END ZONES
				 "10.1.0.6\tdb db.zone\n" ZONES_END);
	s.peers = NULL;
	apply_ok(&s, PART(SETUP_PEERS));
	assert_file("etc/hosts",
		    "127.0.0.1 localhost\n" BEGIN "127.0.1.1\tweb2\n" END);
}

static void zones_that_are_up_are_not_written_through_a_link(void **state)
{
	const struct setup s = { .peers = "10.1.0.5\tdb db.zone\n" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/other", "mine\n");
	put_link("etc/hosts", "other");
	apply_ok(&s, PART(SETUP_PEERS));
	assert_file("etc/other", "mine\n");
	assert_target("etc/hosts", "other");
}

/* As boot does it. */
static void end(struct setup *s, char ***warnings)
{
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	setup_end(s, treefd, warnings, &text);
	if (text)
		assert_int_equal(setup_record(treefd, text, &err), 0);
}

static void zones_that_are_up_are_asked_for_each_time_and_recorded_once(void **state)
{
	struct setup s = { .uuid = UUID, .hostname = "a", .init_kind = "", .peers = "x\n" };
	char **warnings = NULL;
	struct error err = { 0 };
	struct stat before, after;

	(void)state;
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	s.report->is_complete = true;
	end(&s, &warnings);
	before = look("setup.json");
	s.peers = "y\n";
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, PART(SETUP_PEERS));
	s.report->is_complete = true;
	end(&s, &warnings);
	after = look("setup.json");
	assert_int_equal(before.st_ino, after.st_ino);
	s.peers = NULL;
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, PART(SETUP_PEERS));
	s.report->is_complete = true;
	end(&s, &warnings);
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, 0);
	assert_null(warnings);
}

static void the_record_asks_only_for_what_changed(void **state)
{
	struct setup s = { .uuid = UUID, .hostname = "a", .init_kind = "" };
	static char *const keys[] = { (char *)"ssh-ed25519 x", NULL };
	const unsigned int always = PART(SETUP_MACHINE_ID) | PART(SETUP_HOSTNAME) |
				    PART(SETUP_HOSTS) | PART(SETUP_PEERS) | PART(SETUP_CONSOLE) |
				    PART(SETUP_SERVICES) | PART(SETUP_CRON) | PART(SETUP_SSH) |
				    PART(SETUP_SSH_KEYS) | PART(SETUP_HOST_KEYS) |
				    PART(SETUP_NETWORK);
	char **warnings = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, always);
	setup_close(&s);	/* a boot that failed: all of it again */
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, always);
	s.report->is_complete = true;
	s.report->failed = PART(SETUP_HOSTS);
	end(&s, &warnings);
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, PART(SETUP_HOSTS));
	s.report->is_complete = true;
	end(&s, &warnings);
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, 0);
	assert_null(s.report);
	s.ssh_keys = keys;
	s.locale = "C";
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, PART(SETUP_SSH_KEYS) | PART(SETUP_LOCALE));
	s.report->is_complete = true;
	end(&s, &warnings);
	s.ssh_keys = NULL;	/* keys go again; what the locale was, is not known */
	s.locale = NULL;
	s.hostname = "b";
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts,
			 PART(SETUP_SSH_KEYS) | PART(SETUP_HOSTNAME) | PART(SETUP_HOSTS));
	setup_close(&s);
	s.is_off = true;
	assert_int_equal(setup_begin(&s, treefd, &err), 0);
	assert_int_equal(s.parts, 0);
	assert_null(warnings);
}

static void a_damaged_record_asks_for_everything(void **state)
{
	static const char *const damaged[] = {
		"", "{", "[]", "{\"hostname\": 1}", "{\"hostname\": \"short\"}",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(damaged); i++) {
		struct setup s = { .uuid = UUID, .hostname = "a", .init_kind = "" };

		put_file("setup.json", damaged[i]);
		assert_int_equal(setup_begin(&s, treefd, &err), 0);
		assert_true(s.parts & PART(SETUP_HOSTNAME));
		setup_close(&s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SETUP_TEST(the_name_goes_where_the_system_looks_for_it),
		SETUP_TEST(a_file_that_is_not_there_is_not_made_for_a_system_that_lacks_it),
		SETUP_TEST(hosts_keeps_the_lines_of_others),
		SETUP_TEST(hosts_is_whole_where_there_is_none),
		SETUP_TEST(hosts_names_the_zone_s_addresses),
		SETUP_TEST(the_machine_id_is_the_uuid_where_it_is_wanted),
		SETUP_TEST(the_resolver_is_a_file_in_place_of_a_link_that_nobody_serves),
		SETUP_TEST(systemd_resolved_is_told_in_its_own_words),
		SETUP_TEST(resolvconf_and_netconfig_are_told_too),
		SETUP_TEST(every_family_has_its_file_for_the_locale),
		SETUP_TEST(a_locale_that_is_not_there_is_not_set),
		SETUP_TEST(a_time_zone_that_is_not_there_is_not_set),
		SETUP_TEST(what_is_kept_is_left_alone),
		SETUP_TEST(what_says_it_already_is_not_written),
		SETUP_TEST(a_lone_command_gets_only_what_it_needs),
		SETUP_TEST(minutes_of_cron_are_the_zone_s_own),
		SETUP_TEST(zones_that_are_up_have_lines_of_their_own),
		SETUP_TEST(zones_that_are_up_are_not_written_through_a_link),
		SETUP_TEST(zones_that_are_up_are_asked_for_each_time_and_recorded_once),
		SETUP_TEST(the_record_asks_only_for_what_changed),
		SETUP_TEST(a_damaged_record_asks_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
