/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runtime/config.h"
#include "runtime/net_spec.h"
#include "runtime/property.h"

typedef int check_fn(const char *value, struct error *err);

static void refuses(check_fn *check, const char *value)
{
	struct error err = { 0 };

	if (check(value, &err) == 0)
		fail_msg("'%s' passed", value);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(*err.text);
}

static void passes(check_fn *check, const char *value)
{
	struct error err = { 0 };

	if (check(value, &err) < 0)
		fail_msg("'%s': %s", value, err.text);
}

static void kinds_of_network_are_words_and_devices(void **state)
{
	static const char *const good[] = {
		"routed", "bridge:lan", "bridge:zn-lan", "macvlan:eth0.5", "phys:enp3s0", "none",
		"host",
	};
	static const char *const bad[] = {
		"", "Routed", "routed:", "routed:eth0", "bridge", "bridge:", "bridge:a/b",
		"bridge:..", "bridge:a b", "macvlan:abcdefghijklmnop", "phys:-x", "none:", "host:x",
		"bridge:a:b", "bridge:a,b",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(good); i++)
		passes(net_mode_check, good[i]);
	for (size_t i = 0; i < N_ROWS(bad); i++)
		refuses(net_mode_check, bad[i]);
}

static void published_ports_are_written_in_one_way(void **state)
{
	static const char *const rows[][2] = {
		{ "2222:22", "2222:22/tcp" },
		{ "53:53/udp", "53:53/udp" },
		{ "203.0.113.5:80:8080/tcp", "203.0.113.5:80:8080/tcp" },
		{ "[2001:DB8::5]:80:8080", "[2001:db8::5]:80:8080/tcp" },
		{ "5000-5010:6000-6010/udp", "5000-5010:6000-6010/udp" },
		{ "7-7:8-8", "7:8/tcp" },
	};
	static const char *const bad[] = {
		"", "80", "80:", ":80", "0:80", "80:0", "65536:1", "1:65536", "80:80/sctp",
		"80:80/", "5000-5010:6000", "10-9:10-9", "a:80", "300.0.0.1:80:80", "::1:80:80",
		"[::1:80:80", "[::1]80:80", "1-5000:1-5000", "80:80:80:80", "-80:80", "80-:80",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		AUTO_FREE char *text = NULL;

		passes(net_publish_check, rows[i][0]);
		text = net_publish_canonical(rows[i][0]);
		assert_string_equal(text, rows[i][1]);
	}
	for (size_t i = 0; i < N_ROWS(bad); i++)
		refuses(net_publish_check, bad[i]);
}

static struct net_publish published(const char *text)
{
	struct error err = { 0 };
	struct net_publish p = { 0 };

	assert_int_equal(net_publish_parse(text, &p, &err), 0);
	return p;
}

