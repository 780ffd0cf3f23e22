/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is the last zone in the nft table, and what its end leaves to be waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "netns/table.h"

#define SITE "0123abcd"

enum { ROWS = 250, OTHERS = 12 };

struct case_plan {
	struct net_addr addrs[2];
	struct nic nic;
	struct net_publish publish[ROWS];
	struct net_plan plan;
	char name[8];
};

static void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_true(rc >= 0);
}

/* Zone "zNUMBER", whose record is as long as its rows of ports are many. */
static void add(uint8_t number, size_t rows)
{
	static struct case_plan p;
	struct error err = { 0 };

	p = (struct case_plan){
		.addrs = { { AF_INET, 32, { 10, 9, 0, number } },
			   { AF_INET6, 128, { 0xfd, 9, [15] = number } } },
		.nic = { .kind = NIC_ROUTED, .name = "eth0", .mac = { 2, [5] = number },
			 .addrs = p.addrs, .n_addrs = 2 },
	};
	snprintf(p.name, sizeof(p.name), "z%u", number);
	snprintf(p.nic.host, IFNAMSIZ, "znabc%02xa", number);
	for (size_t i = 0; i < rows; i++)
		p.publish[i] = (struct net_publish){
			.protocol = IPPROTO_TCP, .host_port = (uint16_t)(2000 + 2 * i),
			.zone_port = 22, .count = 1,
		};
	p.plan = (struct net_plan){
		.site = SITE, .zone = p.name, .nics = &p.nic, .n_nics = 1, .publish = p.publish,
		.n_publish = rows,
	};
	good(table_add(&p.plan, &err), &err);
}

static char *zones(void)
{
	AUTO_STRV char **names = NULL;
	struct error err = { 0 };

	good(table_list(SITE, &names, &err), &err);
	if (names)
		strv_sort_unique(names);
	return strv_join(names, " ");
}

static void assert_zones(const char *wanted)
{
	AUTO_FREE char *all = zones();

	assert_string_equal(all, wanted);
}

static bool has_table(void)
{
	return system("nft list table inet zonectl-" SITE " >/dev/null 2>&1") == 0;
}

static int own_netns(void **state)
{
	(void)state;
	return geteuid() == 0 ? unshare(CLONE_NEWNET) : 0;
}

#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

/* The kernel lists elements in an order of its own: with a dozen of others some come first, and
 * some come after more of the long record than the kernel tells at once. */
static void a_zone_with_a_long_record_is_not_taken_for_the_last(void **state)
{
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	for (uint8_t i = 1; i <= OTHERS; i++) {
		AUTO_FREE char *name = NULL;

		add(0, ROWS);
		add(i, 0);
		good(table_remove(SITE, "z0", NULL, &err), &err);
		name = zones();
		assert_int_equal(name[0], 'z');
		assert_int_equal(atoi(name + 1), i);
		good(table_remove(SITE, name, NULL, &err), &err);
		assert_false(has_table());
	}
}

static void what_is_left_to_wait_for_holds_nothing(void **state)
{
	struct nl_rest rest = { .n = 0 };
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	add(1, 0);
	add(2, 0);
	good(table_leave(SITE, "z1", NULL, &rest, &err), &err);
	assert_int_equal(rest.n, NL_REST_MAX);
	assert_zones("z2");
	/* A second one has no room there, and is waited for at once. */
	good(table_leave(SITE, "z2", NULL, &rest, &err), &err);
	assert_int_equal(rest.n, NL_REST_MAX);
	assert_false(has_table());
	add(1, 0);
	nl_rest_close(&rest);
	assert_int_equal(rest.n, 0);
	assert_zones("z1");
	nl_rest_close(&rest);
	good(table_remove(SITE, "z1", NULL, &err), &err);
	assert_false(has_table());
}

#define CASE(name) cmocka_unit_test_setup(name, own_netns)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_zone_with_a_long_record_is_not_taken_for_the_last),
		CASE(what_is_left_to_wait_for_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
