/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/strv.h"
#include "runtime/addresses.h"
#include "runtime/holdings.h"
#include "runtime/property.h"
#include "runtime/uidmap.h"

enum { FIRST_UIDS = 1000000000 / ZONE_IDS * ZONE_IDS + ZONE_IDS };

static struct error err;

/* A zone that is there, with uids and these addresses, taken and written down. */
static struct zone_config zone_with(const char *name, uint32_t slot, const char *ip)
{
	const struct property *p;
	struct zone_config c;

	assert_int_equal(mkdirat(site.zonesfd, name, 0700), 0);
	zone_config_init(&c);
	strcpy(c.name, name);
	c.uid_base = FIRST_UIDS + slot * ZONE_IDS;
	assert_int_equal(property_assign(&c, ip, &p, &err), 0);
	assert_int_equal(uidmap_claim(&site, name, c.uid_base, &err), 0);
	assert_int_equal(addresses_take(&site, &c, &err), 0);
	assert_int_equal(holdings_write(&site, name, &c, &err), 0);
	return c;
}

static void names(const char *zone, const char *words)
{
	char path[64], text[PATH_MAX] = "";

	snprintf(path, sizeof(path), "%s/holdings", zone);
	assert_true(readlinkat(site.zonesfd, path, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, words);
}

static void all_that_a_zone_claims_is_named_beside_it(void **state)
{
	struct zone_config c;
	const struct property *p;

	(void)state;
	NEEDS_ROOT();
	c = zone_with("a", 0, "ip=10.1.0.5,fd00::5");
	names("a", "uids/15259 addresses/10.1.0.5 addresses/fd00::5");
	assert_int_equal(property_assign(&c, "publish=8080:80/tcp", &p, &err), 0);
	assert_int_equal(holdings_write(&site, "a", &c, &err), 0);
	names("a", "uids/15259 addresses/10.1.0.5 addresses/fd00::5 ports/tcp:8080@any");
	zone_config_clear(&c);
}

static void what_is_claimed_later_is_no_more_named_than_known(void **state)
{
	struct zone_config c;
	const struct property *p;

	(void)state;
	NEEDS_ROOT();
	c = zone_with("a", 0, "ip=10.1.0.5");
	assert_int_equal(addresses_take(&site, &c, &err), 0);
	assert_true(holdings_are_known(&site, "a"));
	assert_int_equal(property_assign(&c, "ip=10.1.0.6", &p, &err), 0);
	assert_int_equal(addresses_take(&site, &c, &err), 0);
	assert_false(holdings_are_known(&site, "a"));
	assert_int_equal(holdings_give(&site, "a", "a", &err), 0);
	assert_true(is_there(site.varfd, "addresses/10.1.0.5"));
	zone_config_clear(&c);
}

static void uids_that_are_passed_on_are_no_more_named_than_known(void **state)
{
	struct zone_config c, d;

	(void)state;
	NEEDS_ROOT();
	c = zone_with("a", 0, "ip=10.1.0.5");
	d = zone_with("b", 1, "ip=10.1.0.6");
	assert_int_equal(uidmap_pass(&site, "a", "b", c.uid_base, &err), 0);
	assert_true(holdings_are_known(&site, "a"));
	assert_false(holdings_are_known(&site, "b"));
	zone_config_clear(&c);
	zone_config_clear(&d);
}

static void what_is_given_back_is_the_zones_alone(void **state)
{
	struct zone_config c, d;

	(void)state;
	NEEDS_ROOT();
	c = zone_with("a", 0, "ip=10.1.0.5");
	d = zone_with("b", 1, "ip=10.1.0.6");
	assert_int_equal(uidmap_pass(&site, "a", "b", c.uid_base, &err), 0);
	assert_int_equal(holdings_give(&site, "a", "a", &err), 1);
	assert_true(is_there(site.varfd, "uids/15259"));
	assert_false(is_there(site.varfd, "addresses/10.1.0.5"));
	assert_true(is_there(site.varfd, "addresses/10.1.0.6"));
	assert_int_equal(holdings_give(&site, "a", "a", &err), 1);
	zone_config_clear(&c);
	zone_config_clear(&d);
}

static void words_that_are_no_claims_make_it_unknown(void **state)
{
	static const char *const texts[] = {
		"uids/1 templates/x", "addresses/../uids/1", "addresses/", "uids", " ",
	};

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(mkdirat(site.zonesfd, "a", 0700), 0);
	assert_int_equal(mkdirat(site.varfd, "templates", 0700) < 0 && errno != EEXIST, 0);
	assert_int_equal(symlinkat("a", site.varfd, "templates/x"), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(symlinkat(texts[i], site.zonesfd, "a/holdings"), 0);
		assert_int_equal(holdings_give(&site, "a", "a", &err), 0);
		assert_int_equal(holdings_forget(&site, "a", &err), 0);
	}
	assert_true(is_there(site.varfd, "templates/x"));
}

static void more_than_a_link_holds_is_not_known(void **state)
{
	const struct property *p;
	struct zone_config c;

	(void)state;
	NEEDS_ROOT();
	c = zone_with("a", 0, "ip=10.1.0.5");
	assert_int_equal(property_assign(&c, "publish=10000-10999:10000-10999/tcp", &p, &err), 0);
	assert_int_equal(holdings_write(&site, "a", &c, &err), 0);
	assert_false(holdings_are_known(&site, "a"));
	zone_config_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(all_that_a_zone_claims_is_named_beside_it),
		SITE_TEST(what_is_claimed_later_is_no_more_named_than_known),
		SITE_TEST(uids_that_are_passed_on_are_no_more_named_than_known),
		SITE_TEST(what_is_given_back_is_the_zones_alone),
		SITE_TEST(words_that_are_no_claims_make_it_unknown),
		SITE_TEST(more_than_a_link_holds_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
