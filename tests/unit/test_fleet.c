/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/fleet.h"

/* A host without files of its own: it has the plans that come with the program. */
static struct site site = { .path = (char *)"/", .etcfd = -1 };

/* "x{N}" is x0 to x(N-1); what the program does is cli/names.c's. */
static int braces(const char *pattern, char ***out, struct error *err)
{
	const char *open = strchr(pattern, '{');
	AUTO_STRV char **list = NULL;

	if (open && !strchr(open, '}'))
		return error_set(err, ERR_USAGE, "'%s': braces don't match", pattern);
	if (!open)
		strv_add(&list, pattern);
	for (int i = 0; open && i < atoi(open + 1); i++)
		strv_addf(&list, "%.*s%d", (int)(open - pattern), pattern, i);
	*out = TAKE_PTR(list);
	return 0;
}

static int read_text(struct fleet *f, const char *text, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("fleet", MFD_CLOEXEC);
	const struct fleet_source source = {
		.site = &site, .fd = fd, .file = "f", .name = name, .braces = braces,
	};

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text), err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fleet_read(f, &source, err);
}

/* The members of the file after its version; without a fault. */
static void read_good(struct fleet *f, const char *members)
{
	AUTO_FREE char *text = xasprintf("{\"fleet\": 1, %s}", members);
	struct error err = { 0 };

	if (read_text(f, text, "shop", &err) < 0)
		fail_msg("%s: %s", text, err.text);
	if (f->n_faults > 0)
		fail_msg("%s: %s", text, f->faults[0].text);
}

/* faults is what is wrong, line by line. */
static void assert_faults(const char *text, const char *faults)
{
	AUTO_FLEET struct fleet f = { 0 };
	AUTO_STR struct str all = { 0 };
	struct error err = { 0 };

	if (read_text(&f, text, "shop", &err) < 0)
		fail_msg("%s: %s", text, err.text);
	for (size_t i = 0; i < f.n_faults; i++)
		str_addf(&all, "%s\n", f.faults[i].text);
	assert_string_equal(str_text(&all), faults);
}

static void assert_names(const struct fleet *f, const char *names)
{
	AUTO_STR struct str all = { 0 };

	for (size_t i = 0; i < f->n_zones; i++)
		str_addf(&all, "%s%s", i ? " " : "", f->zones[i].name);
	assert_string_equal(str_text(&all), names);
}

#define T "\"template\": \"t\""

static void zones_are_named_by_count_pattern_or_braces_and_sorted(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };

	(void)state;
	read_good(&f, "\"groups\": {\"web\": {\"count\": 2, " T "},"
		  "\"c\": {\"count\": 11, \"pattern\": \"c-##.x\", " T "},"
		  "\"n\": {\"names\": [\"b{2}\", \"a\"], " T "}, \"one\": {" T "},"
		  "\"none\": {\"count\": 0}}");
	assert_names(&f, "a b0 b1 c-01.x c-02.x c-03.x c-04.x c-05.x c-06.x c-07.x c-08.x c-09.x "
		     "c-10.x c-11.x one web1 web2");
	assert_string_equal(fleet_find(&f, "c-10.x")->group->at->key, "c");
	assert_null(fleet_find(&f, "none"));
}

static void a_fleet_without_a_name_has_that_of_its_file(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };
	AUTO_FLEET struct fleet named = { 0 };

	(void)state;
	read_good(&f, "\"groups\": {}");
	assert_string_equal(f.name, "shop");
	read_good(&named, "\"name\": \"other\"");
	assert_string_equal(named.name, "other");
}

static void a_file_whose_name_can_be_none_wants_one(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_text(&f, "{\"fleet\": 1}", "My Shop", &err), 0);
	assert_int_equal(f.n_faults, 1);
	assert_string_equal(f.faults[0].text,
			    "f:1:1: no key \"name\", and the file's name can be none");
}

static void what_extends_is_over_what_it_extends(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };
	const struct zone_config *c;

	(void)state;
	read_good(&f, "\"plans\": {\"a\": {\"extends\": \"small\", \"pids\": 7, \"cpus\": 2},"
		  "\"b\": {\"extends\": \"a\", \"cpus\": null, \"description\": \"of the plan\"}},"
		  "\"groups\": {\"base\": {\"count\": 0, \"plan\": \"b\", " T ","
		  "\"state\": \"any\","
		  "\"properties\": {\"pids\": 8, \"nofile\": 100, \"tags\": \"x,y\"}},"
		  "\"web\": {\"extends\": \"base\", \"properties\": {\"nofile\": 200}}}");
	c = &fleet_find(&f, "web")->group->config;
	assert_int_equal(c->limits.pids, 8);
	assert_int_equal(c->nofile, 200);
	assert_int_equal(c->limits.cpus_milli, 0);
	assert_int_equal(c->limits.memory, 512 << 20);
	assert_string_equal(c->plan, "b");
	assert_null(c->description);
	assert_true(strv_has(c->tags, "y"));
	assert_int_equal(fleet_find(&f, "web")->group->state, FLEET_ANY);
	assert_string_equal(fleet_find(&f, "web")->group->template, "t");
}

static void a_template_s_name_stands_for_another(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };

	(void)state;
	read_good(&f, "\"templates\": {\"t\": \"debian-12:3\"}, \"groups\": {\"a\": {" T "},"
		  "\"b\": {\"template\": \"other\"}}");
	assert_string_equal(fleet_find(&f, "a")->group->template, "debian-12:3");
	assert_string_equal(fleet_find(&f, "b")->group->template, "other");
}