static void ports_overlap_when_one_packet_could_mean_both(void **state)
{
	static const struct {
		const char *a, *b;
		bool do_overlap;
	} rows[] = {
		{ "80:80", "80:81", true },
		{ "80:80", "81:80", false },
		{ "80:80", "80:80/udp", false },
		{ "80:80", "10.0.0.1:80:80", true },
		{ "10.0.0.2:80:80", "10.0.0.1:80:80", false },
		{ "[fd00::1]:80:80", "10.0.0.1:80:80", false },
		{ "70-80:70-80", "80-90:80-90", true },
		{ "70-79:70-79", "80-90:80-90", false },
		{ "65535:1", "65530-65535:1-6", true },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct net_publish a = published(rows[i].a), b = published(rows[i].b);

		if (net_publish_overlaps(&a, &b) != rows[i].do_overlap ||
		    net_publish_overlaps(&b, &a) != rows[i].do_overlap)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void a_further_interface_names_itself_and_its_network(void **state)
{
	static const char *const bad[] = {
		"", "eth1", "name=eth1", "net=routed", "name=eth1,net=none", "name=eth1,net=host",
		"name=lo,net=routed", "name=eth0,net=routed", "name=eth1,net=routed,net=routed",
		"name=eth1,net=routed,speed=1", "name=eth1,net=routed,mtu=9",
		"name=eth1,net=routed,gateway=10.0.0.1", "name=eth1,net=bridge:b,gateway=10.0.0.1,"
		"gateway=10.0.0.2", "name=eth1,net=bridge:b,mac=01:00:00:00:00:01",
		"name=abcdefghijklmnop,net=routed", "name=a/b,net=routed",
	};
	AUTO_FREE char *text = NULL;
	const char *key;

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++)
		refuses(net_nic_check, bad[i]);
	text = net_nic_canonical("mtu=1400,ip=10.1.0.5/24,net=bridge:lan,ip=FD00::5/64,name=eth1,"
				 "mac=02:AA:00:00:00:01,gateway=10.1.0.1");
	assert_string_equal(text, "name=eth1,net=bridge:lan,ip=10.1.0.5/24,ip=fd00::5/64,"
				  "mac=02:aa:00:00:00:01,mtu=1400,gateway=10.1.0.1");
	assert_int_equal(net_nic_key(text, &key), 4);
	assert_memory_equal(key, "eth1", 4);
}

static void assign(struct zone_config *c, const char *assignment)
{
	const struct property *p;
	struct error err = { 0 };

	if (property_assign(c, assignment, &p, &err) < 0)
		fail_msg("%s: %s", assignment, err.text);
}

static void properties_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *list[4];
		const char *why;	/* NULL: fine */
	} rows[] = {
		{ { "net=none" }, NULL },
		{ { "net=none", "ip=10.1.0.5" }, "ip: needs an interface (net is none or host)" },
		{ { "net=none", "nic=name=eth1,net=routed" }, NULL },
		{ { "net=host", "nic=name=eth1,net=routed" }, "nic: needs another net than host" },
		{ { "net=bridge:b", "publish=80:80" }, "publish: needs a routed interface" },
		{ { "net=macvlan:e", "net-in=10mbit" }, "net-in: needs net=routed or bridge:" },
		{ { "gateway=10.0.0.1" }, "gateway: needs net=bridge:, macvlan: or phys:" },
		{ { "net=bridge:b", "gateway=10.0.0.1,10.0.0.2" }, "gateway: two of one family" },
		{ { "net=bridge:b", "ip=10.1.0.5" },
		  "ip: 10.1.0.5 needs its network's prefix length there, as 10.1.0.5/24" },
		{ { "net=bridge:b", "ip=10.1.0.5/24", "gateway=10.1.0.1,fd00::1" }, NULL },
		{ { "ip=none" }, "ip: net=routed needs an address" },
		{ { "ip=10.1.0.5", "nic=name=eth1,net=bridge:b,ip=10.1.0.5/24" },
		  "ip: 10.1.0.5 is there twice" },
		{ { "publish=80:80,10.0.0.1:80:81" },
		  "publish: port 80/tcp of 10.0.0.1 is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct error err = { 0 };
		struct zone_config c;
		int status;

		zone_config_init(&c);
		for (size_t k = 0; k < 4 && rows[i].list[k]; k++)
			assign(&c, rows[i].list[k]);
		status = property_check_all(&c, &err);
		zone_config_clear(&c);
		assert_int_equal(status, rows[i].why ? -1 : 0);
		if (rows[i].why)
			assert_string_equal(err.text, rows[i].why);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_network_are_words_and_devices),
		cmocka_unit_test(published_ports_are_written_in_one_way),
		cmocka_unit_test(ports_overlap_when_one_packet_could_mean_both),
		cmocka_unit_test(a_further_interface_names_itself_and_its_network),
		cmocka_unit_test(properties_that_do_not_go_together_are_refused),
	};

	return cmocka_run_group_tests_name("net_spec", tests, NULL, NULL);
}
