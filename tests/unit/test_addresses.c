/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <stdio.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/addresses.h"
#include "runtime/property.h"

enum { FIRST_UIDS = 1000000000 / ZONE_IDS * ZONE_IDS + ZONE_IDS };

/* A zone that is being made: its configuration and .new-NAME. */
static struct zone_config zone_new(const char *name, uint32_t slot)
{
	AUTO_FREE char *dir = xasprintf(".new-%s", name);
	struct zone_config c;

	assert_int_equal(mkdirat(site.zonesfd, dir, 0700), 0);
	zone_config_init(&c);
	strcpy(c.name, name);
	strcpy(c.uuid, "00000000-0000-4000-8000-000000000000");
	c.uid_base = FIRST_UIDS + slot * ZONE_IDS;
	return c;
}

/* And now it is made. */
static void zone_done(struct zone_config *c)
{
	AUTO_FREE char *dir = xasprintf(".new-%s", c->name);
	AUTO_CLOSE int fd = openat(site.zonesfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	if (fd >= 0) {
		assert_int_equal(zone_config_write(c, fd, &err), 0);
		assert_int_equal(renameat(site.zonesfd, dir, site.zonesfd, c->name), 0);
	}
	zone_config_clear(c);
}

static void set(struct zone_config *c, const char *assignment)
{
	const struct property *p;
	struct error err = { 0 };

	if (property_assign(c, assignment, &p, &err) < 0)
		fail_msg("%s: %s", assignment, err.text);
}

static void take(struct zone_config *c)
{
	struct error err = { 0 };

	if (addresses_take(&site, c, &err) < 0)
		fail_msg("%s: %s", c->name, err.text);
}

static void refuses(struct zone_config *c, enum error_kind kind, const char *why)
{
	struct error err = { 0 };

	assert_int_equal(addresses_take(&site, c, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(err.kind, kind);
}

static void use_pools(const char *text)
{
	AUTO_JSON struct json *j = NULL;
	struct error err = { 0 };

	j = json_parse("zonectl.json", text, strlen(text), NULL, &err);
	if (!j || pools_read(&site.config.pools, j, "zonectl.json", &err) < 0)
		fail_msg("%s", err.text);
}

static size_t count(const char *dir)
{
	AUTO_CLOSE int fd = openat(site.varfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(TAKE_FD(fd));
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return d ? n - 2 : 0;
}

static void auto_is_an_address_of_each_family_and_stays_the_same(void **state)
{
	AUTO_STRV char **first = NULL, **again = NULL;
	struct error err = { 0 };
	struct zone_config c;
	bool has_changed;

	(void)state;
	NEEDS_ROOT();
	c = zone_new("a", 0);
	take(&c);
	first = addresses_of(&site, &c);
	assert_int_equal(strv_len(first), 2);
	assert_non_null(strchr(first[0], '.'));
	assert_non_null(strchr(first[1], ':'));
	take(&c);
	assert_int_equal(addresses_settle(&site, &c, &has_changed, &err), 0);
	assert_false(has_changed);
	again = addresses_of(&site, &c);
	assert_string_equal(again[0], first[0]);
	assert_string_equal(again[1], first[1]);
	assert_int_equal(count("addresses"), 2);
	assert_int_equal(addresses_give(&site, &c, NULL, &err), 0);
	assert_int_equal(addresses_give(&site, &c, NULL, &err), 0);
	assert_int_equal(count("addresses"), 0);
	zone_config_clear(&c);
}

static void sites_have_pools_of_their_own(void **state)
{
	struct net_pools fixed, a, b;

	(void)state;
	pools_default(&fixed, "");
	pools_default(&a, "01234567");
	pools_default(&b, "76543210");
	assert_memory_not_equal(&a.list[0].net6, &b.list[0].net6, sizeof(a.list[0].net6));
	assert_memory_not_equal(&a.list[0].net6, &fixed.list[0].net6, sizeof(a.list[0].net6));
	pools_clear(&fixed);
	pools_clear(&a);
	pools_clear(&b);
}

static void an_exhausted_pool_is_no_resource(void **state)
{
	struct zone_config a, b, c;

	(void)state;
	NEEDS_ROOT();
	use_pools("[{\"name\": \"tiny\", \"ipv4\": \"10.1.0.0/30\", \"ipv6\": \"fd00::/64\"}]");
	a = zone_new("a", 0);
	b = zone_new("b", 2);
	c = zone_new("c", 4);
	take(&a);
	take(&b);
	assert_string_not_equal(a.auto_ip[0], b.auto_ip[0]);
	refuses(&c, ERR_RESOURCE, "ip: no free address: the pool is exhausted");
	assert_int_equal(count("addresses"), 4);
	zone_config_clear(&a);
	zone_config_clear(&b);
	zone_config_clear(&c);
}

static void the_next_pool_is_used_when_one_is_full(void **state)
{
	struct zone_config a, b;

	(void)state;
	NEEDS_ROOT();
	use_pools("[{\"name\": \"one\", \"ipv4\": \"10.1.0.0/30\"},"
		  " {\"name\": \"two\", \"ipv4\": \"10.2.0.0/16\"},"
		  " {\"name\": \"lan\", \"ipv4\": \"10.3.0.0/29\", \"device\": \"br0\","
		  "  \"gateway\": [\"10.3.0.1\"]}]");
	a = zone_new("a", 0);
	set(&a, "ip=10.1.0.1,10.1.0.2");
	take(&a);
	b = zone_new("b", 0);
	take(&b);
	assert_string_equal(b.auto_ip[0], "eth0=10.2.0.1");
	set(&b, "ip=auto,auto:one");
	refuses(&b, ERR_RESOURCE, "ip: no free address: the pool \"one\" is exhausted");
	set(&b, "ip=auto:three");
	refuses(&b, ERR_USAGE, "ip: no pool \"three\" of addresses for net=routed");
	set(&b, "net=bridge:br0");
	set(&b, "ip=auto");
	take(&b);
	assert_string_equal(b.auto_ip[0], "eth0=10.3.0.2");
	set(&b, "ip=10.3.0.1/29");
	refuses(&b, ERR_EXISTS, "ip: 10.3.0.1 is the gateway of pool \"lan\"");
	set(&b, "net=bridge:other");
	set(&b, "ip=");
	take(&b);
	assert_null(b.auto_ip);
	zone_config_clear(&a);
	zone_config_clear(&b);
}

static void an_address_is_one_zones(void **state)
{
	struct zone_config a, b;

	(void)state;
	NEEDS_ROOT();
	a = zone_new("a", 0);
	b = zone_new("b", 1);
	set(&a, "ip=203.0.113.5");
	set(&b, "ip=auto,203.0.113.5");
	take(&a);
	refuses(&b, ERR_EXISTS, "ip: 203.0.113.5 is zone \"a\"'s");
	assert_int_equal(count("addresses"), 1);
	assert_null(b.auto_ip);
	zone_done(&a);
	refuses(&b, ERR_EXISTS, "ip: 203.0.113.5 is zone \"a\"'s");
	zone_config_clear(&b);
}

static void what_a_killed_command_left_is_free(void **state)
{
	struct zone_config a, b;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	a = zone_new("a", 0);
	set(&a, "ip=203.0.113.5");
	zone_done(&a);
	/* Of a zone that there is not, of one whose zone.json knows nothing of it, and no name. */
	assert_int_equal(symlinkat("gone", site.varfd, "addresses/203.0.113.6"), 0);
	assert_int_equal(symlinkat("a", site.varfd, "addresses/203.0.113.7"), 0);
	assert_int_equal(symlinkat("../../x", site.varfd, "addresses/203.0.113.8"), 0);
	assert_int_equal(symlinkat("a", site.varfd, "addresses/203.0.113.5"), 0);
	b = zone_new("b", 1);
	set(&b, "ip=203.0.113.6,203.0.113.7,203.0.113.8");
	take(&b);
	set(&b, "ip+=203.0.113.5");
	refuses(&b, ERR_EXISTS, "ip: 203.0.113.5 is zone \"a\"'s");
	assert_int_equal(addresses_give_all(&site, "b", NULL, &err), 0);
	assert_int_equal(count("addresses"), 1);
	zone_config_clear(&b);
}

static void a_running_zone_holds_what_it_had(void **state)
{
	struct zone_config a, old, b;
	struct error err = { 0 };
	bool has_changed;

	(void)state;
	NEEDS_ROOT();
	a = zone_new("a", 0);
	old = zone_new("x", 0);
	strcpy(old.name, "a");
	set(&old, "ip=203.0.113.5");
	take(&old);
	set(&a, "ip=203.0.113.6");
	take(&a);
	addresses_hold(&a, &old);
	assert_int_equal(addresses_give(&site, &old, &a, &err), 0);
	assert_int_equal(count("addresses"), 2);
	b = zone_new("b", 1);
	set(&b, "ip=203.0.113.5");
	refuses(&b, ERR_EXISTS, "ip: 203.0.113.5 is zone \"a\"'s");
	assert_int_equal(addresses_settle(&site, &a, &has_changed, &err), 0);
	assert_true(has_changed);
	take(&b);
	zone_config_clear(&a);
	zone_config_clear(&b);
	zone_config_clear(&old);
}

static void a_port_leads_to_one_zone(void **state)
{
	static const struct {
		const char *publish, *why;
	} rows[] = {
		{ "publish=80:1", "publish: port 80/tcp leads to zone \"a\"" },
		{ "publish=10.0.0.9:80:1", "publish: port 80/tcp leads to zone \"a\"" },
		{ "publish=10-5009:10-5009", NULL },
		{ "publish=443:1", "publish: port 443/tcp of 10.0.0.1 leads to zone \"a\"" },
		{ "publish=10.0.0.1:443:1",
		  "publish: port 443/tcp of 10.0.0.1 leads to zone \"a\"" },
		{ "publish=5000-5003:1-4/udp", "publish: port 5003/udp leads to zone \"a\"" },
	};
	struct zone_config a, b;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	a = zone_new("a", 0);
	b = zone_new("b", 1);
	set(&a, "publish=80:80,10.0.0.1:443:443,5003-5010:1-8/udp");
	take(&a);
	assert_int_equal(count("ports"), 10);
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (!rows[i].why)
			continue;
		set(&b, rows[i].publish);
		refuses(&b, ERR_EXISTS, rows[i].why);
		assert_int_equal(count("ports"), 10);
	}
	set(&b, "publish=80:80/udp,10.0.0.2:443:1,5011:1/udp");
	take(&b);
	assert_int_equal(count("ports"), 13);
	assert_int_equal(addresses_give(&site, &a, NULL, &err), 0);
	assert_int_equal(count("ports"), 3);
	set(&b, "publish=80:80");
	take(&b);
	zone_config_clear(&a);
	zone_config_clear(&b);
}

/* Eight processes make five zones each in a pool of 40 places: every place has one owner. */
static void commands_at_the_same_time_take_different_addresses(void **state)
{
	enum { PROCESSES = 8, ZONES = 5 };

	(void)state;
	NEEDS_ROOT();
	use_pools("[{\"name\": \"p\", \"ipv4\": \"10.1.0.0/26\"}]");
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() > 0)
			continue;
		for (int k = 0; k < ZONES; k++) {
			char name[16];
			struct zone_config c;
			struct error err = { 0 };

			snprintf(name, sizeof(name), "z%d-%d", i, k);
			c = zone_new(name, 0);	/* all begin at one place */
			if (addresses_take(&site, &c, &err) < 0)
				_exit(1);
			zone_done(&c);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count("addresses"), PROCESSES * ZONES);
}

static void pools_that_make_no_sense_are_refused(void **state)
{
	static const char *const rows[] = {
		"{}", "[1]", "[{}]", "[{\"name\": \"a\"}]", "[{\"ipv4\": \"10.0.0.0/16\"}]",
		"[{\"name\": \"A b\", \"ipv4\": \"10.0.0.0/16\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.1/16\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/31\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/7\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"127.0.0.0/16\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"169.254.0.0/16\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"fd00::/64\"}]",
		"[{\"name\": \"a\", \"ipv6\": \"10.0.0.0/16\"}]",
		"[{\"name\": \"a\", \"ipv6\": \"fe80::/64\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/16\", \"speed\": 1}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/16\", \"isolate\": \"yes\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/16\", \"gateway\": [\"10.0.0.1\"]}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/16\"}, {\"name\": \"a\","
		" \"ipv4\": \"10.1.0.0/16\"}]",
		"[{\"name\": \"a\", \"ipv4\": \"10.0.0.0/8\"}, {\"name\": \"b\","
		" \"ipv4\": \"10.1.0.0/16\"}]",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct net_pools pools = { 0 };
		struct error err = { 0 };
		struct json *j = json_parse("zonectl.json", rows[i], strlen(rows[i]), NULL, &err);

		assert_non_null(j);
		if (pools_read(&pools, j, "zonectl.json", &err) == 0)
			fail_msg("%s passed", rows[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(pools.list);
		json_free(j);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SITE_TEST(auto_is_an_address_of_each_family_and_stays_the_same),
		cmocka_unit_test(sites_have_pools_of_their_own),
		SITE_TEST(an_exhausted_pool_is_no_resource),
		SITE_TEST(the_next_pool_is_used_when_one_is_full),
		SITE_TEST(an_address_is_one_zones),
		SITE_TEST(what_a_killed_command_left_is_free),
		SITE_TEST(a_running_zone_holds_what_it_had),
		SITE_TEST(a_port_leads_to_one_zone),
		SITE_TEST(commands_at_the_same_time_take_different_addresses),
		cmocka_unit_test(pools_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