static void a_circle_is_told_by_each_of_those_in_it(void **state)
{
	(void)state;
	assert_faults("{\"fleet\": 1, \"plans\": {\n"
		      "\"a\": {\"extends\": \"b\"},\n\"b\": {\"extends\": \"c\"},\n"
		      "\"c\": {\"extends\": \"a\"},\n\"d\": {\"extends\": \"a\"}}}",
		      "f:2:18: plans.a.extends: \"a\" extends itself, by way of others\n"
		      "f:3:18: plans.b.extends: \"b\" extends itself, by way of others\n"
		      "f:4:18: plans.c.extends: \"c\" extends itself, by way of others\n");
}

static void a_chain_has_an_end(void **state)
{
	AUTO_STR struct str text = { 0 };

	(void)state;
	str_add(&text, "{\"fleet\": 1, \"groups\": {\"g0\": {\"count\": 0}");
	for (int i = 1; i <= FLEET_DEPTH_MAX; i++)
		str_addf(&text, ",\n\"g%d\": {\"count\": 0, \"extends\": \"g%d\"}", i, i - 1);
	str_add(&text, "}}");
	assert_faults(str_text(&text),
		      "f:17:32: groups.g16.extends: more than 16 extend each other\n");
}

static void faults_are_told_once_and_in_the_order_of_the_file(void **state)
{
	(void)state;
	assert_faults("{\"groups\": {\"a\": {\"plan\": \"nope\", \"state\": \"up\", " T "},\n"
		      "\"b\": {\"extends\": \"a\"}, \"c\": {\"extends\": \"a\"}},\n"
		      "\"keys\": [], \"fleet\": 7, \"color\": 1}",
		      "f:1:27: groups.a.plan: no plan \"nope\"\n"
		      "f:1:44: groups.a.state: no state 'up' (there are running, installed, any, "
		      "absent)\n"
		      "f:3:9: keys: expected an object\n"
		      "f:3:22: fleet: of a newer zonectl: this one knows version 1\n"
		      "f:3:34: color: no such key\n");
}

static void names_of_other_things_are_looked_up(void **state)
{
	(void)state;
	assert_faults("{\"fleet\": 1, \"groups\": {\n"
		      "\"a\": {\"extends\": \"z\", \"pool\": \"p\", \"keys\": [\"k\"], " T "}}}",
		      "f:2:18: groups.a.extends: no group \"z\"\n"
		      "f:2:31: groups.a.pool: no \"p\" in \"pools\"\n"
		      "f:2:45: groups.a.keys[0]: no \"k\" in \"keys\"\n");
}

static void a_bad_name_is_told_once(void **state)
{
	(void)state;
	assert_faults("{\"fleet\": 1, \"groups\": {\"a\\u001b[31m\": {" T "}}}",
		      "f:1:40: groups.a\\x1b[31m: bad name (a-z, 0-9, '.', '_' and '-', beginning "
		      "with a letter or digit)\n");
}

static void pools_do_not_overlap(void **state)
{
	(void)state;
	assert_faults("{\"fleet\": 1, \"pools\": {\"a\": {\"ipv4\": \"10.0.0.0/16\"},\n"
		      "\"b\": {\"ipv4\": \"10.0.1.0/24\"}, \"c\": {\"ipv6\": \"fd00::/64\"}}}",
		      "f:2:6: pools.b: has addresses of pool \"a\"\n");
}

static void rules_between_properties_hold_for_the_whole_of_a_group(void **state)
{
	(void)state;
	assert_faults("{\"fleet\": 1, \"plans\": {\"p\": {\"memory\": \"1G\"}}, \"groups\": {\n"
		      "\"a\": {\"plan\": \"p\", \"properties\": {\"memory-high\": \"2G\"}, " T
		      "}}}",
		      "f:2:6: groups.a: memory-high: 2G is above memory, 1G\n");
}

static void what_is_no_json_is_one_fault(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_text(&f, "{\"fleet\": 1,}", "shop", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(str_starts(err.text, "f:1:13: "));
}

static void a_list_of_faults_has_an_end(void **state)
{
	AUTO_FLEET struct fleet f = { 0 };
	AUTO_STR struct str text = { 0 };
	struct error err = { 0 };

	(void)state;
	str_add(&text, "{\"fleet\": 1");
	for (int i = 0; i < 2 * FLEET_FAULTS_MAX; i++)
		str_addf(&text, ", \"k%d\": 0", i);
	str_addc(&text, '}');
	assert_int_equal(read_text(&f, str_text(&text), "shop", &err), 0);
	assert_int_equal(f.n_faults, FLEET_FAULTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_are_named_by_count_pattern_or_braces_and_sorted),
		cmocka_unit_test(a_fleet_without_a_name_has_that_of_its_file),
		cmocka_unit_test(a_file_whose_name_can_be_none_wants_one),
		cmocka_unit_test(what_extends_is_over_what_it_extends),
		cmocka_unit_test(a_template_s_name_stands_for_another),
		cmocka_unit_test(a_circle_is_told_by_each_of_those_in_it),
		cmocka_unit_test(a_chain_has_an_end),
		cmocka_unit_test(faults_are_told_once_and_in_the_order_of_the_file),
		cmocka_unit_test(names_of_other_things_are_looked_up),
		cmocka_unit_test(a_bad_name_is_told_once),
		cmocka_unit_test(pools_do_not_overlap),
		cmocka_unit_test(rules_between_properties_hold_for_the_whole_of_a_group),
		cmocka_unit_test(what_is_no_json_is_one_fault),
		cmocka_unit_test(a_list_of_faults_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
