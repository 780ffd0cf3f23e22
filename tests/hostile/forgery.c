/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/hostile/forgery.h"

#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"

static const uint8_t other_mac[ETH_ALEN] = { 2, 0x66, 0, 0, 0, 1 };

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

void forgery_udp4(struct forgery *g, const char *from, const char *to, uint16_t sport,
		 uint16_t dport)
{
	ether4(g, g->mac);
	frame_ip4(&g->f, from, to, IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, sport, dport, FORGED);
}

static void udp6(struct forgery *g, const char *from, uint16_t sport, uint16_t dport)
{
	ether6(g, g->mac);
	frame_ip6(&g->f, from, g->other6, IPPROTO_UDP, 8 + FRAME_WORD);
	frame_udp(&g->f, sport, dport, FORGED);
}

static void wrong_mac4(struct forgery *g)
{
	ether4(g, other_mac);
	frame_ip4(&g->f, g->own4, g->other4, IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void wrong_mac6(struct forgery *g)
{
	ether6(g, other_mac);
	frame_ip6(&g->f, g->own6, g->other6, IPPROTO_UDP, 8 + FRAME_WORD);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void neighbours_ip4(struct forgery *g)
{
	forgery_udp4(g, g->other4, g->far4, 9, 9);
}

static void strangers_ip4(struct forgery *g)
{
	forgery_udp4(g, "203.0.113.9", g->other4, 9, 9);
}

static void loopback_ip4(struct forgery *g)
{
	forgery_udp4(g, "127.0.0.1", g->other4, 9, 9);
}

static void to_loopback_ip4(struct forgery *g)
{
	forgery_udp4(g, g->own4, "127.0.0.1", 9, 9);
}

static void multicast_ip4(struct forgery *g)
{
	forgery_udp4(g, "224.0.0.5", g->other4, 9, 9);
}

static void no_ip4(struct forgery *g)
{
	forgery_udp4(g, "0.0.0.0", g->other4, 9, 9);
}

static void fragment_ip4(struct forgery *g)
{
	ether4(g, g->mac);
	frame_ip4(&g->f, g->other4, g->far4, IPPROTO_UDP, 8 + FRAME_WORD, 0x2000);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void later_fragment_ip4(struct forgery *g)
{
	ether4(g, g->mac);
	frame_ip4(&g->f, g->other4, g->far4, IPPROTO_UDP, 8 + FRAME_WORD, 7);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void neighbours_ip6(struct forgery *g)
{
	udp6(g, g->other6, 9, 9);
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
	forgery_udp4(g, g->own4, g->other4, 67, 68);
}

static void dhcp4_server_of_another_port(struct forgery *g)
{
	forgery_udp4(g, g->own4, g->other4, 1067, 68);
}

static void dhcp6_server(struct forgery *g)
{
	udp6(g, g->local6, 547, 546);
}

/* An ICMPv6 message with a target behind its first 8 bytes, and the word as an option. */
void forgery_icmp6(struct forgery *g, const char *from, const char *to, uint8_t type,
		  const char *target)
{
	uint8_t ip[16];

	ether6(g, g->mac);
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
	forgery_icmp6(g, g->local6, "ff02::1", 134, "::");
}

static void redirect6(struct forgery *g)
{
	forgery_icmp6(g, g->local6, g->other6, 137, g->own6);
}

static void neighbour_advertisement(struct forgery *g)
{
	forgery_icmp6(g, g->local6, "ff02::1", 136, "fe80::1");
}

static void neighbour_advertisement_of_a_neighbour(struct forgery *g)
{
	forgery_icmp6(g, g->own6, "ff02::1", 136, g->other6);
}

static void neighbour_solicitation(struct forgery *g)
{
	forgery_icmp6(g, "fe80::1", "ff02::1:ff00:2", 135, g->other6);
}

static void neighbour_solicitation_of_nobody(struct forgery *g)
{
	forgery_icmp6(g, "::", "ff02::1:ff00:2", 135, g->other6);
}

/* A router advertisement whose type stands behind a fragment header. */
static void fragmented_router_advertisement(struct forgery *g)
{
	ether6(g, g->mac);
	frame_ip6(&g->f, g->local6, "ff02::1", IPPROTO_FRAGMENT, 8 + 8 + FRAME_WORD);
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
	ether6(g, g->mac);
	frame_ip6(&g->f, g->local6, "ff02::1", IPPROTO_FRAGMENT, 8 + 8);
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

	ether4(g, g->mac);
	frame_ip4(&g->f, g->own4, g->other4, IPPROTO_ICMP, 8 + FRAME_WORD, 0);
	frame_u8(&g->f, 5);
	frame_u8(&g->f, 1);
	frame_u16(&g->f, 0);
	inet_pton(AF_INET, g->own4, ip);
	frame_add(&g->f, ip, 4);
	frame_add(&g->f, FORGED, FRAME_WORD);
}

void forgery_arp(struct forgery *g, uint16_t op, const uint8_t *mac, const char *from,
		const char *to)
{
	uint8_t ip[4];

	frame_ether(&g->f, g->to, g->mac, ETH_P_ARP);
	frame_u16(&g->f, 1);
	frame_u16(&g->f, ETH_P_IP);
	frame_u8(&g->f, 6);
	frame_u8(&g->f, 4);
	frame_u16(&g->f, op);
	frame_add(&g->f, mac, ETH_ALEN);
	inet_pton(AF_INET, from, ip);
	frame_add(&g->f, ip, 4);
	frame_zero(&g->f, ETH_ALEN);
	inet_pton(AF_INET, to, ip);
	frame_add(&g->f, ip, 4);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 12);
}

static void arp_request(struct forgery *g)
{
	forgery_arp(g, 1, g->mac, g->other4, "10.5.0.254");
}

static void arp_reply(struct forgery *g)
{
	forgery_arp(g, 2, g->mac, "169.254.1.1", g->other4);
}

static void arp_of_another_mac(struct forgery *g)
{
	forgery_arp(g, 2, other_mac, g->own4, g->other4);
}

static void arp_probe_of_a_neighbours_address(struct forgery *g)
{
	forgery_arp(g, 1, g->mac, "0.0.0.0", g->other4);
}

static void arp_of_another_hardware(struct forgery *g)
{
	forgery_arp(g, 1, g->mac, g->own4, g->other4);
	g->f.data[ETH_HLEN + 1] = 6;
}

static void vlan(struct forgery *g)
{
	frame_ether(&g->f, g->to, g->mac, ETH_P_8021Q);
	frame_u16(&g->f, 5);
	frame_u16(&g->f, ETH_P_IP);
	frame_ip4(&g->f, g->own4, g->other4, IPPROTO_UDP, 8 + FRAME_WORD, 0);
	frame_udp(&g->f, 9, 9, FORGED);
}

static void unknown_type(struct forgery *g)
{
	frame_ether(&g->f, g->to, g->mac, 0x88b5);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 40);
}

static void for_the_bridge_itself(struct forgery *g)
{
	static const uint8_t nearest_bridge[] = { 1, 0x80, 0xc2, 0, 0, 0x0e };

	frame_ether(&g->f, nearest_bridge, g->mac, 0x88cc);
	frame_add(&g->f, FORGED, FRAME_WORD);
	frame_zero(&g->f, 40);
}

void forgery_honest(struct forgery *g)
{
	forgery_udp4(g, g->own4, g->other4, 9, 9);
	memcpy(g->f.data + g->f.len - FRAME_WORD, HONEST, FRAME_WORD);
}

/* clang-format off */
const struct forgery_kind forgery_kinds[] = {
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
#undef KIND
/* clang-format on */

const size_t n_forgery_kinds = N_ROWS(forgery_kinds);
