/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nft table of a network namespace of this process's own: what comes, what
 * goes, who is in the way. Packets are test_table_packets.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "netns/table.h"
#include "netns/table_zone.h"

#define SITE "0123abcd"
#define NFT_LIST "nft list ruleset 2>&1"

/* One zone's plan with all that it points to. */
struct case_plan {
	struct net_addr addrs[2];
	struct nic nics[2];
	struct net_publish publish[4];
	struct net_plan plan;
};

static void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_true(rc >= 0);
}

/* A routed zone with an address of each family. */
static void plan_init(struct case_plan *p, const char *zone, uint8_t number)
{
	*p = (struct case_plan){ 0 };
	p->addrs[0] = (struct net_addr){ AF_INET, 32, { 10, 9, 0, number } };
	p->addrs[1] = (struct net_addr){ AF_INET6, 128, { 0xfd, 9, [15] = number } };
	p->nics[0] = (struct nic){
		.kind = NIC_ROUTED, .name = "eth0", .mac = { 2, 0, 0, 0, 0, number },
		.addrs = p->addrs, .n_addrs = 2,
	};
	snprintf(p->nics[0].host, IFNAMSIZ, "znabc%02xa", number);
	p->nics[1] = p->nics[0];
	p->nics[1].kind = NIC_BRIDGE;
	snprintf(p->nics[1].host, IFNAMSIZ, "znabc%02xb", number);
	p->plan = (struct net_plan){
		.site = SITE, .zone = zone, .nics = p->nics, .n_nics = 1, .publish = p->publish,
	};
}

static void publish(struct case_plan *p, uint16_t host_port, uint16_t count)
{
	p->publish[p->plan.n_publish++] = (struct net_publish){
		.protocol = IPPROTO_TCP, .host_port = host_port, .zone_port = 22, .count = count,
	};
}

static char *shell_says(const char *command)
{
	FILE *pipe = popen(command, "re");
	struct str out = { 0 };
	char buf[4096];
	size_t n;

	assert_non_null(pipe);
	while ((n = fread(buf, 1, sizeof(buf), pipe)) > 0)
		str_addn(&out, buf, n);
	pclose(pipe);
	return str_take(&out);
}

static void assert_listed(const char *what, bool is_there)
{
	AUTO_FREE char *rules = shell_says(NFT_LIST);

	if (!strstr(rules, what) == is_there)
		fail_msg("'%s' %s", what, is_there ? "is not there" : "is there");
}

static void assert_no_rules(void)
{
	AUTO_FREE char *rules = shell_says(NFT_LIST);

	assert_string_equal(rules, "");
}

static void assert_zones(const char *wanted)
{
	AUTO_STRV char **names = NULL;
	struct error err = { 0 };
	AUTO_FREE char *all = NULL;

	good(table_list(SITE, &names, &err), &err);
	if (names)
		strv_sort_unique(names);
	all = strv_join(names, " ");
	assert_string_equal(all, wanted);
}

static void add(struct case_plan *p)
{
	struct error err = { 0 };

	good(table_add(&p->plan, &err), &err);
}

static void take_away(const char *zone)
{
	struct error err = { 0 };

	good(table_remove(SITE, zone, NULL, &err), &err);
}

static int own_netns(void **state)
{
	(void)state;
	return geteuid() == 0 ? unshare(CLONE_NEWNET) : 0;
}

#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

/*
 * Coming and going
 */

static void the_table_comes_with_the_first_zone_and_goes_with_the_last(void **state)
{
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	add(&a);
	assert_listed("table inet zonectl-" SITE, true);
	assert_listed("table arp zonectl-" SITE, true);
	add(&b);
	assert_zones("a b");
	take_away("a");
	assert_zones("b");
	assert_listed("\"a\"", false);
	assert_listed("znabc01a", false);
	take_away("b");
	assert_no_rules();
}

static void a_table_of_bridges_is_there_for_bridged_zones_alone(void **state)
{
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	add(&a);
	assert_listed("table bridge", false);
	a.plan.n_nics = 2;
	add(&a);
	assert_listed("table bridge zonectl-" SITE, true);
	take_away("a");
	assert_no_rules();
}

static void a_zone_without_links_of_the_host_needs_no_table(void **state)
{
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	a.nics[0].kind = NIC_MACVLAN;
	add(&a);
	assert_no_rules();
	a.plan.n_nics = 0;
	add(&a);
	assert_no_rules();
	take_away("a");
}

static void taking_away_what_is_not_there_is_no_failure(void **state)
{
	struct net_stats stats = { .dropped = 7 };
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	take_away("a");
	plan_init(&a, "a", 1);
	add(&a);
	take_away("b");
	assert_zones("a");
	take_away("a");
	good(table_remove(SITE, "a", &stats, &err), &err);
	assert_int_equal(stats.dropped, 0);
	assert_no_rules();
}

