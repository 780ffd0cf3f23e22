/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

static const char *const own4[ZONES] = { "10.9.0.2", "10.9.0.3", "10.9.0.4" };
static const char *const own6[ZONES] = { "fd00:9::2", "fd00:9::3", "fd00:9::4" };
static const char *const names[ZONES] = { "web", "db", "mail" };

/* A zone with an address of each family. */
static void boot(struct fixture *f, size_t zone)
{
	struct net_addr addrs[] = { addr(own4[zone], 32), addr(own6[zone], 128) };
	struct nic nic = routed("", (uint8_t)zone, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of(names[zone], &nic, 1);

	good(up(f, &plan, zone), &f->err);
}

/* One echo request from where the caller is; true if it came back. */
static bool pings(const char *to, int index)
{
	struct sockaddr_storage name, from;
	socklen_t len = fill(&name, to, 0), from_len = sizeof(from);
	bool is4 = name.ss_family == AF_INET;
	AUTO_CLOSE int fd = socket(name.ss_family, SOCK_RAW | SOCK_CLOEXEC,
				   is4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	struct icmphdr echo4 = { .type = ICMP_ECHO };
	struct icmp6_hdr echo6 = { .icmp6_type = ICMP6_ECHO_REQUEST };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t packet[128];

	if (!is4)
		((struct sockaddr_in6 *)&name)->sin6_scope_id = (uint32_t)index;
	echo4.checksum = (uint16_t)~htons(ICMP_ECHO << 8);
	assert_int_equal(sendto(fd, is4 ? (void *)&echo4 : (void *)&echo6, 8, 0,
				(struct sockaddr *)&name, len), 8);
	while (poll(&ready, 1, WAIT_MS) == 1) {
		ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from,
				     &from_len);

		if (is4 && n >= 28 && packet[20] == ICMP_ECHOREPLY)
			return true;
		if (!is4 && n >= 8 && packet[0] == ICMP6_ECHO_REPLY)
			return true;
	}
	return false;
}

static void a_routed_zone_and_its_host_reach_each_other_at_once(void **state)
{
	struct fixture *f = as_root(state);

	boot(f, 0);
	enter(&f->zones[0]);
	assert_true(pings("169.254.1.1", 0));
	assert_true(pings("fe80::1", link_named(&f->zones[0], "eth0").index));
	enter(&f->host);
	assert_true(pings(own4[0], 0));
	assert_true(pings(own6[0], 0));
	assert_int_equal(tcp(f, &f->host, &f->zones[0], own4[0], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->host, &f->zones[0], own6[0], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->host, "169.254.1.1", WAIT_MS), 0);
}

static void two_routed_zones_reach_each_other(void **state)
{
	struct fixture *f = as_root(state);

	boot(f, 0);
	boot(f, 1);
	assert_int_equal(tcp(f, &f->zones[0], &f->zones[1], own4[1], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[1], &f->zones[0], own4[0], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->zones[1], own6[1], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[1], &f->zones[0], own6[0], WAIT_MS), 0);
}

static void a_routed_zone_reaches_the_world_with_the_uplinks_mtu(void **state)
{
	struct fixture *f = as_root(state);

	make_uplink(f, 1400);
	boot(f, 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->world, "192.0.2.254", WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->world, "2001:db8:1::254", WAIT_MS), 0);
	assert_int_equal(link_named(&f->zones[0], "eth0").mtu, 1400);
	assert_non_null(strstr(str_text(&f->changed), "IPv4 forwarding is on for 'up0' now"));
	assert_non_null(strstr(str_text(&f->changed), "IPv6 forwarding is on now"));
	str_clear(&f->changed);
	boot(f, 1);
	assert_string_equal(str_text(&f->changed), "");
}

/* A host whose own way out comes from router advertisements keeps it. */
static void forwarding_leaves_the_uplink_its_advertisements(void **state)
{
	struct fixture *f = as_root(state);

	make_uplink(f, 0);
	assert_int_equal(link_named(&f->host, "up0").inet6.accept_ra, 1);
	boot(f, 0);
	assert_int_equal(link_named(&f->host, "up0").inet6.accept_ra, 2);
	assert_true(link_named(&f->host, "up0").inet6.is_forwarding);
}

