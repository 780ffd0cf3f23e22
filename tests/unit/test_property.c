/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "runtime/property.h"

static struct zone_config config;

static int fresh(void **state)
{
	(void)state;
	zone_config_init(&config);
	return 0;
}

static int emptied(void **state)
{
	(void)state;
	zone_config_clear(&config);
	return 0;
}

static int assign(const char *assignment, struct error *err)
{
	const struct property *p;

	*err = (struct error){ 0 };
	return property_assign(&config, assignment, &p, err);
}

static void assign_ok(const char *assignment)
{
	struct error err;

	if (assign(assignment, &err) < 0)
		fail_msg("%s: %s", assignment, err.text);
}

static void assign_bad(const char *assignment, const char *text)
{
	struct error err;

	if (assign(assignment, &err) == 0)
		fail_msg("%s: was taken", assignment);
	assert_int_equal(err.kind, ERR_USAGE);
	if (!strstr(err.text, text))
		fail_msg("%s: '%s' has no '%s'", assignment, err.text, text);
}

static void assert_text(const char *name, const char *expected)
{
	struct error err;
	AUTO_FREE char *text = property_text(property_find(name, &err), &config);

	assert_string_equal(text, expected);
}

static void every_row_is_whole(void **state)
{
	(void)state;
	for (const struct property *p = property_table(); p->name; p++) {
		assert_non_null(p->group);
		assert_non_null(p->operand);
		assert_non_null(p->fallback);
		assert_non_null(p->help);
		assert_true((p->words != NULL) ==
			    (p->type == PROPERTY_ENUM || p->type == PROPERTY_FLAGS));
		assert_true(property_is_default(p, &config));
		assert_text(p->name, "");
		assert_true(strlen(p->name) <= 31);
	}
}

