/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <stdio.h>
#include <sys/wait.h>

#include "runtime/config.h"
#include "runtime/uidmap.h"

static void make_zone_dir(const char *name)
{
	assert_int_equal(mkdirat(site.zonesfd, name, 0700), 0);
}

static uint32_t take(const char *name)
{
	struct error err = { 0 };
	uint32_t base = 0;

	if (uidmap_take(&site, name, &base, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return base;
}

static void a_slot_is_whole_and_inside_the_range(void **state)
{
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	make_zone_dir(".new-a");
	base = take("a");
	assert_int_equal(base % ZONE_IDS, 0);
	assert_true(base >= 1000000000);
	assert_true(base <= INT32_MAX - (uint32_t)ZONE_IDS + 1);
}

static void no_two_zones_share_a_slot(void **state)
{
	struct error err = { 0 };
	uint32_t a, b, c;

	(void)state;
	NEEDS_ROOT();
	/* Rounded inward this range holds two. */
	site.config.uid_start = 2 * ZONE_IDS - 1;
	site.config.uid_count = 3 * ZONE_IDS;
	make_zone_dir("a");
	make_zone_dir("b");
	make_zone_dir(".new-c");
	a = take("a");
	b = take("b");
	assert_int_not_equal(a, b);
	assert_true(a == 2 * ZONE_IDS || a == 3 * ZONE_IDS);
	assert_true(b == 2 * ZONE_IDS || b == 3 * ZONE_IDS);
	assert_int_equal(uidmap_take(&site, "c", &c, &err), -1);
	assert_int_equal(err.kind, ERR_RESOURCE);
	assert_int_equal(uidmap_give(&site, "a", a, &err), 0);
	assert_int_equal(take("c"), a);
}

static void a_zone_made_anew_has_its_old_ids(void **state)
{
	struct error err = { 0 };
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	make_zone_dir("a");
	base = take("a");
	assert_int_equal(take("a"), base);
	assert_int_equal(uidmap_give(&site, "a", base, &err), 0);
	assert_int_equal(uidmap_give(&site, "a", base, &err), 0);
	assert_int_equal(take("a"), base);
}

static void a_slot_whose_zone_is_gone_is_taken_over(void **state)
{
	static const char *const forms[] = { ".new-a", "a", ".old-a" };
	struct error err = { 0 };
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	site.config.uid_start = 7 * ZONE_IDS;
	site.config.uid_count = ZONE_IDS;
	base = take("a");
	for (size_t i = 0; i < N_ROWS(forms); i++) {
		uint32_t none = 0;

		make_zone_dir(forms[i]);
		assert_int_equal(uidmap_take(&site, "b", &none, &err), -1);
		assert_int_equal(unlinkat(site.zonesfd, forms[i], AT_REMOVEDIR), 0);
	}
	assert_int_equal(take("b"), base);
}

static void only_its_owner_gives_a_slot_back(void **state)
{
	struct error err = { 0 };
	char link[32];
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	make_zone_dir("a");
	base = take("a");
	snprintf(link, sizeof(link), "uids/%u", base / ZONE_IDS);
	assert_int_equal(uidmap_give(&site, "b", base, &err), 0);
	assert_int_equal(uidmap_give_all(&site, "b", 0, &err), 0);
	assert_true(is_there(site.varfd, link));
	assert_int_equal(uidmap_give_all(&site, "a", 0, &err), 0);
	assert_false(is_there(site.varfd, link));
}

static void a_claim_mends_a_lost_link_and_respects_others(void **state)
{
	struct error err = { 0 };
	uint32_t base;

	(void)state;
	NEEDS_ROOT();
	make_zone_dir("a");
	make_zone_dir("b");
	base = take("a");
	assert_int_equal(uidmap_claim(&site, "a", base, &err), 0);
	assert_int_equal(uidmap_claim(&site, "b", base, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(uidmap_give(&site, "a", base, &err), 0);
	assert_int_equal(uidmap_claim(&site, "b", base, &err), 0);
}

static void what_is_passed_on_is_the_other_zones(void **state)
{
	struct error err = { 0 };
	uint32_t base, other;

	(void)state;
	NEEDS_ROOT();
	make_zone_dir("a");
	make_zone_dir("a.old");
	base = take("a");
	assert_int_equal(uidmap_pass(&site, "b", "a.old", base, &err), 0);
	assert_true(uidmap_is_owner(&site, "a", base));
	assert_int_equal(uidmap_pass(&site, "a", "a.old", base, &err), 0);
	assert_true(uidmap_is_owner(&site, "a.old", base));
	assert_false(is_there(site.varfd, "uids/.passing"));
	other = take("a");
	assert_int_not_equal(other, base);
}

/* Eight at once for eight slots: all get one, and none the same. */
static void takers_at_the_same_time_get_different_slots(void **state)
{
	enum { TAKERS = 8 };
	uint32_t seen = 0;

	(void)state;
	NEEDS_ROOT();
	site.config.uid_start = ZONE_IDS;
	site.config.uid_count = TAKERS * ZONE_IDS;
	for (int i = 0; i < TAKERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "z%d", i);
		make_zone_dir(name);
		if (fork() == 0) {
			struct error err;
			uint32_t base = 0;

			_exit(uidmap_take(&site, name, &base, &err) < 0 ? 0
									: (int)(base / ZONE_IDS));
		}
	}
	for (int i = 0; i < TAKERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 0);
		assert_false(seen & (1u << WEXITSTATUS(status)));
		seen |= 1u << WEXITSTATUS(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(a_slot_is_whole_and_inside_the_range),
		SITE_TEST(no_two_zones_share_a_slot),
		SITE_TEST(a_zone_made_anew_has_its_old_ids),
		SITE_TEST(a_slot_whose_zone_is_gone_is_taken_over),
		SITE_TEST(only_its_owner_gives_a_slot_back),
		SITE_TEST(a_claim_mends_a_lost_link_and_respects_others),
		SITE_TEST(what_is_passed_on_is_the_other_zones),
		SITE_TEST(takers_at_the_same_time_get_different_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
