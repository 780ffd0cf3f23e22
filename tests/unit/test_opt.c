/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/opt.h"

static const struct opt global[] = {
	{ "json", 0, NULL, "" },
	{ "quiet", 'q', NULL, "" },
	{ "root", 0, "DIR", "" },
	{ 0 },
};

static const struct opt verb[] = {
	{ "user", 'u', "USER", "" },
	{ "tty", 't', NULL, "" },
	{ "wait", 0, "[=SECONDS]", "" },
	{ 0 },
};

static const struct opt_rules rules = { .global = global, .verb = verb };

static int parse(struct opts *o, const struct opt_rules *r, struct error *err, char *const *argv)
{
	*o = (struct opts){ 0 };
	return opts_parse(o, r, argv, NULL, err);
}

#define ARGS(...) ((char *const[]){ __VA_ARGS__, NULL })

static void options_stand_before_and_after_operands(void **state)
{
	struct error err = { 0 };
	struct opts o;

	(void)state;
	assert_int_equal(parse(&o, &rules, &err, ARGS("-t", "web1", "--json", "web2")), 0);
	assert_true(opts_has(&o, "tty"));
	assert_true(opts_has(&o, "json"));
	assert_int_equal(strv_len(o.operands), 2);
	assert_string_equal(o.operands[1], "web2");
	opts_clear(&o);
}

static void a_value_is_attached_or_the_next_argument(void **state)
{
	static char *const forms[][3] = {
		{ "-ujoe", NULL }, { "-u", "joe", NULL }, { "--user=joe", NULL },
		{ "--user", "joe", NULL }, { "-tqujoe", NULL },
	};
	struct error err = { 0 };
	struct opts o;

	(void)state;
	for (size_t i = 0; i < N_ROWS(forms); i++) {
		assert_int_equal(parse(&o, &rules, &err, forms[i]), 0);
		assert_string_equal(opts_value(&o, "user"), "joe");
		assert_null(o.operands);
		opts_clear(&o);
	}
}

static void two_dashes_end_the_options(void **state)
{
	struct opt_rules command = rules;
	struct error err = { 0 };
	struct opts o;

	(void)state;
	command.takes_command = true;
	assert_int_equal(parse(&o, &rules, &err, ARGS("a", "--", "-t", "b")), 0);
	assert_int_equal(strv_len(o.operands), 3);
	assert_false(opts_has(&o, "tty"));
	opts_clear(&o);
	assert_int_equal(parse(&o, &command, &err, ARGS("a", "--", "ls", "-l", "--")), 0);
	assert_int_equal(strv_len(o.operands), 1);
	assert_int_equal(strv_len(o.command), 3);
	assert_string_equal(o.command[2], "--");
	opts_clear(&o);
}

static void a_value_that_may_be_left_out_is_only_taken_attached(void **state)
{
	struct error err = { 0 };
	int ms = 7;
	struct opts o;

	(void)state;
	assert_int_equal(parse(&o, &rules, &err, ARGS("--wait", "web1")), 0);
	assert_string_equal(o.operands[0], "web1");
	assert_int_equal(opts_duration(&o, "wait", &ms, &err), 0);
	assert_int_equal(ms, 7);
	opts_clear(&o);
	assert_int_equal(parse(&o, &rules, &err, ARGS("--wait=2m")), 0);
	assert_int_equal(opts_duration(&o, "wait", &ms, &err), 0);
	assert_int_equal(ms, 120000);
	opts_clear(&o);
}

static void faults_are_named(void **state)
{
	static const struct {
		char *const argv[2];
		const char *text;
	} faults[] = {
		{ { "--usr" }, "unknown option '--usr'" },
		{ { "--us=x" }, "unknown option '--us'" },
		{ { "-x" }, "unknown option '-x'" },
		{ { "--user" }, "option '--user' needs a value" },
		{ { "-u" }, "option '-u' needs a value" },
		{ { "--tty=yes" }, "option '--tty' takes no value" },
		{ { "--memory" }, "unknown option '--memory'" },
	};
	struct opts o;

	(void)state;
	for (size_t i = 0; i < N_ROWS(faults); i++) {
		struct error err = { 0 };

		assert_int_equal(parse(&o, &rules, &err, faults[i].argv), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, faults[i].text);
		opts_clear(&o);
	}
}

static void properties_are_options_where_they_may_be(void **state)
{
	struct opt_rules properties = rules;
	struct error err = { 0 };
	struct opts o;

	(void)state;
	properties.takes_properties = true;
	assert_int_equal(parse(&o, &properties, &err, ARGS("--memory", "1G", "--tags=a,b")), 0);
	assert_int_equal(o.n, 2);
	assert_string_equal(o.given[0].property->name, "memory");
	assert_string_equal(o.given[1].value, "a,b");
	opts_clear(&o);
	assert_int_equal(parse(&o, &properties, &err, ARGS("--memory")), -1);
	assert_string_equal(err.text, "option '--memory' needs a value");
	opts_clear(&o);
}

static void what_stands_before_the_verb_stops_at_it(void **state)
{
	struct opt_rules before = { .global = global, .stops_at_operand = true };
	char *const argv[] = { "--root", "/x", "boot", "-t", NULL };
	struct opts o = { 0 };
	struct error err = { 0 };
	char *const *rest;

	(void)state;
	assert_int_equal(opts_parse(&o, &before, argv, &rest, &err), 0);
	assert_string_equal(*rest, "boot");
	assert_string_equal(opts_value(&o, "root"), "/x");
	opts_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_and_after_operands),
		cmocka_unit_test(a_value_is_attached_or_the_next_argument),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_value_that_may_be_left_out_is_only_taken_attached),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(properties_are_options_where_they_may_be),
		cmocka_unit_test(what_stands_before_the_verb_stops_at_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
