/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "runtime/hosts.h"
#include "runtime/hosts_dir.h"
#include "tests/unit/site_fixture.h"

static int namesfd = -1;

static struct zone zone_named(const char *name)
{
	struct zone z = { .site = &site };

	strcpy(z.name, name);
	return z;
}

/* Of this process, which is alive. */
static void up(const char *name, const char *addresses)
{
	struct zone z = zone_named(name);
	struct hosts h = { .addresses = (char *)addresses };
	struct error err = { 0 };
	struct proc_id self;

	assert_int_equal(proc_id_of(getpid(), &self, &err), 0);
	if (hosts_up(&z, &h, &self, &err) < 0)
		fail_msg("%s", err.text);
}

static void open_names(void)
{
	struct error err = { 0 };

	namesfd = hosts_dir_open(&site, true, &err);
	assert_true(namesfd >= 0);
}

static int names_teardown(void **state)
{
	if (namesfd >= 0)
		close(namesfd);
	namesfd = -1;
	return site_teardown(state);
}

static void read_names(struct hosts_list *l)
{
	struct error err = { 0 };

	if (hosts_read(namesfd, site.boot_id, l, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_zones(const char *expected)
{
	AUTO_STR struct str text = { 0 };
	struct hosts_list l;

	read_names(&l);
	hosts_zones_text(&l, &text);
	assert_string_equal(str_text(&text), expected);
	hosts_list_clear(&l);
}

static void zones_have_lines_by_name_and_only_for_what_is_told(void **state)
{
	AUTO_STR struct str text = { 0 };
	struct hosts_list l;

	(void)state;
	NEEDS_ROOT();
	open_names();
	up("web", "10.1.0.5 -10.2.0.6 fd00::5");
	up("db", "10.1.0.4");
	up("hidden", "-10.3.0.1");
	up("localhost", "10.1.0.9");
	expect_zones("10.1.0.4\tdb db.zone\n10.1.0.9\tlocalhost.zone\n"
		     "10.1.0.5\tweb web.zone\nfd00::5\tweb web.zone\n");
	read_names(&l);
	hosts_host_text(&l, &text);
	assert_string_equal(str_text(&text), "10.1.0.4\tdb.zone\n10.3.0.1\thidden.zone\n"
					     "10.1.0.9\tlocalhost.zone\n10.1.0.5\tweb.zone\n"
					     "10.2.0.6\tweb.zone\nfd00::5\tweb.zone\n");
	hosts_list_clear(&l);
}

static void a_record_is_replaced_and_goes_and_each_is_a_change(void **state)
{
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(hosts_down(&site, "web", &err), 0);
	open_names();
	assert_false(is_there(namesfd, HOSTS_DIRTY));
	up("web", "10.1.0.5");
	assert_true(is_there(namesfd, HOSTS_DIRTY));
	up("web", "10.1.0.7");
	expect_zones("10.1.0.7\tweb web.zone\n");
	assert_int_equal(unlinkat(namesfd, HOSTS_DIRTY, 0), 0);
	assert_int_equal(hosts_down(&site, "web", &err), 0);
	assert_true(is_there(namesfd, HOSTS_DIRTY));
	expect_zones("");
	assert_int_equal(unlinkat(namesfd, HOSTS_DIRTY, 0), 0);
	assert_int_equal(hosts_down(&site, "web", &err), 0);
	assert_false(is_there(namesfd, HOSTS_DIRTY));
}

static void a_zone_without_addresses_has_no_record(void **state)
{
	const struct hosts none = { 0 };
	struct zone z = zone_named("web");
	struct proc_id self = { 0 };
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(hosts_up(&z, &none, &self, &err), 0);
	assert_false(is_there(site.runfd, HOSTS_DIR));
}

static void records_of_another_boot_and_what_is_none_go(void **state)
{
	static const char *const targets[] = {
		"01234567-89ab-4def-8123-456789abcdef 1 5 1 10.1.0.5", "x",
	};

	(void)state;
	NEEDS_ROOT();
	open_names();
	for (size_t i = 0; i < N_ROWS(targets); i++) {
		AUTO_FREE char *name = xasprintf("z%zu", i);

		assert_int_equal(symlinkat(targets[i], namesfd, name), 0);
	}
	assert_int_equal(symlinkat("x", namesfd, ".z"), 0);
	expect_zones("");
	assert_false(is_there(namesfd, "z0"));
	assert_false(is_there(namesfd, "z1"));
	assert_true(is_there(namesfd, ".z"));	/* no zone's; of a command that is at it */
}

static double ms_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) * 1e3 + (double)(b->tv_nsec - a->tv_nsec) / 1e6;
}

static char *host_file(void)
{
	AUTO_CLOSE int fd = openat(site.runfd, "../" HOSTS_FILE_DIR "/" HOSTS_FILE,
				   O_RDONLY | O_CLOEXEC);
	struct error err = { 0 };
	char *text = NULL;

	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 4096, &text, NULL, &err), 0);
	return text;
}

static void the_dead_are_not_in_the_hosts_file(void **state)
{
	AUTO_FREE char *text = NULL;
	struct zone z = zone_named("dead");
	struct hosts h = { .addresses = (char *)"10.1.0.6" };
	struct error err = { 0 };
	struct proc_id gone;

	(void)state;
	NEEDS_ROOT();
	open_names();
	up("web", "10.1.0.5");
	assert_int_equal(proc_id_of(getpid(), &gone, &err), 0);
	gone.start++;	/* another process with that number */
	assert_int_equal(hosts_up(&z, &h, &gone, &err), 0);
	site.config.has_hosts_file = true;
	assert_int_equal(hosts_bring(&site, namesfd, &err), 0);
	text = host_file();
	assert_string_equal(text, "# Kept by zonectl: zones that are up.\n10.1.0.5\tweb.zone\n");
	site.config.has_hosts_file = false;
	assert_int_equal(hosts_bring(&site, namesfd, &err), 0);
	assert_false(is_there(site.runfd, "../" HOSTS_FILE_DIR));
}

