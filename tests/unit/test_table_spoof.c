/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root of a zone puts on his link by hand: nothing of it reaches a neighbour
 * or the world but what is the zone's own, and what is refused is counted.
 */
#include "tests/unit/net_fixture.h"

#include <netinet/in.h>

#include "netns/table.h"
#include "tests/unit/frame_socket.h"

#define FORGED "FORGED"
#define HONEST "HONEST"

/* The zones are 0, who forges, and 1, who shall not be reached. */
static const char *const own4[] = { "10.5.0.1", "10.5.0.2" };
static const char *const own6[] = { "fd05::1", "fd05::2" };

#define LOCAL6 "fe80::ff:fe01:0"		/* of zone 0, from its MAC */

static const uint8_t own_mac[NET_MAC_LEN] = { 2, 0, 0, 1, 0, 0 };
static const uint8_t other_mac[NET_MAC_LEN] = { 2, 0x66, 0, 0, 0, 1 };

struct forgery {
	struct frame f;
	uint8_t to[NET_MAC_LEN];	/* of the host's end, or of the neighbour on the bridge */
};

/*
 * Kinds of frames; each says FORGED somewhere
 */

static void ether4(struct forgery *g, const uint8_t *mac)
{
	frame_ether(&g->f, g->to, mac, ETH_P_IP);
}

static void ether6(struct forgery *g, const uint8_t *mac)
{
	frame_ether(&g->f, g->to, mac, ETH_P_IPV6);
}

static void udp4(struct forgery *g, const char *from, const char *to, uint16_t sport,
		 uint16_t dport)
{
	ether4(g, own_mac);
	frame_ip4(&g->f, from, to, IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, sport, dport, FORGED);
}

static void udp6(struct forgery *g, const char *from, uint16_t sport, uint16_t dport)
{
	ether6(g, own_mac);
	frame_ip6(&g->f, from, own6[1], IPPROTO_UDP, 8 + FRAME_WORD);
	frame_udp(&g->f, sport, dport, FORGED);
}

