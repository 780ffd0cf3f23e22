/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runtime/address.h"

static struct net_addr parsed(const char *text)
{
	struct error err = { 0 };
	struct net_addr a = { 0 };

	if (address_parse(text, true, &a, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return a;
}

static void addresses_have_one_form(void **state)
{
	static const char *const rows[][2] = {
		{ "10.1.0.5", "10.1.0.5/32" },
		{ "10.1.0.5/24", "10.1.0.5/24" },
		{ "2001:DB8::5", "2001:db8::5/128" },
		{ "2001:db8:0:0:0:0:0:5/64", "2001:db8::5/64" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct net_addr a = parsed(rows[i][0]);
		char text[ADDRESS_TEXT_MAX];

		assert_string_equal(address_prefix_text(&a, text), rows[i][1]);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const rows[] = {
		"",          "10.1.0",       "10.1.0.256", "010.1.0.5", "10.1.0.5/0",
		"10.1.0.5/33", "10.1.0.5/",  "10.1.0.5/024", "::1%lo", "::ffff:10.1.0.5",
		"1.2.3.4.5", "10.1.0.5 ",   "fe80:::1",  "10.1.0.5/2x", "2001:db8::5/129",
		"10.1.0.5/-1", "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct error err = { 0 };
		struct net_addr a;

		if (address_parse(rows[i], true, &a, &err) == 0)
			fail_msg("'%s' passed", rows[i]);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void addresses_that_no_host_has_are_refused(void **state)
{
	static const char *const refused[] = {
		"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.200.0.1", "169.254.1.1", "224.0.0.1",
		"239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1",
		"10.1.0.0/24", "10.1.0.255/24", "10.1.255.255/16",
	};
	static const char *const taken[] = {
		"10.1.0.5", "10.1.0.0", "10.1.0.0/31", "10.1.1.0/16", "203.0.113.255", "2001:db8::",
		"2001:db8::/64", "fd00::5/64", "1.0.0.1", "223.255.255.254",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(refused); i++) {
		struct net_addr a = parsed(refused[i]);
		struct error err = { 0 };

		if (address_check_host(&a, &err) == 0)
			fail_msg("'%s' passed", refused[i]);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	for (size_t i = 0; i < N_ROWS(taken); i++) {
		struct net_addr a = parsed(taken[i]);
		struct error err = { 0 };

		if (address_check_host(&a, &err) < 0)
			fail_msg("'%s': %s", taken[i], err.text);
	}
}

static void places_of_a_network_are_counted_from_its_first_address(void **state)
{
	static const struct {
		const char *net;
		uint64_t place;
		const char *address;
	} rows[] = {
		{ "10.1.0.0/16", 0, "10.1.0.0" },
		{ "10.1.0.0/16", 65535, "10.1.255.255" },
		{ "10.1.0.7/22", 5, "10.1.0.5" },
		{ "10.1.4.0/23", 0x1ff, "10.1.5.255" },
		{ "fd00::/64", 0x12345, "fd00::1:2345" },
		{ "fd00::/120", 255, "fd00::ff" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct net_addr net = parsed(rows[i].net), a = address_at(&net, rows[i].place);
		char text[ADDRESS_TEXT_MAX];

		assert_string_equal(address_text(&a, text), rows[i].address);
		assert_true(address_in(&a, &net));
		assert_int_equal(address_place(&a, &net), rows[i].place);
	}
}

static void an_address_lies_in_its_network_alone(void **state)
{
	struct net_addr net = parsed("10.1.0.0/22"), in = parsed("10.1.3.255");
	struct net_addr above = parsed("10.1.4.0"), below = parsed("10.0.255.255");
	struct net_addr other = parsed("fd00::1"), none = { 0 };

	(void)state;
	assert_true(address_in(&in, &net));
	assert_false(address_in(&above, &net));
	assert_false(address_in(&below, &net));
	assert_false(address_in(&other, &net));
	assert_false(address_in(&none, &net));
	assert_false(address_in(&none, &none));
}

static void mac_addresses_are_of_one_host(void **state)
{
	static const char *const refused[] = {
		"", "02:00:00:00:00", "02:00:00:00:00:0g", "02-00-00-00-00-01", "01:00:5e:00:00:01",
		"ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:00:00:00:01:", "2:0:0:0:0:1:aaaaa",
	};
	uint8_t mac[NET_MAC_LEN];
	struct error err = { 0 };
	char text[MAC_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N_ROWS(refused); i++)
		if (address_mac_parse(refused[i], mac, &err) == 0)
			fail_msg("'%s' passed", refused[i]);
	assert_int_equal(address_mac_parse("02:AB:00:00:00:0f", mac, &err), 0);
	assert_string_equal(address_mac_text(mac, text), "02:ab:00:00:00:0f");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(addresses_that_no_host_has_are_refused),
		cmocka_unit_test(places_of_a_network_are_counted_from_its_first_address),
		cmocka_unit_test(an_address_lies_in_its_network_alone),
		cmocka_unit_test(mac_addresses_are_of_one_host),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
