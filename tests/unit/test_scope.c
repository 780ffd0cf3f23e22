/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dbus.h"
#include "cgroups/unit.h"

static void path_is(const char *given, const char *wanted)
{
	AUTO_SCOPE struct scope scope = { .slice = NULL };
	struct error err = { 0 };

	if (scope_parse(&scope, given, "id", &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(scope.path, wanted);
}

static void refused(const char *given, const char *words)
{
	AUTO_SCOPE struct scope scope = { .slice = NULL };
	struct error err = { 0 };

	assert_int_equal(scope_parse(&scope, given, "id", &err), -1);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
}

static void a_path_is_a_slice_a_prefix_and_a_name(void **state)
{
	(void)state;
	path_is("machine.slice:libpod:abc", "/machine.slice/libpod-abc.scope");
	path_is("a-b-c.slice:x:y", "/a.slice/a-b.slice/a-b-c.slice/x-y.scope");
	path_is("-.slice:x:y", "/x-y.scope");
	path_is("a.slice::y", "/a.slice/y.scope");
	refused("/a/b", "expected cgroupsPath to be of format \"slice:prefix:name\"");
	refused("a.slice:b", "expected cgroupsPath");
	refused("a.slice:b:c:d", "expected cgroupsPath");
	refused("a:b:c", "invalid slice name: a");
	refused("a--b.slice:b:c", "invalid slice name: a--b.slice");
	refused("-a.slice:b:c", "invalid slice name");
	refused("a-.slice:b:c", "invalid slice name");
	refused("x/a.slice:b:c", "invalid slice name");
	refused("a.slice:b:../c", "no name of a unit");
	refused("a.slice:b:", "no name of a unit");
}

/* A property as text, from the bytes of a list: "NAME SIGNATURE VALUE...". */
static void show_value(struct str *out, const struct str *in, size_t *at, char type)
{
	const char *text;
	uint64_t wide;
	uint32_t number;

	if (type == 's') {
		assert_true(dbus_get_str(in->data, in->len, at, &text));
		str_addf(out, " %s", text);
	} else if (type == 't') {
		*at = (*at + 7) & ~(size_t)7;
		memcpy(&wide, in->data + *at, sizeof(wide));
		*at += sizeof(wide);
		str_addf(out, " %" PRIu64, wide);
	} else if (type == 'y') {
		str_addf(out, " %02x", (uint8_t)in->data[(*at)++]);
	} else {
		assert_true(dbus_get_u32(in->data, in->len, at, &number));
		str_addf(out, " %" PRId32, (int32_t)number);
	}
}

static char *shown(const struct str *in)
{
	struct str out = { 0 };

	for (size_t at = 0; at < in->len;) {
		const char *name, *signature;
		uint32_t len = 0;
		size_t end;

		at = (at + 7) & ~(size_t)7;
		assert_true(dbus_get_str(in->data, in->len, &at, &name));
		signature = in->data + at + 1;
		at += strlen(signature) + 2;
		str_addf(&out, "%s%s %s", out.len > 0 ? "; " : "", name, signature);
		if (signature[0] != 'a') {
			show_value(&out, in, &at, signature[0]);
			continue;
		}
		assert_true(dbus_get_u32(in->data, in->len, &at, &len));
		if (signature[1] == 't')
			at = (at + 7) & ~(size_t)7;
		for (end = at + len; at < end;)
			show_value(&out, in, &at, signature[1]);
	}
	return str_take(&out);
}

static void property_is(const char *name, const char *value, const char *wanted)
{
	AUTO_STR struct str props = { 0 };
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	if (scope_property(&props, name, value, &err) < 0)
		fail_msg("%s", err.text);
	text = shown(&props);
	assert_string_equal(text, wanted);
}

static void annotations_are_values_of_gvariant(void **state)
{
	(void)state;
	property_is("Description", "'a box'", "Description s a box");
	property_is("Description", "\"it\\'s\"", "Description s it's");
	property_is("CollectMode", "'inactive'", "CollectMode s inactive");
	property_is("Delegate", "true", "Delegate b 1");
	property_is("Nice", "-5", "Nice i -5");
	property_is("TasksMax", "uint64 5", "TasksMax t 5");
	property_is("TasksMax", "@t 0x10", "TasksMax t 16");
	property_is("After", "['a.service', 'b.service']", "After as a.service b.service");
	property_is("After", "@as []", "After as");
	property_is("Some", "@at [1, 2]", "Some at 1 2");
	property_is("TimeoutStopSec", "uint64 7", "TimeoutStopUSec t 7000000");
	property_is("TimeoutStopSec", "1.5", "TimeoutStopUSec t 1500000");
	property_is("TimeoutStopUSec", "uint64 7", "TimeoutStopUSec t 7");
}

static void what_is_no_value_is_refused(void **state)
{
	static const char *const values[] = {
		"", "'open", "[", "[1, 'a']", "[]", "uint64 -1", "byte 256", "5 6", "truely",
		"@", "@as 5", "{}", "(1, 2)", "int32 4294967296", "nan",
	};
	AUTO_STR struct str props = { 0 };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(values); i++)
		if (scope_property(&props, "Some", values[i], &err) == 0)
			fail_msg("'%s' was taken", values[i]);
	assert_int_equal(scope_property(&props, "So-me", "1", &err), -1);
	assert_int_equal(scope_property(&props, "So", "1", &err), -1);
	assert_int_equal(props.len, 0);
}

static void limits_are(const struct oci_resources *r, bool is_v2, const char *wanted)
{
	AUTO_STR struct str props = { 0 };
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	if (scope_limits(&props, r, is_v2, &err) < 0)
		fail_msg("%s", err.text);
	text = shown(&props);
	assert_string_equal(text, wanted);
}

#define NUMBER(value) { .is_set = true, { .i = value } }

static void limits_are_properties_as_runc_makes_them(void **state)
{
	struct oci_cpu cpu = { .shares = NUMBER(1024), .quota = NUMBER(33333),
			       .period = NUMBER(100000), .cpus = "0-1,9" };
	struct oci_memory memory = { .limit = NUMBER(1000), .swap = NUMBER(1500),
				     .reservation = NUMBER(-1) };
	struct oci_pids pids = { .limit = NUMBER(-1) };
	struct json_pair unified[] = { { "memory.high", "900" }, { "pids.max", "7" },
				       { "misc.max", "x 1" }, { "cpu.max", "max 50000" } };
	const struct oci_resources r = { .cpu = &cpu, .memory = &memory, .pids = &pids,
					 .unified = unified, .n_unified = N_ROWS(unified) };

	(void)state;
	limits_are(&r, true,
		   "CPUWeight t 39; CPUQuotaPeriodUSec t 100000; CPUQuotaPerSecUSec t 340000;"
		   " AllowedCPUs ay 03 02; MemoryMax t 1000; MemoryLow t 18446744073709551615;"
		   " MemorySwapMax t 500; TasksMax t 18446744073709551615; MemoryHigh t 900;"
		   " TasksMax t 7; CPUQuotaPeriodUSec t 50000;"
		   " CPUQuotaPerSecUSec t 18446744073709551615");
	limits_are(&r, false,
		   "CPUShares t 1024; CPUQuotaPeriodUSec t 100000; CPUQuotaPerSecUSec t 340000;"
		   " MemoryLimit t 1000; TasksMax t 18446744073709551615");
}

static void a_list_that_is_none_is_refused(void **state)
{
	static const char *const lists[] = { "a", "1-", "3-1", "1,,2", "-1", "9999999", "1 2" };
	struct oci_cpu cpu = { .cpus = NULL };
	const struct oci_resources r = { .cpu = &cpu };

	(void)state;
	for (size_t i = 0; i < N_ROWS(lists); i++) {
		AUTO_STR struct str props = { 0 };
		struct error err = { 0 };

		cpu.cpus = lists[i];
		assert_int_equal(scope_limits(&props, &r, true, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_a_slice_a_prefix_and_a_name),
		cmocka_unit_test(annotations_are_values_of_gvariant),
		cmocka_unit_test(what_is_no_value_is_refused),
		cmocka_unit_test(limits_are_properties_as_runc_makes_them),
		cmocka_unit_test(a_list_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
