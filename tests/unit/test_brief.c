/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/site_fixture.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/strv.h"
#include "runtime/brief.h"
#include "runtime/state.h"

static struct zone_config config;

/* A zone with a record and a brief, whose keeper is this process. */
static void make_zone(struct zone_brief *b)
{
	struct zone_run run = { .is_started = true };
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;

	zone_config_init(&config);
	strcpy(config.name, "web1");
	strcpy(config.uuid, "01234567-89ab-4def-8123-456789abcdef");
	config.uid_base = 1000013824;
	config.template_name = xstrdup("minimal");
	strv_add(&config.auto_ip, "eth0=10.1.0.5");
	assert_int_equal(mkdirat(site.zonesfd, "web1", 0700), 0);
	fd = openat(site.zonesfd, "web1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(zone_config_write(&config, fd, &err), 0);
	assert_int_equal(proc_id_of(getpid(), &run.keeper, &err), 0);
	run.init = run.keeper;
	assert_int_equal(zone_run_write(&run, &site, "web1", &err), 0);
	*b = (struct zone_brief){ .init = run.init, .keeper = run.keeper, .started_mono_ms = 7 };
	brief_write(b, &site, &config);
}

static void it_says_what_was_written(void **state)
{
	struct zone_brief wrote, b;

	(void)state;
	NEEDS_ROOT();
	make_zone(&wrote);
	assert_true(brief_read(&b, &site, "web1"));
	assert_int_equal(b.init.pid, getpid());
	assert_int_equal(b.init.start, wrote.init.start);
	assert_int_equal(b.keeper.pid, getpid());
	assert_string_equal(b.keeper.boot_id, site.boot_id);
	assert_int_equal(b.keeper_number, proc_number(getpid()));
	assert_int_equal(b.started_mono_ms, 7);
	assert_string_equal(b.template_name, "minimal");
	assert_string_equal(b.ips[0], "10.1.0.5");
	assert_true(brief_is_configured(&b, &site, "web1"));
	brief_clear(&b);
	zone_config_clear(&config);
}

static void another_configuration_is_not_what_it_is_of(void **state)
{
	struct error err = { 0 };
	struct zone_brief b;
	AUTO_CLOSE int fd = -1;

	(void)state;
	NEEDS_ROOT();
	make_zone(&b);
	fd = openat(site.zonesfd, "web1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(zone_config_write(&config, fd, &err), 0);
	assert_true(brief_read(&b, &site, "web1"));
	assert_false(brief_is_configured(&b, &site, "web1"));
	brief_clear(&b);
	zone_config_clear(&config);
}

static void it_goes_before_the_record_changes(void **state)
{
	struct zone_run run = { .is_started = true, .is_shutting_down = true };
	struct error err = { 0 };
	struct zone_status s;
	struct zone_brief b;

	(void)state;
	NEEDS_ROOT();
	make_zone(&b);
	assert_int_equal(zone_glance(&s, &site, "web1", &err), 0);
	assert_true(s.has_brief);
	assert_true(s.has_keeper);
	assert_int_equal(s.state, ZONE_RUNNING);
	zone_status_clear(&s);
	run.init = b.init;
	assert_int_equal(zone_run_write(&run, &site, "web1", &err), 0);
	assert_false(brief_read(&b, &site, "web1"));
	assert_int_equal(zone_glance(&s, &site, "web1", &err), 0);
	assert_int_equal(s.state, ZONE_SHUTTING_DOWN);
	zone_status_clear(&s);
	zone_config_clear(&config);
}

static void one_of_another_boot_or_form_is_not_believed(void **state)
{
	const char *boot_id = site.boot_id + PROC_BOOT_ID_LEN - 12;
	const struct {
		const char *form, *boot_id, *rest;
	} texts[] = {
		{ "1", "000000000000", "1.1.1.1 1 1 1 1 0 1 minimal -" },
		{ "2", boot_id, "1.1.1.1 1 1 1 1 0 1 minimal -" },
		{ "1", boot_id, "1.1.1.1 1 1 1" },
	};
	struct zone_brief b;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(mkdirat(site.runfd, "web1", 0700), 0);
	for (size_t i = 0; i < N_ROWS(texts); i++) {
		AUTO_FREE char *text = xasprintf("%s %s %s", texts[i].form, texts[i].boot_id,
						 texts[i].rest);

		assert_int_equal(symlinkat(text, site.runfd, "web1/brief"), 0);
		assert_false(brief_read(&b, &site, "web1"));
		assert_int_equal(unlinkat(site.runfd, "web1/brief", 0), 0);
	}
}

static void a_number_is_of_one_process_while_it_runs(void **state)
{
	uint64_t mine = proc_number(getpid());

	(void)state;
	if (mine == 0)
		skip();	/* kernel: before 6.9 processes have no number */
	assert_true(proc_has_number(getpid(), mine));
	assert_false(proc_has_number(getpid(), mine + 1));
	assert_false(proc_has_number(getppid(), mine));
	assert_int_equal(proc_number(INT32_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(it_says_what_was_written),
		SITE_TEST(another_configuration_is_not_what_it_is_of),
		SITE_TEST(it_goes_before_the_record_changes),
		SITE_TEST(one_of_another_boot_or_form_is_not_believed),
		cmocka_unit_test(a_number_is_of_one_process_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
