/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/strv.h"
#include "runtime/check.h"
#include "runtime/rename.h"
#include "runtime/uidmap.h"

/* A zone with nothing but what a rename touches. */
static void make_zone(const char *name, const char *name_inside, uint32_t base, const char *uuid)
{
	struct zone_config c;
	struct error err = { 0 };
	int fd;

	assert_int_equal(mkdirat(site.zonesfd, name, 0700), 0);
	fd = openat(site.zonesfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	zone_config_init(&c);
	strcpy(c.name, name_inside);
	strcpy(c.uuid, uuid);
	memset(c.template_digest, 'a', SHA256_HEX_SIZE - 1);
	c.template_name = strdup("t");
	c.uid_base = base;
	assert_int_equal(zone_config_write(&c, fd, &err), 0);
	zone_config_clear(&c);
	close(fd);
}

#define UUID_A "00000000-0000-4000-8000-00000000000a"
#define UUID_B "00000000-0000-4000-8000-00000000000b"

static uint32_t base_of_first(void)
{
	return (site.config.uid_start / ZONE_IDS + 1) * ZONE_IDS;
}

static void a_renamed_zone_has_its_uids_and_its_name_inside(void **state)
{
	uint32_t base;
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	base = base_of_first();
	make_zone("a", "a", base, UUID_A);
	assert_int_equal(uidmap_claim(&site, "a", base, &err), 0);
	assert_int_equal(zone_open(&z, &site, "a", LOCK_ALONE, &err), 0);
	assert_int_equal(zone_rename(&z, "b", &err), 0);
	zone_close(&z);
	assert_true(uidmap_is_owner(&site, "b", base));
	assert_false(is_there(site.zonesfd, "a"));
	assert_int_equal(zone_open(&z, &site, "b", LOCK_ALONE, &err), 0);
	assert_string_equal(z.config.name, "b");
	zone_close(&z);
}

static void a_name_that_is_taken_is_refused(void **state)
{
	uint32_t base;
	struct error err = { 0 };
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	base = base_of_first();
	make_zone("a", "a", base, UUID_A);
	make_zone("b", "b", base + ZONE_IDS, UUID_B);
	assert_int_equal(zone_open(&z, &site, "a", LOCK_ALONE, &err), 0);
	assert_int_equal(zone_rename(&z, "b", &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_string_equal(z.name, "a");
	zone_close(&z);
	assert_true(is_there(site.zonesfd, "a"));
}

/* What kill -9 leaves right after the rename(2): the new directory with the old name inside. */
static void a_rename_that_was_killed_is_finished(void **state)
{
	uint32_t base;
	struct error err = { 0 };
	bool has_followed = false;
	struct zone z;

	(void)state;
	NEEDS_ROOT();
	base = base_of_first();
	make_zone("b", "a", base, UUID_A);
	assert_int_equal(zone_open(&z, &site, "b", LOCK_ALONE, &err), -1);
	assert_int_equal(zone_rename_finish(&site, "b", &has_followed, &err), 0);
	assert_true(has_followed);
	assert_true(uidmap_is_owner(&site, "b", base));
	assert_int_equal(zone_open(&z, &site, "b", LOCK_ALONE, &err), 0);
	zone_close(&z);
	assert_int_equal(zone_rename_finish(&site, "b", &has_followed, &err), 0);
	assert_false(has_followed);
}

static void the_uids_of_a_killed_rename_are_nobody_elses(void **state)
{
	struct error err = { 0 };
	uint32_t base, other;

	(void)state;
	NEEDS_ROOT();
	site.config.uid_start = 7 * ZONE_IDS;
	site.config.uid_count = ZONE_IDS;
	base = 7 * ZONE_IDS;
	make_zone("a", "a", base, UUID_A);
	assert_int_equal(uidmap_claim(&site, "a", base, &err), 0);
	assert_int_equal(renameat(site.zonesfd, "a", site.zonesfd, "b"), 0);
	assert_int_equal(uidmap_take(&site, "c", &other, &err), -1);
	assert_int_equal(err.kind, ERR_RESOURCE);
}

static void a_copy_made_by_hand_is_no_rename(void **state)
{
	uint32_t base;
	struct error err = { 0 };
	bool has_followed = false;

	(void)state;
	NEEDS_ROOT();
	base = base_of_first();
	make_zone("a", "a", base, UUID_A);
	make_zone("b", "a", base, UUID_A);
	assert_int_equal(zone_rename_finish(&site, "b", &has_followed, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(has_followed);
}

static void a_check_names_every_fault(void **state)
{
	AUTO_STRV char **faults = NULL;
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	make_zone("a", "a", base_of_first() + ZONE_IDS, UUID_A);
	assert_int_equal(zone_check(&site, "a", &faults, &err), 0);
	text = strv_join(faults, "\n");
	assert_non_null(strstr(text, "data: open the zone's data: No such file or directory"));
	assert_non_null(strstr(text, "uids: "));
	assert_non_null(strstr(text, "template: "));
}

static void a_check_of_no_zone_fails(void **state)
{
	char **faults = NULL;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(zone_check(&site, "nope", &faults, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_null(faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(a_renamed_zone_has_its_uids_and_its_name_inside),
		SITE_TEST(a_name_that_is_taken_is_refused),
		SITE_TEST(a_rename_that_was_killed_is_finished),
		SITE_TEST(the_uids_of_a_killed_rename_are_nobody_elses),
		SITE_TEST(a_copy_made_by_hand_is_no_rename),
		SITE_TEST(a_check_names_every_fault),
		SITE_TEST(a_check_of_no_zone_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