static void a_public_address_is_answered_for_on_the_uplink(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr addrs[] = { addr("192.0.2.7", 32), addr("2001:db8:1::7", 128) };
	struct nic nic = routed("", 0, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of("web", &nic, 1);

	make_uplink(f, 0);
	nic.is_announced = true;
	good(up(f, &plan, 0), &f->err);
	assert_int_equal(tcp(f, &f->world, &f->zones[0], "192.0.2.7", WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->world, &f->zones[0], "2001:db8:1::7", WAIT_MS), 0);
	good(net_down("", "web", NULL, &f->err), &f->err);
	good(net_down("", "web", NULL, &f->err), &f->err);
	enter(&f->world);
	assert_false(has_link(&f->zones[0], "eth7"));
	enter(&f->host);
}

static void down_twice_and_without_up_succeeds(void **state)
{
	struct fixture *f = as_root(state);

	good(net_down("", "web", NULL, &f->err), &f->err);
	boot(f, 0);
	good(net_down("", "web", NULL, &f->err), &f->err);
	good(net_down("", "web", NULL, &f->err), &f->err);
}

static void a_list_names_every_zone_until_it_is_down(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_STRV char **list = NULL;

	boot(f, 0);
	boot(f, 1);
	good(net_list("", &list, &f->err), &f->err);
	assert_int_equal(strv_len(list), 2);
	assert_true(strv_has(list, "web") && strv_has(list, "db"));
	strv_clear(&list);
	good(net_down("", "web", NULL, &f->err), &f->err);
	good(net_list("", &list, &f->err), &f->err);
	assert_int_equal(strv_len(list), 1);
	strv_clear(&list);
	good(net_list("0a1b2c3d", &list, &f->err), &f->err);
	assert_int_equal(strv_len(list), 0);
}

static void the_links_end_with_the_zones_namespace(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr(own4[0], 32);
	struct nic nic = routed("", 0, &a, 1);
	struct net_plan plan = plan_of("web", &nic, 1);

	good(up(f, &plan, 0), &f->err);
	assert_true(has_link(&f->host, nic.host));
	good(net_down("", "web", NULL, &f->err), &f->err);
	close_place(&f->zones[0]);
	for (int i = 0; i < WAIT_MS && has_link(&f->host, nic.host); i++)
		poll(NULL, 0, 1);
	assert_false(has_link(&f->host, nic.host));
}

/* The namespace of the run before may not have ended yet. */
static void a_zone_boots_again_before_its_last_links_are_gone(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr addrs[] = { addr(own4[0], 32), addr(own6[0], 128) };
	struct nic nic = routed("", 0, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of("web", &nic, 1);

	good(up(f, &plan, 0), &f->err);
	good(net_down("", "web", NULL, &f->err), &f->err);
	net_host_name("", 0, 0, nic.host);
	good(up(f, &plan, 1), &f->err);
	assert_int_equal(tcp(f, &f->host, &f->zones[1], own4[0], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->host, &f->zones[1], own6[0], WAIT_MS), 0);
	close_place(&f->zones[0]);
	assert_int_equal(tcp(f, &f->host, &f->zones[1], own4[0], WAIT_MS), 0);
}

/* Whoever watched it was killed with it: nobody called net_down(). */
static void a_zone_boots_again_after_all_of_it_was_killed(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr addrs[] = { addr(own4[0], 32), addr(own6[0], 128) };
	struct nic nic = routed("", 0, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of("web", &nic, 1);

	nic.rate_out = 100000000;
	good(up(f, &plan, 0), &f->err);
	net_host_name("", 0, 0, nic.host);
	good(up(f, &plan, 1), &f->err);
	assert_int_equal(tcp(f, &f->host, &f->zones[1], own4[0], WAIT_MS), 0);
	good(net_down("", "web", NULL, &f->err), &f->err);
}

static void a_failure_leaves_nothing(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr(own4[0], 32);
	struct nic nics[] = { routed("", 0, &a, 1), routed("", 0, &a, 1) };
	struct net_plan plan = plan_of("web", nics, N_ROWS(nics));
	AUTO_STRV char **list = NULL;

	/* Two of a name: the second can't be made. */
	nics[1].mac[5] = 9;
	net_host_name("", 0, 1, nics[1].host);
	assert_int_equal(up(f, &plan, 0), -1);
	assert_non_null(strstr(f->err.text, "eth0: make a veth pair: netlink"));
	assert_false(has_link(&f->host, nics[0].host));
	assert_false(has_link(&f->host, nics[1].host));
	good(net_list("", &list, &f->err), &f->err);
	assert_int_equal(strv_len(list), 0);
}

static void a_name_of_somebody_elses_link_is_left_alone(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a[] = { addr(own4[0], 32), addr(own4[1], 32) };
	struct nic first = routed("", 0, &a[0], 1), second = routed("", 1, &a[1], 1);
	struct net_plan web = plan_of("web", &first, 1), db = plan_of("db", &second, 1);

	good(up(f, &web, 0), &f->err);
	strcpy(second.host, first.host);
	assert_int_equal(up(f, &db, 1), -1);
	assert_true(has_link(&f->host, first.host));
	assert_int_equal(tcp(f, &f->host, &f->zones[0], own4[0], WAIT_MS), 0);
}

static void names_of_links_differ_each_time(void **state)
{
	char one[IFNAMSIZ], two[IFNAMSIZ], other[IFNAMSIZ];

	(void)state;
	net_host_name("", 7, 0, one);
	net_host_name("", 7, 0, two);
	net_host_name("0a1b2c3d", 7, 0, other);
	assert_int_equal(strlen(one), IFNAMSIZ - 1);
	assert_string_not_equal(one, two);
	assert_memory_equal(one, two, 10);
	assert_memory_equal(one, "zn", 2);
	assert_memory_not_equal(one, other, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_routed_zone_and_its_host_reach_each_other_at_once),
		CASE(two_routed_zones_reach_each_other),
		CASE(a_routed_zone_reaches_the_world_with_the_uplinks_mtu),
		CASE(forwarding_leaves_the_uplink_its_advertisements),
		CASE(a_public_address_is_answered_for_on_the_uplink),
		CASE(down_twice_and_without_up_succeeds),
		CASE(a_list_names_every_zone_until_it_is_down),
		CASE(the_links_end_with_the_zones_namespace),
		CASE(a_zone_boots_again_before_its_last_links_are_gone),
		CASE(a_zone_boots_again_after_all_of_it_was_killed),
		CASE(a_failure_leaves_nothing),
		CASE(a_name_of_somebody_elses_link_is_left_alone),
		CASE(names_of_links_differ_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
