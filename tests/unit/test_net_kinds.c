/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

static const char *const own4[ZONES] = { "10.9.0.2", "10.9.0.3", "10.9.0.4" };
static const char *const own6[ZONES] = { "fd00:9::2", "fd00:9::3", "fd00:9::4" };
static const char *const names[ZONES] = { "web", "db", "mail" };

/* A port of a bridge, with an address of each family. */
static int join(struct fixture *f, size_t zone, const char *bridge, bool is_isolated)
{
	struct net_addr addrs[] = { addr(own4[zone], 24), addr(own6[zone], 64) };
	struct nic nic = routed("", (uint8_t)zone, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of(names[zone], &nic, 1);

	nic.kind = NIC_BRIDGE;
	strcpy(nic.device, bridge);
	nic.is_isolated = is_isolated;
	return up(f, &plan, zone);
}

static void make_bridge(struct fixture *f, const char *name, uint32_t mtu)
{
	static const uint8_t mac[NET_MAC_LEN] = { 2, 0, 0, 0, 0, 3 };
	AUTO_BATCH struct nl_batch b = { .nl = &f->host.nl };
	struct link bridge;

	link_add_bridge(&b, name, mac);
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	bridge = link_named(&f->host, name);
	link_add_change(&b, &(struct link_change){ .index = bridge.index, .mtu = mtu });
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	give(&f->host, bridge.index, "10.9.0.1", 24, &f->err);
}

static void zones_on_a_bridge_reach_each_other_and_the_host(void **state)
{
	struct fixture *f = as_root(state);

	make_bridge(f, "lan", 1400);
	good(join(f, 0, "lan", false), &f->err);
	good(join(f, 1, "lan", false), &f->err);
	assert_int_equal(tcp(f, &f->zones[0], &f->zones[1], own4[1], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->zones[1], own6[1], WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->host, "10.9.0.1", WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->host, &f->zones[1], own4[1], WAIT_MS), 0);
	assert_int_equal(link_named(&f->zones[0], "eth0").mtu, 1400);
}

static void isolated_ports_reach_the_host_and_not_each_other(void **state)
{
	struct fixture *f = as_root(state);

	make_bridge(f, "lan", 0);
	good(join(f, 0, "lan", true), &f->err);
	good(join(f, 1, "lan", true), &f->err);
	assert_int_equal(tcp(f, &f->zones[0], &f->host, "10.9.0.1", WAIT_MS), 0);
	assert_int_not_equal(tcp(f, &f->zones[0], &f->zones[1], own4[1], 200), 0);
	assert_int_not_equal(tcp(f, &f->zones[0], &f->zones[1], own6[1], 200), 0);
}

static void a_bridge_of_our_own_comes_and_goes_with_its_ports(void **state)
{
	struct fixture *f = as_root(state);

	assert_false(has_link(&f->host, "zn-lan"));
	good(join(f, 0, "zn-lan", false), &f->err);
	good(join(f, 1, "zn-lan", false), &f->err);
	assert_int_equal(tcp(f, &f->zones[0], &f->zones[1], own4[1], WAIT_MS), 0);
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_true(has_link(&f->host, "zn-lan"));
	good(net_down("", "db", NULL, &f->err), &f->err);
	assert_false(has_link(&f->host, "zn-lan"));
	good(net_down("", "db", NULL, &f->err), &f->err);
}

static void a_bridge_of_the_hosts_stays(void **state)
{
	struct fixture *f = as_root(state);

	make_bridge(f, "zn-mine", 0);
	good(join(f, 0, "zn-mine", false), &f->err);
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_true(has_link(&f->host, "zn-mine"));
}

static void a_bridge_that_is_not_there_is_named(void **state)
{
	struct fixture *f = as_root(state);

	assert_int_equal(join(f, 0, "lan", false), -1);
	assert_int_equal(f->err.kind, ERR_NOT_FOUND);
	assert_string_equal(f->err.text, "eth0: no interface 'lan'");
	assert_int_equal(join(f, 0, "lo", false), -1);
	assert_int_equal(f->err.kind, ERR_BUSY);
	assert_string_equal(f->err.text, "eth0: interface 'lo' is no bridge");
}

static struct nic on_device(enum nic_kind kind, const char *device, const struct net_addr *a)
{
	struct nic nic = routed("", 0, a, 1);

	nic.kind = kind;
	strcpy(nic.device, device);
	nic.host[0] = '\0';
	return nic;
}

static void a_macvlan_reaches_the_world_and_ends_with_the_zone(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("192.0.2.9", 24);
	struct nic nic = on_device(NIC_MACVLAN, "up0", &a);
	struct net_plan plan = plan_of("web", &nic, 1);

	make_uplink(f, 0);
	good(up(f, &plan, 0), &f->err);
	assert_int_equal(tcp(f, &f->world, &f->zones[0], "192.0.2.9", WAIT_MS), 0);
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_true(has_link(&f->host, "up0"));
}

static void rates_are_refused_where_they_have_no_hold(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("192.0.2.9", 24);
	struct nic nic = on_device(NIC_MACVLAN, "up0", &a);
	struct net_plan plan = plan_of("web", &nic, 1);

	make_uplink(f, 0);
	nic.rate_in = 1000000;
	assert_int_equal(up(f, &plan, 0), -1);
	assert_int_equal(f->err.kind, ERR_UNSUPPORTED);
}

/* Another link of the host's, with the world on its far end. */
static struct nic hardware(struct fixture *f, const struct net_addr *a)
{
	static const uint8_t mac[NET_MAC_LEN] = { 2, 0, 0, 0, 0, 4 };
	static const uint8_t far_mac[NET_MAC_LEN] = { 2, 0, 0, 0, 0, 5 };
	struct link_pair pair = {
		.host = "card0", .zone = "far0", .host_mac = mac, .zone_mac = far_mac,
		.zone_netns_fd = f->world.netns_fd,
	};
	struct nic nic = on_device(NIC_PHYS, "card0", a);
	AUTO_BATCH struct nl_batch b = { .nl = &f->host.nl };

	memset(nic.mac, 0, sizeof(nic.mac));
	link_add_pair(&b, &pair);
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	give(&f->world, link_named(&f->world, "far0").index, "10.7.0.1", 24, &f->err);
	return nic;
}

static void a_device_moves_in_and_comes_back_under_its_name(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("10.7.0.2", 24);
	struct nic nic = hardware(f, &a);
	struct net_plan plan = plan_of("web", &nic, 1);

	good(up(f, &plan, 0), &f->err);
	assert_false(has_link(&f->host, "card0"));
	assert_int_equal(tcp(f, &f->zones[0], &f->world, "10.7.0.1", WAIT_MS), 0);
	good(net_return(&plan, &f->zones[0].nl, &f->err), &f->err);
	assert_true(has_link(&f->host, "card0"));
	assert_string_equal(link_named(&f->host, "card0").alias, "");
	assert_false(has_link(&f->zones[0], "eth0"));
	good(net_return(&plan, &f->zones[0].nl, &f->err), &f->err);
}

static void a_device_that_the_zone_renamed_comes_back_too(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("10.7.0.2", 24);
	struct nic nic = hardware(f, &a);
	struct net_plan plan = plan_of("web", &nic, 1);
	AUTO_BATCH struct nl_batch b = { .nl = &f->zones[0].nl };

	make_bridge(f, "lan", 0);
	good(up(f, &plan, 0), &f->err);
	link_add_change(&b, &(struct link_change){ .index = LINK_ZONE_FIRST, .name = "evil",
			.alias = "zonectl db was lo", .is_down = true });
	/* A name that the host has already would hold it back. */
	link_add_name(&b, LINK_ZONE_FIRST, NULL, "lan");
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	good(net_return(&plan, &f->zones[0].nl, &f->err), &f->err);
	assert_true(has_link(&f->host, "card0"));
}

/* As the kernel leaves it when namespace and keeper end together. */
static void a_device_that_the_kernel_brought_back_is_renamed(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("10.7.0.2", 24);
	struct nic nic = hardware(f, &a);
	struct net_plan plan = plan_of("web", &nic, 1);
	AUTO_BATCH struct nl_batch b = { .nl = &f->zones[0].nl };
	AUTO_STRV char **list = NULL;

	good(up(f, &plan, 0), &f->err);
	link_add_move(&b, LINK_ZONE_FIRST, f->host.netns_fd, "dev7", 0);
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	good(net_list("", &list, &f->err), &f->err);
	assert_true(strv_has(list, "web"));
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_true(has_link(&f->host, "card0"));
	assert_string_equal(link_named(&f->host, "card0").alias, "");
}

static void a_device_in_use_is_refused(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr a = addr("10.7.0.2", 24);
	struct nic nic = on_device(NIC_PHYS, "up0", &a);
	struct net_plan plan = plan_of("web", &nic, 1);

	make_uplink(f, 0);
	assert_int_equal(up(f, &plan, 0), -1);
	assert_int_equal(f->err.kind, ERR_BUSY);
	assert_string_equal(f->err.text,
			    "eth0: interface 'up0' is in use: the host has an address on it");
	strcpy(nic.device, "up9");
	assert_int_equal(up(f, &plan, 0), -1);
	assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void several_interfaces_are_made_together(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr first[] = { addr(own4[0], 32), addr(own6[0], 128) };
	struct net_addr second = addr("10.8.0.5", 24), third = addr("10.7.0.2", 24);
	struct nic nics[3];
	struct net_plan plan = plan_of("web", nics, N_ROWS(nics));

	make_uplink(f, 0);
	nics[2] = hardware(f, &third);
	nics[0] = routed("", 0, first, N_ROWS(first));
	nics[1] = routed("", 1, &second, 1);
	nics[1].kind = NIC_BRIDGE;
	strcpy(nics[1].device, "zn-back");
	strcpy(nics[1].name, "eth1");
	strcpy(nics[2].name, "eth2");
	good(up(f, &plan, 0), &f->err);
	assert_int_equal(tcp(f, &f->zones[0], &f->world, "192.0.2.254", WAIT_MS), 0);
	assert_int_equal(tcp(f, &f->zones[0], &f->world, "10.7.0.1", WAIT_MS), 0);
	assert_true(has_link(&f->zones[0], "eth1"));
	good(net_return(&plan, &f->zones[0].nl, &f->err), &f->err);
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_false(has_link(&f->host, "zn-back"));
}

/* The third of three can't be made: the two before it are taken back. */
static void a_failure_gives_everything_back(void **state)
{
	struct fixture *f = as_root(state);
	struct net_addr first = addr(own4[0], 32), third = addr("10.7.0.2", 24);
	struct nic nics[3];
	struct net_plan plan = plan_of("web", nics, N_ROWS(nics));

	nics[0] = hardware(f, &third);
	nics[1] = routed("", 1, &first, 1);
	nics[1].kind = NIC_BRIDGE;
	strcpy(nics[1].device, "zn-back");
	strcpy(nics[1].name, "eth1");
	nics[2] = routed("", 0, &first, 1);
	strcpy(nics[2].name, "eth1");
	assert_int_equal(up(f, &plan, 0), -1);
	assert_true(has_link(&f->host, "card0"));
	assert_string_equal(link_named(&f->host, "card0").alias, "");
	assert_false(has_link(&f->host, "zn-back"));
	assert_false(has_link(&f->host, nics[1].host));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(zones_on_a_bridge_reach_each_other_and_the_host),
		CASE(isolated_ports_reach_the_host_and_not_each_other),
		CASE(a_bridge_of_our_own_comes_and_goes_with_its_ports),
		CASE(a_bridge_of_the_hosts_stays),
		CASE(a_bridge_that_is_not_there_is_named),
		CASE(a_macvlan_reaches_the_world_and_ends_with_the_zone),
		CASE(rates_are_refused_where_they_have_no_hold),
		CASE(a_device_moves_in_and_comes_back_under_its_name),
		CASE(a_device_that_the_zone_renamed_comes_back_too),
		CASE(a_device_that_the_kernel_brought_back_is_renamed),
		CASE(a_device_in_use_is_refused),
		CASE(several_interfaces_are_made_together),
		CASE(a_failure_gives_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
