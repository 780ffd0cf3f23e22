/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network in the words of each tool that a distribution may have. */
#include <sys/socket.h>

#include "tests/unit/setup_fixture.h"

static const struct net_addr addrs[] = {
	{ .family = AF_INET, .prefix = 32, .ip = { 10, 1, 2, 3 } },
	{ .family = AF_INET6, .prefix = 128, .ip = { 0xfd, [15] = 7 } },
	{ .family = AF_INET, .prefix = 32, .ip = { 192, 0, 2, 9 } },
	{ .family = AF_INET6, .prefix = 128, .ip = { 0xfd, [15] = 8 } },
};
static const struct net_addr lan[] = {
	{ .family = AF_INET, .prefix = 24, .ip = { 10, 9, 0, 7 } },
};
static const struct nic routed[] = {
	{ .kind = NIC_ROUTED, .name = "eth0", .addrs = addrs, .n_addrs = 4 },
};
static const struct nic bridged[] = {
	{ .kind = NIC_BRIDGE, .name = "eth0", .addrs = lan, .n_addrs = 1,
	  .gateway4 = { .family = AF_INET, .prefix = 24, .ip = { 10, 9, 0, 1 } } },
	{ .kind = NIC_BRIDGE, .name = "eth1" },	/* the zone's own affair */
};
static const struct net_plan routed_plan = { .nics = routed, .n_nics = 1 };
static const struct net_plan bridged_plan = { .nics = bridged, .n_nics = 2 };
static const struct setup with_routed = { .net = &routed_plan };
static const struct setup with_bridged = { .net = &bridged_plan };
static const struct setup with_none = { .net = NULL };

static void ifupdown_has_a_stanza_that_may_run_twice(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_file("etc/network/interfaces", "auto lo\niface lo inet loopback\n");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/network/interfaces",
		    "auto lo\niface lo inet loopback\n" BEGIN
		    "auto eth0\niface eth0 inet manual\n"
		    "\tup ip link set dev eth0 up\n"
		    "\tup ip addr add 10.1.2.3/32 dev eth0 2>/dev/null || true\n"
		    "\tup ip addr add fd00::7/128 dev eth0 2>/dev/null || true\n"
		    "\tup ip addr add 192.0.2.9/32 dev eth0 2>/dev/null || true\n"
		    "\tup ip addr add fd00::8/128 dev eth0 2>/dev/null || true\n"
		    "\tup ip route add default via 169.254.1.1 dev eth0 onlink "
		    "2>/dev/null || true\n"
		    "\tup ip -6 route add default via fe80::1 dev eth0 onlink 2>/dev/null || true\n"
		    END);
}

static void ifupdown_asks_no_dhcp_server_for_our_interface(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_file("etc/network/interfaces", "# the network\n"
					   "auto lo eth0\n"
					   "allow-hotplug eth0\n"
					   "iface lo inet loopback\n"
					   "\n"
					   "iface eth0 inet dhcp\n"
					   "\thostname web\n"
					   "\n"
					   "\t# a word\n"
					   "iface eth0 inet6 auto\n"
					   "iface eth1 inet dhcp\n"
					   "\tmetric 9\n"
					   "source /etc/network/interfaces.d/*\n");
	apply_ok(&with_bridged, PART(SETUP_NETWORK));
	assert_file("etc/network/interfaces",
		    "# the network\n"
		    "auto lo\n"
		    "#zonectl# allow-hotplug eth0\n"
		    "iface lo inet loopback\n"
		    "\n"
		    "#zonectl# iface eth0 inet dhcp\n"
		    "#zonectl# \thostname web\n"
		    "\n"
		    "\t# a word\n"
		    "#zonectl# iface eth0 inet6 auto\n"
		    "iface eth1 inet dhcp\n"
		    "\tmetric 9\n"
		    "source /etc/network/interfaces.d/*\n" BEGIN
		    "auto eth0\niface eth0 inet manual\n"
		    "\tup ip link set dev eth0 up\n"
		    "\tup ip addr add 10.9.0.7/24 dev eth0 2>/dev/null || true\n"
		    "\tup ip route add default via 10.9.0.1 dev eth0 onlink 2>/dev/null || true\n"
		    END);
	apply_ok(&with_none, PART(SETUP_NETWORK));
	assert_holds("etc/network/interfaces", "interfaces.d/*\n");
	apply_ok(&with_bridged, PART(SETUP_NETWORK));
	assert_holds("etc/network/interfaces", "interfaces.d/*\n" BEGIN "auto eth0\n");
}

static void networkd_comes_before_netplan_and_the_distribution(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_file("lib/systemd/systemd-networkd", "");
	put_dir("etc/systemd/network");
	put_file("etc/netplan/50-cloud-init.yaml", "network: {version: 2}\n");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/systemd/network/05-zonectl-eth0.network",
		    MARK "[Match]\nName=eth0\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\n"
			 "LinkLocalAddressing=no\nKeepConfiguration=yes\n"
			 "Address=10.1.2.3/32\nAddress=fd00::7/128\n"
			 "Address=192.0.2.9/32\nAddress=fd00::8/128\n\n"
			 "[Route]\nGateway=169.254.1.1\nGatewayOnLink=yes\n"
			 "PreferredSource=10.1.2.3\n\n"
			 "[Route]\nGateway=fe80::1\nGatewayOnLink=yes\n"
			 "PreferredSource=fd00::7\n");
	assert_false(has("etc/network"));
	apply_ok(&with_bridged, PART(SETUP_NETWORK));
	assert_false(has("etc/systemd/network/05-zonectl-eth1.network"));
}

