/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

struct solicitation {
	struct ip6_hdr ip;
	struct nd_neighbor_solicit nd;
};

static int open_on(int index, uint16_t protocol, struct error *err)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
					.sll_ifindex = index };
	AUTO_CLOSE int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(protocol));

	if (fd < 0)
		return error_sys(err, "open packet socket");
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return error_sys(err, "bind packet socket");
	return TAKE_FD(fd);
}

/* Returns 1 when it is sent, 0 when nobody can be asked here. */
static int send_to(int fd, int index, const uint8_t mac[NET_MAC_LEN], const void *data, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index,
				  .sll_halen = NET_MAC_LEN };

	to.sll_protocol = htons(len == sizeof(struct solicitation) ? ETH_P_IPV6 : ETH_P_ARP);
	memcpy(to.sll_addr, mac, NET_MAC_LEN);
	return sendto(fd, data, len, 0, (const struct sockaddr *)&to, sizeof(to)) == (ssize_t)len;
}

static int ask_arp(int fd, int index, const struct net_addr *a, const uint8_t own[NET_MAC_LEN])
{
	static const uint8_t all[NET_MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ether_arp arp = {
		.ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER), .ar_pro = htons(ETH_P_IP),
			    .ar_hln = NET_MAC_LEN, .ar_pln = 4, .ar_op = htons(ARPOP_REQUEST) },
	};

	memcpy(arp.arp_sha, own, NET_MAC_LEN);
	memcpy(arp.arp_tpa, a->ip, 4);
	return send_to(fd, index, all, &arp, sizeof(arp));
}

/* The sum of RFC 1071, over the pseudo-header of RFC 8200 too. */
static uint16_t checksum6(const struct solicitation *s)
{
	const uint8_t *bytes = (const uint8_t *)&s->ip.ip6_src;
	size_t len = sizeof(*s) - offsetof(struct solicitation, ip.ip6_src);
	uint32_t sum = IPPROTO_ICMPV6 + sizeof(s->nd);

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int ask_nd(int fd, int index, const struct net_addr *a)
{
	const uint8_t group[NET_MAC_LEN] = { 0x33, 0x33, 0xff, a->ip[13], a->ip[14], a->ip[15] };
	struct solicitation s = { .nd = { .nd_ns_type = ND_NEIGHBOR_SOLICIT } };

	s.ip.ip6_flow = htonl(6u << 28);
	s.ip.ip6_plen = htons(sizeof(s.nd));
	s.ip.ip6_nxt = IPPROTO_ICMPV6;
	s.ip.ip6_hlim = 255;
	/* The group of all who have an address that ends so: ff02::1:ffXX:XXXX. */
	s.ip.ip6_dst = (struct in6_addr){ { { 0xff, 0x02, [11] = 0x01, [12] = 0xff } } };
	memcpy(&s.ip.ip6_dst.s6_addr[13], &a->ip[13], 3);
	memcpy(&s.nd.nd_ns_target, a->ip, 16);
	s.nd.nd_ns_cksum = checksum6(&s);
	return send_to(fd, index, group, &s, sizeof(s));
}

/* True if the packet says that its sender has the address. */
static bool is_answer(const struct net_addr *a, const uint8_t *data, size_t len)
{
	struct ether_arp arp;
	struct {
		struct ip6_hdr ip;
		struct nd_neighbor_advert nd;
	} na;

	if (a->family == AF_INET) {
		if (len < sizeof(arp))
			return false;
		memcpy(&arp, data, sizeof(arp));
		return memcmp(arp.arp_spa, a->ip, 4) == 0;
	}
	if (len < sizeof(na))
		return false;
	memcpy(&na, data, sizeof(na));
	return na.ip.ip6_nxt == IPPROTO_ICMPV6 && na.nd.nd_na_type == ND_NEIGHBOR_ADVERT &&
	       memcmp(&na.nd.nd_na_target, a->ip, 16) == 0;
}

static int wait_for_answer(int fd, const struct net_addr *a, int wait_ms,
			   uint8_t mac[NET_MAC_LEN])
{
	int64_t end = clock_ms() + wait_ms, left;

	while ((left = end - clock_ms()) > 0) {
		struct pollfd p = { fd, POLLIN, 0 };
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		uint8_t data[256];
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &from_len);
		if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING ||
		    !is_answer(a, data, (size_t)n))
			continue;
		memcpy(mac, from.sll_addr, NET_MAC_LEN);
		return 1;
	}
	return 0;
}

static int own_mac(int fd, uint8_t out[NET_MAC_LEN])
{
	struct sockaddr_ll at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0 || at.sll_hatype != ARPHRD_ETHER)
		return -1;
	memcpy(out, at.sll_addr, NET_MAC_LEN);
	return 0;
}

int probe_address(const char *device, const struct net_addr *a, int wait_ms,
		  uint8_t mac[NET_MAC_LEN], struct error *err)
{
	int index = (int)if_nametoindex(device);
	AUTO_CLOSE int fd = -1;
	uint8_t own[NET_MAC_LEN];
	int sent;

	if (index == 0)
		return 0;
	fd = open_on(index, a->family == AF_INET ? ETH_P_ARP : ETH_P_IPV6, err);
	if (fd < 0)
		return -1;
	if (own_mac(fd, own) < 0)
		return 0;
	sent = a->family == AF_INET ? ask_arp(fd, index, a, own) : ask_nd(fd, index, a);
	return sent ? wait_for_answer(fd, a, wait_ms, mac) : 0;
}
