/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root of a zone puts on his link by hand: nothing of it reaches a neighbour
 * or the world but what is the zone's own, and what is refused is counted.
 */
#include "tests/unit/net_fixture.h"

#include <netinet/in.h>

#include "netns/table.h"
#include "tests/hostile/forgery.h"
#include "tests/unit/frame_socket.h"

/* The zones are 0, who forges, and 1, who shall not be reached. */
static const char *const own4[] = { "10.5.0.1", "10.5.0.2" };
static const char *const own6[] = { "fd05::1", "fd05::2" };

#define LOCAL6 "fe80::ff:fe01:0"		/* of zone 0, from its MAC */

static const uint8_t own_mac[NET_MAC_LEN] = { 2, 0, 0, 1, 0, 0 };

/*
 * The stage
 */

struct stage {
	struct fixture *f;
	struct forgery g;
	uint8_t victim_to[NET_MAC_LEN];	/* of the host's end of the other zone */
	bool is_bridged;
	char host[IFNAMSIZ];		/* the forger's end on the host */
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

	*s = (struct stage){ .f = f, .is_bridged = is_bridged, .g = {
		.own4 = own4[0], .own6 = own6[0], .local6 = LOCAL6,
		.other4 = own4[1], .other6 = own6[1], .far4 = "192.0.2.254",
	} };
	memcpy(s->g.mac, own_mac, NET_MAC_LEN);
	make_uplink(f, 1500);
	nic = boot(f, 0, is_bridged);
	victim = boot(f, 1, is_bridged);
	memcpy(s->host, nic.host, sizeof(s->host));
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

	forgery_honest(&honest);
	assert_true(frame_send(s->outfd, &honest.f));
	return leaks(s->victimfd, WAIT_MS) + leaks(s->worldfd, 0);
}

static int perform(struct stage *s)
{
	for (size_t i = 0; i < n_forgery_kinds; i++) {
		forgery_kinds[i].forge(&s->g);
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

	for (size_t i = 0; i < n_forgery_kinds; i++) {
		bool is_counted = s->is_bridged ? forgery_kinds[i].is_counted_bridged :
						      forgery_kinds[i].is_counted_routed;

		forgery_kinds[i].forge(&s->g);
		assert_true(frame_send(s->outfd, &s->g.f));
		assert_int_equal(settle(s), 0);
		now = dropped();
		if ((now - before == 1) != is_counted)
			print_error("%s: counted %d times\n", forgery_kinds[i].name,
				    (int)(now - before));
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
	assert_int_equal(count_each(&s), n_forgery_kinds);
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
	struct frame other;
	AUTO_CLOSE int otherfd = -1;
	struct stage s;

	stage_set(&s, f, false);
	good(table_remove("", "mallory", NULL, &f->err), &f->err);
	forgery_udp4(&s.g, own4[0], own4[1], 9, 9);
	assert_true(frame_send(s.outfd, &s.g.f));
	/* The victim itself is honest: its frame to the world comes after the other's. */
	otherfd = socket_of(&f->zones[1], "eth0");
	enter(&f->host);
	frame_ether(&other, s.victim_to, link_named(&f->zones[1], "eth0").mac, ETH_P_IP);
	frame_ip4(&other, own4[1], "192.0.2.254", IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&other, 9, 9, HONEST);
	assert_true(frame_send(otherfd, &other));
	assert_int_equal(leaks(s.worldfd, WAIT_MS), 0);
	assert_int_equal(leaks(s.victimfd, 0), 0);
	stage_clear(&s);
}

static void a_bridged_zone_may_ask_for_its_own_addresses(void **state)
{
	struct stage s;

	stage_set(&s, as_root(state), true);
	forgery_arp(&s.g, 1, own_mac, "0.0.0.0", own4[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	forgery_arp(&s.g, 1, own_mac, own4[0], own4[1]);
	assert_true(frame_send(s.outfd, &s.g.f));
	forgery_icmp6(&s.g, "::", "ff02::1:ff00:1", 135, own6[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	forgery_icmp6(&s.g, LOCAL6, "ff02::1", 136, own6[0]);
	assert_true(frame_send(s.outfd, &s.g.f));
	assert_int_equal(settle(&s), 4);
	assert_int_equal(dropped(), 0);
	stage_clear(&s);
}

/* What a zone must not send that has its address from a DHCP server on the bridge. */
static const char *const not_even_a_guest[] = {
	"wrong_mac4", "wrong_mac6", "to_loopback_ip4", "dhcp4_server",
	"dhcp4_server_of_another_port", "dhcp6_server", "router_advertisement", "redirect6",
	"redirect4", "fragmented_router_advertisement", "arp_of_another_mac",
	"arp_of_another_hardware", "vlan", "unknown_type", "for_the_bridge_itself",
};

static void a_bridged_zone_without_addresses_is_held_to_its_mac(void **state)
{
	struct fixture *f = as_root(state);
	struct stage s;
	struct nic nic;
	struct net_plan plan = plan_of("mallory", &nic, 1);
	size_t n = 0;

	stage_set(&s, f, true);
	good(table_remove("", "mallory", NULL, &f->err), &f->err);
	nic = routed("", 0, NULL, 0);
	memcpy(nic.host, s.host, sizeof(s.host));
	nic.kind = NIC_BRIDGE;
	good(table_add(&plan, &f->err), &f->err);
	for (size_t i = 0; i < n_forgery_kinds; i++)
		for (size_t k = 0; k < N_ROWS(not_even_a_guest); k++) {
			if (strcmp(forgery_kinds[i].name, not_even_a_guest[k]) != 0)
				continue;
			forgery_kinds[i].forge(&s.g);
			assert_true(frame_send(s.outfd, &s.g.f));
			if (settle(&s) != 0)
				fail_msg("%s gets through", forgery_kinds[i].name);
			n++;
		}
	assert_int_equal(n, N_ROWS(not_even_a_guest));
	/* From whatever address: nobody here knows which is its own. */
	forgery_udp4(&s.g, "10.5.0.77", own4[1], 9, 9);
	assert_true(frame_send(s.outfd, &s.g.f));
	forgery_arp(&s.g, 1, own_mac, "10.5.0.77", own4[1]);
	assert_true(frame_send(s.outfd, &s.g.f));
	assert_int_equal(settle(&s), 2);
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
		CASE(a_bridged_zone_without_addresses_is_held_to_its_mac),
	};

	stay_on_this_processor();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