static void networkmanager_leaves_interface_and_resolver_alone(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_dir("etc/NetworkManager");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/NetworkManager/conf.d/zonectl.conf",
		    MARK "[main]\ndns=none\n\n"
			 "[keyfile]\nunmanaged-devices+=interface-name:eth0\n\n"
			 "[device-zonectl]\nmatch-device=interface-name:eth0\nmanaged=0\n");
}

static void initscripts_of_rhel_have_their_three_files(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_file("etc/sysconfig/network-scripts/ifup", "");
	put_file("etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nBOOTPROTO=dhcp\n");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/sysconfig/network-scripts/ifcfg-eth0",
		    MARK "DEVICE=eth0\nTYPE=Ethernet\nONBOOT=yes\nBOOTPROTO=none\n"
			 "NM_CONTROLLED=no\nARPCHECK=no\n"
			 "IPADDR0=10.1.2.3\nPREFIX0=32\nIPADDR1=192.0.2.9\nPREFIX1=32\n"
			 "IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=fd00::7/128\n"
			 "IPV6ADDR_SECONDARIES=\"fd00::8/128\"\n");
	assert_file("etc/sysconfig/network-scripts/route-eth0",
		    MARK "default via 169.254.1.1 dev eth0 onlink\n");
	assert_file("etc/sysconfig/network-scripts/route6-eth0",
		    MARK "default via fe80::1 dev eth0 onlink\n");
}

static void wicked_has_address_and_routes(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_dir("etc/wicked");
	put_dir("etc/sysconfig/network");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/sysconfig/network/ifcfg-eth0",
		    MARK "STARTMODE='auto'\nBOOTPROTO='static'\nIPADDR='10.1.2.3/32'\n"
			 "IPADDR_1='fd00::7/128'\nIPADDR_2='192.0.2.9/32'\n"
			 "IPADDR_3='fd00::8/128'\n");
	assert_file("etc/sysconfig/network/ifroute-eth0",
		    MARK "169.254.1.1/32 - - eth0\ndefault 169.254.1.1 - eth0\n"
			 "default fe80::1 - eth0\n");
}

static void gentoo_and_dhcpcd_and_cloud_init_are_told(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_file("etc/init.d/net.lo", "");
	put_file("etc/conf.d/net", "dns_domain=\"x\"\n");
	put_file("etc/dhcpcd.conf", "hostname\n");
	put_dir("etc/cloud/cloud.cfg.d");
	apply_ok(&with_routed, PART(SETUP_NETWORK));
	assert_file("etc/conf.d/net",
		    "dns_domain=\"x\"\n" BEGIN
		    "config_eth0=\"10.1.2.3/32\nfd00::7/128\n192.0.2.9/32\nfd00::8/128\"\n"
		    "routes_eth0=\"default via 169.254.1.1 onlink\n"
		    "default via fe80::1 onlink\"\n" END);
	assert_file("etc/dhcpcd.conf", "hostname\n" BEGIN "denyinterfaces eth0\n" END);
	assert_holds("etc/cloud/cloud.cfg.d/99-zonectl.cfg", "network: {config: disabled}\n");
}

static void a_zone_whose_network_is_its_own_affair_is_left_alone(void **state)
{
	static const struct nic own = { .kind = NIC_BRIDGE, .name = "eth0" };
	static const struct net_plan plan = { .nics = &own, .n_nics = 1 };
	static const char text[] = "auto lo\niface lo inet loopback\niface eth0 inet dhcp\n";
	const struct setup s = { .net = &plan };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/network/interfaces", text);
	put_dir("etc/NetworkManager");
	put_dir("etc/cloud/cloud.cfg.d");
	put_file("lib/systemd/systemd-networkd", "");
	put_file("etc/dhcpcd.conf", "hostname\n");
	apply_ok(&s, PART(SETUP_NETWORK));
	assert_file("etc/network/interfaces", text);
	assert_file("etc/dhcpcd.conf", "hostname\n");
	assert_false(has("etc/NetworkManager/conf.d"));
	assert_false(has("etc/systemd/network"));
	assert_false(has("etc/cloud/cloud.cfg.d/99-zonectl.cfg"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SETUP_TEST(ifupdown_has_a_stanza_that_may_run_twice),
		SETUP_TEST(ifupdown_asks_no_dhcp_server_for_our_interface),
		SETUP_TEST(networkd_comes_before_netplan_and_the_distribution),
		SETUP_TEST(networkmanager_leaves_interface_and_resolver_alone),
		SETUP_TEST(initscripts_of_rhel_have_their_three_files),
		SETUP_TEST(wicked_has_address_and_routes),
		SETUP_TEST(gentoo_and_dhcpcd_and_cloud_init_are_told),
		SETUP_TEST(a_zone_whose_network_is_its_own_affair_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