/* What is done ten times a second at most, and by a boot that finds no text. */
/* text is of an earlier moment; web has ended since, and db has another address. */
static void changes_since_a_text_take_the_place_of_its_lines(void **state)
{
	static const char *const names[] = { "db", "new", "web", NULL };
	AUTO_STR struct str out = { 0 };
	struct hosts_list l;

	(void)state;
	NEEDS_ROOT();
	open_names();
	up("db", "10.1.0.7");
	up("new", "10.1.0.8 -10.1.0.9");
	hosts_read_these(namesfd, site.boot_id, (char *const *)names, &l);
	assert_int_equal(l.n, 3);
	hosts_merge("10.1.0.1\ta a.zone\n10.1.0.2\tdb db.zone\nfd00::2\tdb db.zone\n"
		    "10.1.0.3\tdb2 db2.zone\n10.1.0.9\tlocalhost.zone\n"
		    "10.1.0.4\tweb web.zone\n10.1.0.5\tweb1 web1.zone\n",
		    &l, &out);
	assert_string_equal(str_text(&out),
			    "10.1.0.1\ta a.zone\n10.1.0.7\tdb db.zone\n"
			    "10.1.0.3\tdb2 db2.zone\n10.1.0.9\tlocalhost.zone\n"
			    "10.1.0.8\tnew new.zone\n10.1.0.5\tweb1 web1.zone\n");
	hosts_list_clear(&l);
}

/* What a zone that boots gets is the same from the records, and from a text and marks. */
static void a_text_and_marks_say_what_the_records_say(void **state)
{
	struct net_addr address = { AF_INET, 32, { 10, 1, 0, 6 } };
	struct network n = { .plan = { .n_nics = 1 } };
	struct zone z = zone_named("mid");
	struct hosts alone, after;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	open_names();
	n.plan.nics = n.nics;
	n.nics[0].addrs = &address;
	n.nics[0].n_addrs = 1;
	up("a", "10.1.0.1");
	up("web", "10.1.0.5");
	hosts_compile(&alone, &z, &n);
	assert_string_equal(alone.addresses, "10.1.0.6");
	assert_string_equal(alone.peers, "10.1.0.1\ta a.zone\n10.1.0.6\tmid mid.zone\n"
					 "10.1.0.5\tweb web.zone\n");
	assert_true(alone.is_kept);
	assert_int_equal(hosts_note(&site, namesfd, &err), 0);
	assert_int_equal(unlinkat(namesfd, HOSTS_DIRTY, 0), 0);
	/* Without a mark nothing is looked for behind the text. */
	assert_int_equal(symlinkat("x", namesfd, "b"), 0);
	hosts_compile(&after, &z, &n);
	assert_string_equal(after.peers, alone.peers);
	hosts_clear(&after);
	up("c", "10.1.0.3");
	assert_int_equal(renameat(namesfd, HOSTS_DIRTY, namesfd, HOSTS_DOING), 0);
	assert_int_equal(hosts_down(&site, "web", &err), 0);
	hosts_compile(&after, &z, &n);
	assert_string_equal(after.peers, "10.1.0.1\ta a.zone\n10.1.0.3\tc c.zone\n"
					 "10.1.0.6\tmid mid.zone\n");
	hosts_clear(&after);
	hosts_clear(&alone);
}

static void a_thousand_records_are_read_in_a_moment(void **state)
{
	enum { ZONES = 1000, BOUND_MS = 100 };
	AUTO_STR struct str text = { 0 };
	AUTO_FREE char *copy = NULL;
	struct timespec begin, read, end;
	struct hosts_list l, none = { 0 };
	double ms, merge_ms;

	(void)state;
	NEEDS_ROOT();
	open_names();
	for (int i = 0; i < ZONES; i++) {
		AUTO_FREE char *name = xasprintf("web%04d", i);
		AUTO_FREE char *addresses = xasprintf("10.1.%d.%d fd00::%x", i / 250, i % 250, i);

		up(name, addresses);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	read_names(&l);
	hosts_zones_text(&l, &text);
	clock_gettime(CLOCK_MONOTONIC, &read);
	copy = str_take(&text);
	hosts_merge(copy, &none, &text);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = ms_between(&begin, &read);
	merge_ms = ms_between(&read, &end);
	print_message("# %d records: %.2f ms, merge %.2f ms, %zu bytes\n", ZONES, ms, merge_ms,
		      text.len);
	assert_string_equal(str_text(&text), copy);
	assert_true(merge_ms < BOUND_MS);
	assert_int_equal(l.n, ZONES);
	assert_true(ms < BOUND_MS);
	hosts_list_clear(&l);
}

#define NAMES_TEST(name) cmocka_unit_test_setup_teardown(name, site_setup, names_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMES_TEST(zones_have_lines_by_name_and_only_for_what_is_told),
		NAMES_TEST(a_record_is_replaced_and_goes_and_each_is_a_change),
		NAMES_TEST(a_zone_without_addresses_has_no_record),
		NAMES_TEST(records_of_another_boot_and_what_is_none_go),
		NAMES_TEST(the_dead_are_not_in_the_hosts_file),
		NAMES_TEST(changes_since_a_text_take_the_place_of_its_lines),
		NAMES_TEST(a_text_and_marks_say_what_the_records_say),
		NAMES_TEST(a_thousand_records_are_read_in_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