static void adding_a_zone_again_replaces_what_it_had(void **state)
{
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	publish(&a, 2222, 1);
	add(&a);
	add(&b);
	strcpy(a.nics[0].host, "znabcnew");
	add(&a);
	assert_listed("znabcnew", true);
	assert_listed("znabc01a", false);
	take_away("a");
	take_away("b");
	assert_no_rules();
}

static void sites_have_tables_of_their_own(void **state)
{
	struct case_plan a, b;
	struct error err = { 0 };

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "a", 1);
	b.plan.site = "";
	strcpy(b.nics[0].host, "zn00001a");
	add(&a);
	add(&b);
	assert_listed("table inet zonectl {", true);
	take_away("a");
	assert_listed("table inet zonectl {", true);
	assert_listed(SITE, false);
	good(table_remove("", "a", NULL, &err), &err);
	assert_no_rules();
}

static void a_link_without_the_sites_name_is_refused(void **state)
{
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	a.plan.n_nics = 2;
	strcpy(a.nics[1].host, "znxyz01b");
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	strcpy(a.nics[0].host, "eth0");
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_no_rules();
}

/*
 * Ports
 */

static void a_port_that_a_zone_has_is_refused_to_others(void **state)
{
	struct error err = { 0 };
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	publish(&a, 8000, 100);
	publish(&b, 8099, 2);
	add(&a);
	assert_int_equal(table_add(&b.plan, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_string_equal(err.text, "nft table 'zonectl-" SITE "': "
			    "port 8099/tcp is published by zone 'a'");
	assert_string_equal(err.hint, "zonectl net info a");
	assert_zones("a");
	b.publish[0].protocol = IPPROTO_UDP;
	add(&b);
	take_away("a");
	take_away("b");
}

static void a_port_of_one_address_is_not_that_of_another(void **state)
{
	struct error err = { 0 };
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	publish(&a, 80, 1);
	publish(&b, 80, 1);
	a.publish[0].address = (struct net_addr){ AF_INET, 32, { 203, 0, 113, 5 } };
	b.publish[0].address = (struct net_addr){ AF_INET, 32, { 203, 0, 113, 6 } };
	add(&a);
	add(&b);
	assert_listed("203.0.113.6 . tcp . 80 comment \"b\" : 10.9.0.2 . 22", true);
	b.publish[0].address = a.publish[0].address;
	assert_int_equal(table_publish(&b.plan, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_listed("203.0.113.6 . tcp . 80 comment \"b\" : 10.9.0.2 . 22", true);
	take_away("a");
	take_away("b");
	assert_no_rules();
}

static void a_zone_may_not_publish_a_port_twice(void **state)
{
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	publish(&a, 8000, 10);
	publish(&a, 8009, 1);
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_string_equal(err.text, "nft table 'zonectl-" SITE "': "
			    "zone 'a' publishes one port twice");
	take_away("a");
	assert_no_rules();
}

static void ports_change_while_the_zone_stays(void **state)
{
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	publish(&a, 2222, 1);
	add(&a);
	assert_listed("tcp . 2222 comment \"a\" : 10.9.0.1 . 22", true);
	assert_listed("tcp . 2222 comment \"a\" : fd09::1 . 22", true);
	a.publish[0].host_port = 2223;
	good(table_publish(&a.plan, &err), &err);
	assert_listed(". 2222", false);
	assert_listed("tcp . 2223 comment \"a\" : fd09::1 . 22", true);
	a.plan.n_publish = 0;
	good(table_publish(&a.plan, &err), &err);
	assert_listed(". 2223", false);
	assert_zones("a");
	take_away("a");
	assert_no_rules();
	good(table_publish(&a.plan, &err), &err);
	a.plan.n_publish = 1;
	assert_int_equal(table_publish(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void ports_lead_to_routed_addresses_alone(void **state)
{
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	publish(&a, 80, 1);
	a.nics[0].kind = NIC_BRIDGE;
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "port 80: zone 'a' has no routed address for it");
	a.nics[0].kind = NIC_ROUTED;
	a.publish[0].target = (struct net_addr){ AF_INET, 32, { 10, 9, 0, 2 } };
	assert_int_equal(table_add(&a.plan, &err), -1);
	a.publish[0].target = a.addrs[1];
	add(&a);
	assert_listed(": fd09::1 . 22", true);
	assert_listed(": 10.9.0.1 . 22", false);
	take_away("a");
}

static void a_zone_publishes_thousands_of_ports_and_no_more(void **state)
{
	struct error err = { 0 };
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	publish(&a, 10000, 16384);
	add(&a);
	assert_listed("tcp . 26383 comment \"a\" : 10.9.0.1 . 16405", true);
	take_away("a");
	assert_no_rules();
	publish(&a, 9999, 1);
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	a.publish[0].host_port = UINT16_MAX;
	assert_int_equal(table_add(&a.plan, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

/*
 * Others
 */

static void rules_of_others_stay_as_they_are(void **state)
{
	AUTO_FREE char *before = NULL, *after = NULL;
	struct case_plan a;

	(void)state;
	NEEDS_ROOT();
	free(shell_says("nft 'table inet theirs { "
			"set zones { type ipv4_addr; elements = { 10.9.0.1 }; }; "
			"chain c { type filter hook forward priority 0; policy drop; "
			"ip saddr @zones counter; }; }; "
			"table ip nat { }; table arp zonectl { };'"));
	before = shell_says(NFT_LIST);
	assert_non_null(strstr(before, "theirs"));
	plan_init(&a, "a", 1);
	a.plan.n_nics = 2;
	add(&a);
	take_away("a");
	after = shell_says(NFT_LIST);
	assert_string_equal(after, before);
}

static void what_nft_saves_it_loads_and_a_boot_replaces_it(void **state)
{
	AUTO_FREE char *before = NULL, *after = NULL;
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	publish(&a, 80, 3);
	a.plan.connections = 1000;
	a.plan.is_isolated = true;
	add(&a);
	add(&b);
	before = shell_says(NFT_LIST);
	after = shell_says("rules=$(nft list ruleset) && nft flush ruleset && "
			   "echo \"$rules\" | nft -f - && " NFT_LIST);
	assert_string_equal(after, before);
	/* The records are not among what nft(8) saves: all is found by the comments. */
	assert_zones("a b");
	add(&a);
	take_away("b");
	assert_zones("a");
	assert_listed("\"b\"", false);
	take_away("a");
	assert_no_rules();
}

static void elements_that_somebody_took_out_are_no_hindrance(void **state)
{
	struct net_stats stats;
	struct error err = { 0 };
	struct case_plan a, b;

	(void)state;
	NEEDS_ROOT();
	plan_init(&a, "a", 1);
	plan_init(&b, "b", 2);
	add(&a);
	add(&b);
	free(shell_says("nft 'delete element inet zonectl-" SITE " in4 { \"znabc01a\" }; "
			"flush set arp zonectl-" SITE " own4'"));
	good(table_remove(SITE, "a", &stats, &err), &err);
	assert_zones("b");
	assert_listed("znabc01a", false);
	take_away("b");
	assert_no_rules();
}

/* In a process that can't open sockets of nfnetlink, as on a kernel without it. */
static int without_nfnetlink(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct error err = { 0 };
	struct net_stats stats;
	char **names = NULL;
	struct case_plan a;

	plan_init(&a, "a", 1);
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT), SCMP_SYS(socket), 2,
			 SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_NETFILTER));
	if (seccomp_load(filter) < 0)
		return 1;
	if (table_remove(SITE, "a", &stats, &err) < 0 || table_list(SITE, &names, &err) < 0 ||
	    table_stats(SITE, "a", &stats, &err) < 0)
		return 2;
	if (table_add(&a.plan, &err) == 0 || err.kind != ERR_UNSUPPORTED)
		return 3;
	return strstr(err.hint, "nf_tables") ? 0 : 4;
}

static void without_nf_tables_adding_alone_fails(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	NEEDS_ROOT();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(without_nfnetlink());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Adds and removes one zone again and again; 0 if all went well. */
static int churn(uint8_t number)
{
	struct error err = { 0 };
	struct case_plan p;
	char zone[16];

	snprintf(zone, sizeof(zone), "z%d", number);
	plan_init(&p, zone, number);
	publish(&p, (uint16_t)(1000 + number), 1);
	p.plan.n_nics = number % 2 ? 1 : 2;
	for (int i = 0; i < 15; i++) {
		if (table_add(&p.plan, &err) < 0 || table_remove(SITE, zone, NULL, &err) < 0) {
			fprintf(stderr, "# %s: %s\n", zone, err.text);
			return 1;
		}
	}
	return 0;
}

static void twenty_processes_come_and_go_at_once(void **state)
{
	enum { PROCESSES = 20 };
	int status, failed = 0;

	(void)state;
	NEEDS_ROOT();
	for (uint8_t i = 1; i <= PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(churn(i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_no_rules();
}

#define CASE(name) cmocka_unit_test_setup(name, own_netns)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_table_comes_with_the_first_zone_and_goes_with_the_last),
		CASE(a_table_of_bridges_is_there_for_bridged_zones_alone),
		CASE(a_zone_without_links_of_the_host_needs_no_table),
		CASE(taking_away_what_is_not_there_is_no_failure),
		CASE(adding_a_zone_again_replaces_what_it_had),
		CASE(sites_have_tables_of_their_own),
		CASE(a_link_without_the_sites_name_is_refused),
		CASE(a_port_that_a_zone_has_is_refused_to_others),
		CASE(a_port_of_one_address_is_not_that_of_another),
		CASE(a_zone_may_not_publish_a_port_twice),
		CASE(ports_change_while_the_zone_stays),
		CASE(ports_lead_to_routed_addresses_alone),
		CASE(a_zone_publishes_thousands_of_ports_and_no_more),
		CASE(rules_of_others_stay_as_they_are),
		CASE(what_nft_saves_it_loads_and_a_boot_replaces_it),
		CASE(elements_that_somebody_took_out_are_no_hindrance),
		CASE(without_nf_tables_adding_alone_fails),
		CASE(twenty_processes_come_and_go_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