static void wrong_mac4(struct forgery *g)
{
	ether4(g, other_mac);
	frame_ip4(&g->f, own4[0], own4[1], IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void wrong_mac6(struct forgery *g)
{
	ether6(g, other_mac);
	frame_ip6(&g->f, own6[0], own6[1], IPPROTO_UDP, 8 + FRAME_WORD);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void neighbours_ip4(struct forgery *g)
{
	udp4(g, own4[1], "192.0.2.254", 9, 9);
}

static void strangers_ip4(struct forgery *g)
{
	udp4(g, "203.0.113.9", own4[1], 9, 9);
}

static void loopback_ip4(struct forgery *g)
{
	udp4(g, "127.0.0.1", own4[1], 9, 9);
}

static void to_loopback_ip4(struct forgery *g)
{
	udp4(g, own4[0], "127.0.0.1", 9, 9);
}

static void multicast_ip4(struct forgery *g)
{
	udp4(g, "224.0.0.5", own4[1], 9, 9);
}

static void no_ip4(struct forgery *g)
{
	udp4(g, "0.0.0.0", own4[1], 9, 9);
}

static void fragment_ip4(struct forgery *g)
{
	ether4(g, own_mac);
	frame_ip4(&g->f, own4[1], "192.0.2.254", IPPROTO_UDP, 8 + FRAME_WORD, 0x2000);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void later_fragment_ip4(struct forgery *g)
{
	ether4(g, own_mac);
	frame_ip4(&g->f, own4[1], "192.0.2.254", IPPROTO_UDP, 8 + FRAME_WORD, 7);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void neighbours_ip6(struct forgery *g)
{
	udp6(g, own6[1], 9, 9);
}

static void strangers_ip6(struct forgery *g)
{
	udp6(g, "2001:db8:99::1", 9, 9);
}

static void multicast_ip6(struct forgery *g)
{
	udp6(g, "ff02::1", 9, 9);
}

static void dhcp4_server(struct forgery *g)
{
	udp4(g, own4[0], own4[1], 67, 68);
}

static void dhcp4_server_of_another_port(struct forgery *g)
{
	udp4(g, own4[0], own4[1], 1067, 68);
}

static void dhcp6_server(struct forgery *g)
{
	udp6(g, LOCAL6, 547, 546);
}

/* An ICMPv6 message with a target behind its first 8 bytes, and the word as an option. */
static void icmp6(struct forgery *g, const char *from, const char *to, uint8_t type,
		  const char *target)
{
	uint8_t ip[16];

	ether6(g, own_mac);
	frame_ip6(&g->f, from, to, IPPROTO_ICMPV6, 32);
	frame_u8(&g->f, type);
	frame_zero(&g->f, 7);
	inet_pton(AF_INET6, target, ip);
	frame_add(&g->f, ip, 16);
	frame_u8(&g->f, 253);
	frame_u8(&g->f, 1);
	frame_add(&g->f, FORGED, FRAME_WORD);
}

static void router_advertisement(struct forgery *g)
{
	icmp6(g, LOCAL6, "ff02::1", 134, "::");
}

static void redirect6(struct forgery *g)
{
	icmp6(g, LOCAL6, own6[1], 137, own6[0]);
}

static void neighbour_advertisement(struct forgery *g)
{
	icmp6(g, LOCAL6, "ff02::1", 136, "fe80::1");
}

static void neighbour_advertisement_of_a_neighbour(struct forgery *g)
{
	icmp6(g, own6[0], "ff02::1", 136, own6[1]);
}

static void neighbour_solicitation(struct forgery *g)
{
	icmp6(g, "fe80::1", "ff02::1:ff00:2", 135, own6[1]);
}

static void neighbour_solicitation_of_nobody(struct forgery *g)
{
	icmp6(g, "::", "ff02::1:ff00:2", 135, own6[1]);
}

/* A router advertisement whose type stands behind a fragment header. */
static void fragmented_router_advertisement(struct forgery *g)
{
	ether6(g, own_mac);
	frame_ip6(&g->f, LOCAL6, "ff02::1", IPPROTO_FRAGMENT, 8 + 8 + FRAME_WORD);
	frame_u8(&g->f, IPPROTO_ICMPV6);
	frame_u8(&g->f, 0);
	frame_u16(&g->f, 1);		/* the first one, more to come */
	frame_zero(&g->f, 4);
	frame_u8(&g->f, 134);
	frame_zero(&g->f, 7);
	frame_add(&g->f, FORGED, FRAME_WORD);
}

/* Its type is in a fragment that comes later: the first one ends within a list of options. */
static void hidden_router_advertisement(struct forgery *g)
{
	ether6(g, own_mac);
	frame_ip6(&g->f, LOCAL6, "ff02::1", IPPROTO_FRAGMENT, 8 + 8);
	frame_u8(&g->f, IPPROTO_DSTOPTS);
	frame_u8(&g->f, 0);
	frame_u16(&g->f, 1);
	frame_zero(&g->f, 4);
	frame_u8(&g->f, IPPROTO_ICMPV6);
	frame_u8(&g->f, 3);		/* 32 bytes of options, 8 of them here */
	frame_add(&g->f, FORGED, FRAME_WORD);
}

static void redirect4(struct forgery *g)
{
	uint8_t ip[4];

	ether4(g, own_mac);
	frame_ip4(&g->f, own4[0], own4[1], IPPROTO_ICMP, 8 + FRAME_WORD, 0);
	frame_u8(&g->f, 5);
	frame_u8(&g->f, 1);
	frame_u16(&g->f, 0);
	inet_pton(AF_INET, own4[0], ip);
	frame_add(&g->f, ip, 4);
	frame_add(&g->f, FORGED, FRAME_WORD);
}

static void arp(struct forgery *g, uint16_t op, const uint8_t *mac, const char *from,
		const char *to)
{
	uint8_t ip[4];

	frame_ether(&g->f, g->to, own_mac, ETH_P_ARP);
	frame_u16(&g->f, 1);
	frame_u16(&g->f, ETH_P_IP);
	frame_u8(&g->f, 6);
	frame_u8(&g->f, 4);
	frame_u16(&g->f, op);
	frame_add(&g->f, mac, NET_MAC_LEN);
	inet_pton(AF_INET, from, ip);
	frame_add(&g->f, ip, 4);
	frame_zero(&g->f, NET_MAC_LEN);
	inet_pton(AF_INET, to, ip);
	frame_add(&g->f, ip, 4);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 12);
}

static void arp_request(struct forgery *g)
{
	arp(g, 1, own_mac, own4[1], "10.5.0.254");
}

static void arp_reply(struct forgery *g)
{
	arp(g, 2, own_mac, "169.254.1.1", own4[1]);
}

static void arp_of_another_mac(struct forgery *g)
{
	arp(g, 2, other_mac, own4[0], own4[1]);
}

static void arp_probe_of_a_neighbours_address(struct forgery *g)
{
	arp(g, 1, own_mac, "0.0.0.0", own4[1]);
}

static void arp_of_another_hardware(struct forgery *g)
{
	arp(g, 1, own_mac, own4[0], own4[1]);
	g->f.data[ETH_HLEN + 1] = 6;
}

static void vlan(struct forgery *g)
{
	frame_ether(&g->f, g->to, own_mac, ETH_P_8021Q);
	frame_u16(&g->f, 5);
	frame_u16(&g->f, ETH_P_IP);
	frame_ip4(&g->f, own4[0], own4[1], IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void unknown_type(struct forgery *g)
{
	frame_ether(&g->f, g->to, own_mac, 0x88b5);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 40);
}

static void for_the_bridge_itself(struct forgery *g)
{
	static const uint8_t nearest_bridge[] = { 1, 0x80, 0xc2, 0, 0, 0x0e };

	frame_ether(&g->f, nearest_bridge, own_mac, 0x88cc);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 40);
}

/* clang-format off */
static const struct kind {
	const char *name;
	void (*forge)(struct forgery *g);
	/* A routed link ends at the host, which has no use for other than its own frames: what is
	 * no IP or ARP for it falls down before any rule. A bridge does not hand on what it keeps
	 * for itself, and has no rules for that. */
	bool is_counted_routed, is_counted_bridged;
} kinds[] = {
#define KIND(name, routed) { #name, name, routed, name != for_the_bridge_itself }
	KIND(wrong_mac4, true), KIND(wrong_mac6, true),
	KIND(neighbours_ip4, true), KIND(strangers_ip4, true), KIND(loopback_ip4, true),
	KIND(to_loopback_ip4, true), KIND(multicast_ip4, true), KIND(no_ip4, true),
	KIND(fragment_ip4, true), KIND(later_fragment_ip4, true),
	KIND(neighbours_ip6, true), KIND(strangers_ip6, true),
	KIND(multicast_ip6, false),		/* martian (ip6_rcv_core()) */
	KIND(dhcp4_server, true), KIND(dhcp4_server_of_another_port, true),
	KIND(dhcp6_server, true),
	KIND(router_advertisement, true), KIND(redirect6, true), KIND(redirect4, true),
	KIND(neighbour_advertisement, true), KIND(neighbour_advertisement_of_a_neighbour, true),
	KIND(neighbour_solicitation, true), KIND(neighbour_solicitation_of_nobody, true),
	KIND(fragmented_router_advertisement, true), KIND(hidden_router_advertisement, true),
	KIND(arp_request, true), KIND(arp_reply, true), KIND(arp_of_another_mac, true),
	KIND(arp_probe_of_a_neighbours_address, true), KIND(arp_of_another_hardware, true),
	KIND(vlan, false), KIND(unknown_type, false), KIND(for_the_bridge_itself, false),
};
/* clang-format on */

/*
 * The stage
 */

struct stage {
	struct fixture *f;
	struct forgery g;
	uint8_t victim_to[NET_MAC_LEN];	/* of the host's end of the other zone */
	bool is_bridged;
	int outfd, victimfd, worldfd;
};

static struct nic boot(struct fixture *f, size_t zone, bool is_bridged)
{
	static const char *const names[] = { "mallory", "victim" };
	struct net_addr addrs[] = { addr(own4[zone], 32), addr(own6[zone], 128) };
	struct nic nic = routed("", (uint8_t)zone, addrs, N_ROWS(addrs));
	struct net_plan plan = plan_of(names[zone], &nic, 1);

	if (is_bridged) {
		nic.kind = NIC_BRIDGE;
		strcpy(nic.device, "zn-stage");
		addrs[0].prefix = 24;
		addrs[1].prefix = 64;
	}
	good(up(f, &plan, zone), &f->err);
	return nic;
}

static int socket_of(struct place *p, const char *interface)
{
	int fd;

	enter(p);
	fd = frame_socket(interface);
	assert_true(fd >= 0);
	return fd;
}

static void stage_set(struct stage *s, struct fixture *f, bool is_bridged)
{
	struct nic nic, victim;

	*s = (struct stage){ .f = f, .is_bridged = is_bridged };
	make_uplink(f, 1500);
	nic = boot(f, 0, is_bridged);
	victim = boot(f, 1, is_bridged);
	memcpy(s->victim_to, link_named(&f->host, victim.host).mac, NET_MAC_LEN);
	if (is_bridged)
		memcpy(s->g.to, link_named(&f->zones[1], "eth0").mac, NET_MAC_LEN);
	else
		memcpy(s->g.to, link_named(&f->host, nic.host).mac, NET_MAC_LEN);
	s->outfd = socket_of(&f->zones[0], "eth0");
	s->victimfd = socket_of(&f->zones[1], "eth0");
	s->worldfd = socket_of(&f->world, "wan");
	enter(&f->host);
}

static void stage_clear(struct stage *s)
{
	close(s->outfd);
	close(s->victimfd);
	close(s->worldfd);
}

/* Counts frames that say FORGED, until one says HONEST; with wait_ms 0, of those that came. */
static int leaks(int fd, int wait_ms)
{
	struct frame f;
	int n = 0;

	while (frame_catch(fd, &f, wait_ms)) {
		n += frame_says(&f, FORGED);
		if (frame_says(&f, HONEST))
			return n;
	}
	assert_int_equal(wait_ms, 0);
	return n;
}

/* Sends an honest frame and waits for it: then none that was sent before is on its way any more.
 * Returns how many forged ones came. */
static int settle(struct stage *s)
{
	struct forgery honest = s->g;

	udp4(&honest, own4[0], own4[1], 9, 9);
	memcpy(honest.f.data + honest.f.len - FRAME_WORD, HONEST, FRAME_WORD);
	assert_true(frame_send(s->outfd, &honest.f));
	return leaks(s->victimfd, WAIT_MS) + leaks(s->worldfd, 0);
}

static int perform(struct stage *s)
{
	for (size_t i = 0; i < N_ROWS(kinds); i++) {
		kinds[i].forge(&s->g);
		assert_true(frame_send(s->outfd, &s->g.f));
	}
	return settle(s);
}

static uint64_t dropped(void)
{
	struct net_stats stats;
	struct error err = { 0 };

	good(table_stats("", "mallory", &stats, &err), &err);
	return stats.dropped;
}

static void remove_rules(void)
{
	assert_int_equal(system("nft flush ruleset"), 0);
}

/* How many of the kinds are dropped where they are counted; says which are not. */
static uint64_t count_each(struct stage *s)
{
	uint64_t before = dropped(), now, n = 0;

	for (size_t i = 0; i < N_ROWS(kinds); i++) {
		bool is_counted = s->is_bridged ? kinds[i].is_counted_bridged :
						      kinds[i].is_counted_routed;

		kinds[i].forge(&s->g);
		assert_true(frame_send(s->outfd, &s->g.f));
		assert_int_equal(settle(s), 0);
		now = dropped();
		if ((now - before == 1) != is_counted)
			print_error("%s: counted %d times\n", kinds[i].name, (int)(now - before));
		n += (now - before == 1) == is_counted;
		before = now;
	}
	return n;
}

/*
 * The claims
 */

static void forged(void **state, bool is_bridged)
{
	struct stage s;

	stage_set(&s, as_root(state), is_bridged);
	assert_int_equal(perform(&s), 0);
	assert_int_equal(count_each(&s), N_ROWS(kinds));
	/* Without the rules they do get through: the stage is not blind. */
	remove_rules();
	assert_true(perform(&s) > 0);
	stage_clear(&s);
}

static void a_routed_zone_forges_nothing(void **state)
{
	forged(state, false);
}

static void a_bridged_zone_forges_nothing(void **state)
{
	forged(state, true);
}

static void a_link_without_elements_passes_nothing(void **state)
{
	struct fixture *f = as_root(state);
	struct forgery other = { .to = { 0 } };
	AUTO_CLOSE int otherfd = -1;
	struct stage s;

	stage_set(&s, f, false);
	good(table_remove("", "mallory", NULL, &f->err), &f->err);
	udp4(&s.g, own4[0], own4[1], 9, 9);
	assert_true(frame_send(s.outfd, &s.g.f));
	/* The victim itself is honest: its frame to the world comes after the other's. */
	otherfd = socket_of(&f->zones[1], "eth0");
	enter(&f->host);
	memcpy(other.to, s.victim_to, NET_MAC_LEN);
	frame_ether(&other.f, other.to, link_named(&f->zones[1], "eth0").mac, ETH_P_IP);
	frame_ip4(&other.f, own4[1], "192.0.2.254", IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&other.f, 9, 9, HONEST);
	assert_true(frame_send(otherfd, &other.f));
	assert_int_equal(leaks(s.worldfd, WAIT_MS), 0);
	assert_int_equal(leaks(s.victimfd, 0), 0);
	stage_clear(&s);
}

static void a_bridged_zone_may_ask_for_its_own_addresses(void **state)
{
	struct stage s;

	stage_set(&s, as_root(state), true);
	arp(&s.g, 1, own_mac, "0.0.0.0", own4[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	arp(&s.g, 1, own_mac, own4[0], own4[1]);
	assert_true(frame_send(s.outfd, &s.g.f));
	icmp6(&s.g, "::", "ff02::1:ff00:1", 135, own6[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	icmp6(&s.g, LOCAL6, "ff02::1", 136, own6[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	assert_int_equal(settle(&s), 4);
	assert_int_equal(dropped(), 0);
	stage_clear(&s);
}

/* Frames keep their order on their way through one processor. */
static void stay_on_this_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_routed_zone_forges_nothing),
		CASE(a_bridged_zone_forges_nothing),
		CASE(a_link_without_elements_passes_nothing),
		CASE(a_bridged_zone_may_ask_for_its_own_addresses),
	};

	stay_on_this_processor();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