static void an_unknown_name_is_told_a_near_one(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_null(property_find("memry", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "no property \"memry\"");
	assert_string_equal(err.hint, "did you mean \"memory\"?");
	err = (struct error){ 0 };
	assert_null(property_find("cpu-wieght", &err));
	assert_string_equal(err.hint, "did you mean \"cpu-weight\"?");
	err = (struct error){ 0 };
	assert_null(property_find("nothing-like-it", &err));
	assert_string_equal(err.hint, "");
	err = (struct error){ 0 };
	assert_null(property_find("ab", &err));
	assert_string_equal(err.hint, "");
}

static void values_reach_their_field_in_its_unit_and_range(void **state)
{
	(void)state;
	assign_ok("memory=512M");
	assert_true(config.limits.memory == 512ULL << 20);
	assign_ok("cpus=1.5");
	assert_int_equal(config.limits.cpus_milli, 1500);
	assign_ok("cpu-burst=50ms");
	assert_int_equal(config.limits.cpu_burst_ms, 50);
	assign_ok("pids=100");
	assert_int_equal(config.limits.pids, 100);
	assert_int_equal(config.limits.oom, CGROUP_OOM_PROCESS);
	assign_ok("oom-kill=zone");
	assert_int_equal(config.limits.oom, CGROUP_OOM_ZONE);
	assign_bad("memory=lots", "memory: 'lots' is no size");
	assign_bad("memory=512", "memory: ");
	assign_bad("memory=0", "memory: 0 is below 1M");
	assign_bad("cpu-weight=10001", "cpu-weight: 10001 is above 10000");
	assign_bad("cpus=-1", "cpus: ");
	assign_bad("cpus=0", "cpus: 0 is below 0.01");
	assign_bad("pids=1x", "pids: ");
	assign_bad("pids+=1", "pids: no list");
	assert_true(config.limits.memory == 512ULL << 20);
}

static void an_empty_value_sets_the_default_again(void **state)
{
	(void)state;
	assert_true(config.limits.swap == CGROUP_SWAP_UNSET);
	assign_ok("swap=0");
	assert_int_equal(config.limits.swap, 0);
	assert_text("swap", "0");
	assign_ok("swap=");
	assert_true(config.limits.swap == CGROUP_SWAP_UNSET);
	assign_ok("autoboot=last");
	assign_ok("autoboot=");
	assert_int_equal(config.autoboot, AUTOBOOT_NO);
	assign_ok("hostname=a.example");
	assign_ok("hostname=");
	assert_null(config.hostname);
	assign_ok("features=nesting");
	assign_ok("features=");
	assert_int_equal(config.features, FEATURE_DEFAULT);
	assign_ok("tags=a,b");
	assign_ok("tags=");
	assert_null(config.tags);
}

static void features_are_added_and_removed_by_name(void **state)
{
	(void)state;
	assign_ok("features+=fuse,tun");
	assert_text("features", "firewall,fuse,tun");
	assign_ok("features-=firewall");
	assert_int_equal(config.features, FEATURE_FUSE | FEATURE_TUN);
	assign_bad("features-=firewall", "features: 'firewall' is not in it");
	assign_bad("features+=flying", "no 'flying' (there are firewall, nesting,");
	assign_ok("features=none");
	assert_int_equal(config.features, 0);
	assert_text("features", "none");
	assign_ok("features=io_uring");
	assert_int_equal(config.features, FEATURE_IO_URING);
}

static void a_list_grows_without_repeats_and_shrinks(void **state)
{
	(void)state;
	assign_ok("tags=web,blue");
	assign_ok("tags+=web");
	assign_ok("tags+=eu");
	assert_text("tags", "blue,web,eu");
	assign_ok("tags-=web");
	assert_text("tags", "blue,eu");
	assign_bad("tags-=web", "tags: 'web' is not in it");
	assign_bad("tags+=", "tags: no value");
	assign_bad("tags+=ok,no/tag", "tags: ");
	assert_text("tags", "blue,eu");
	assign_ok("init-args=--a");
	assign_ok("init-args+=x,y");
	assign_ok("init-args+=--a");
	assert_int_equal(strv_len(config.init_args), 3);
	assert_string_equal(config.init_args[1], "x,y");
}

static void env_is_told_apart_by_name(void **state)
{
	(void)state;
	assign_ok("env=A=1");
	assign_ok("env+=B=x=y,z");
	assign_ok("env+=A=2");
	assert_int_equal(strv_len(config.env), 2);
	assert_string_equal(strv_env_get(config.env, "A"), "2");
	assert_string_equal(strv_env_get(config.env, "B"), "x=y,z");
	assign_ok("env-=A");
	assert_int_equal(strv_len(config.env), 1);
	assign_bad("env+=1A=2", "no NAME=VALUE");
	assign_bad("env+=A", "no NAME=VALUE");
	assign_bad("env+==x", "no NAME=VALUE");
	assign_ok("env+=EMPTY=");
}

static void mounts_are_told_apart_by_target(void **state)
{
	(void)state;
	assign_ok("mount=/srv/a:/mnt");
	assign_ok("mount+=/srv/b:/data:ro,nosuid");
	assign_ok("mount+=/srv/c:/mnt:ro");
	assert_int_equal(strv_len(config.mounts), 2);
	assign_ok("mount-=/mnt");
	assert_int_equal(strv_len(config.mounts), 1);
	assert_string_equal(config.mounts[0], "/srv/b:/data:ro,nosuid");
	assign_ok("mount-=/srv/b:/data:ro,nosuid");
	assert_null(config.mounts);
}

static void a_mount_is_plain_and_absolute(void **state)
{
	static const char *const bad[] = {
		"mount=/a",	     "mount=a:/b",	"mount=/a:b",	    "mount=/a/../b:/c",
		"mount=/a:/b/..",    "mount=/a/./b:/c", "mount=/a//b:/c",   "mount=/a:/b/",
		"mount=/a:/",	     "mount=/a:/b:",	"mount=/a:/b:exec", "mount=/a:/b:ro:rw",
		"mount=/a:/b:ro,rw", "mount=:/b",	"mount=/a:",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++)
		assign_bad(bad[i], "mount: ");
	assign_ok("mount=/:/host:ro,nodev,noexec,idmap");
	assign_ok("mount=/a..b:/.c/...");
}

static void values_that_could_forge_a_line_are_refused(void **state)
{
	static const char *const names[] = {
		"hostname", "description", "tags",  "init",	"init-args", "env",
		"timezone", "cpuset",	   "mount", "features", "autoboot",  "memory",
	};
	static const char *const values[] = { "A=1\nlxc.x=y", "a\033[2J", "a\rb", "a\tb", "\x7f" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < N_ROWS(names); i++)
		for (size_t k = 0; k < N_ROWS(values); k++) {
			snprintf(text, sizeof(text), "%s=%s", names[i], values[k]);
			assign_bad(text, names[i]);
		}
}

static void host_names_are_dns_names(void **state)
{
	char long_name[80] = "hostname=";

	(void)state;
	assign_ok("hostname=Web-1.example.org");
	assign_bad("hostname=-a", "no host name");
	assign_bad("hostname=a..b", "no host name");
	assign_bad("hostname=a.", "no host name");
	assign_bad("hostname=a_b", "no host name");
	assign_bad("hostname=a b", "no host name");
	memset(long_name + strlen(long_name), 'a', 63);
	assign_ok(long_name);
	strcat(long_name, "a");
	assign_bad(long_name, "longer than 63");
}

static void a_time_zone_stays_below_zoneinfo(void **state)
{
	(void)state;
	assign_ok("timezone=America/Argentina/Buenos_Aires");
	assign_ok("timezone=Etc/GMT+5");
	assign_bad("timezone=../../etc/shadow", "no time zone");
	assign_bad("timezone=/etc/shadow", "no time zone");
	assign_bad("timezone=Europe/../x", "no time zone");
	assign_bad("timezone=Europe/", "no time zone");
	assign_bad("timezone=Europe//Paris", "no time zone");
}

static void a_cpuset_is_a_list_of_ranges(void **state)
{
	static const char *const bad[] = { "cpuset=a",	"cpuset=3-1",	"cpuset=1,",  "cpuset=,1",
					   "cpuset=1-", "cpuset=99999", "cpuset=1 2", "cpuset=-1" };

	(void)state;
	assign_ok("cpuset=0-3,6");
	assign_ok("cpuset=0");
	for (size_t i = 0; i < N_ROWS(bad); i++)
		assign_bad(bad[i], "cpuset: ");
}

static void rules_between_properties_are_checked(void **state)
{
	struct error err = { 0 };

	(void)state;
	assign_ok("memory=512M");
	assign_ok("memory-high=1G");
	assert_int_equal(property_check_all(&config, &err), -1);
	assert_string_equal(err.text, "memory-high: 1G is above memory, 512M");
	assign_ok("memory-high=400M");
	assert_int_equal(property_check_all(&config, &err), 0);
	assign_ok("cpu-burst=50ms");
	assert_int_equal(property_check_all(&config, &err), -1);
	assign_ok("cpus=0.1");
	assert_int_equal(property_check_all(&config, &err), -1);
	assign_ok("cpus=0.5");
	assert_int_equal(property_check_all(&config, &err), 0);
}

static void no_assignment_is_usage(void **state)
{
	(void)state;
	assign_bad("memory", "no PROPERTY=VALUE");
	assign_bad("=1", "no property");
	assign_bad("+=1", "no property");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, emptied)

static void two_configurations_are_compared_value_by_value(void **state)
{
	struct error err = { 0 };
	struct zone_config other;
	const struct property *tags = property_find("tags", &err);
	const struct property *memory = property_find("memory", &err);
	const struct property *hostname = property_find("hostname", &err);

	(void)state;
	zone_config_init(&other);
	assign_ok("tags=a,b");
	assert_false(property_is_same(tags, &config, &other));
	assert_true(property_is_same(memory, &config, &other));
	assert_int_equal(property_apply(tags, &other, PROPERTY_SET, "b,a", &err), 0);
	assert_false(property_is_same(tags, &config, &other));
	assert_int_equal(property_apply(tags, &other, PROPERTY_SET, "a,b", &err), 0);
	assert_true(property_is_same(tags, &config, &other));
	assign_ok("memory=1G");
	assert_false(property_is_same(memory, &config, &other));
	assign_ok("hostname=www");
	assert_false(property_is_same(hostname, &config, &other));
	assert_int_equal(property_apply(hostname, &other, PROPERTY_SET, "www", &err), 0);
	assert_true(property_is_same(hostname, &config, &other));
	zone_config_clear(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_row_is_whole),
		TEST(an_unknown_name_is_told_a_near_one),
		TEST(values_reach_their_field_in_its_unit_and_range),
		TEST(an_empty_value_sets_the_default_again),
		TEST(features_are_added_and_removed_by_name),
		TEST(a_list_grows_without_repeats_and_shrinks),
		TEST(env_is_told_apart_by_name),
		TEST(mounts_are_told_apart_by_target),
		TEST(a_mount_is_plain_and_absolute),
		TEST(values_that_could_forge_a_line_are_refused),
		TEST(host_names_are_dns_names),
		TEST(a_time_zone_stays_below_zoneinfo),
		TEST(a_cpuset_is_a_list_of_ranges),
		TEST(rules_between_properties_are_checked),
		TEST(no_assignment_is_usage),
		TEST(two_configurations_are_compared_value_by_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
