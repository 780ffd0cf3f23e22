/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/limit_net.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

enum {
	INDEX_FIRST = 100000, ZONE_INDEX = 2,	/* nobody else's in a namespace of our own */
	ANSWER_MAX = 8192,
};

static const uint8_t near_mac[LIMIT_MAC_LEN] = { 0x02, 0x00, 0xa9, 0xfe, 0x01, 0x01 };
static const uint8_t near4[4] = { 169, 254, 1, 1 };
static const uint8_t near6[16] = { 0xfe, 0x80, [15] = 1 };

void limit_nic_init(struct limit_nic *nic, unsigned int number)
{
	uint8_t high = (uint8_t)(number >> 8), low = (uint8_t)number;

	*nic = (struct limit_nic){
		.number = number, .mac = { 2, 0, 0, 1, high, low }, .ip4 = { 10, 9, high, low },
		.ip6 = { 0xfd, 0, 0, 9, [14] = high, [15] = low },
	};
	snprintf(nic->name, sizeof(nic->name), "zone%u", number);
	snprintf(nic->host, sizeof(nic->host), "zn%013u", number);
}

int limit_net_socket(int bus)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
}

static bool is_accepted(int fd)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	const struct nlmsghdr *msg = (struct nlmsghdr *)answer;

	return recv(fd, answer, sizeof(answer), 0) > 0 && msg->nlmsg_type == NLMSG_ERROR &&
	       ((const struct nlmsgerr *)NLMSG_DATA(msg))->error == 0;
}

bool limit_net_play(int tablefd, const struct limit_tape *tape)
{
	return sendto(tablefd, tape->data, tape->len, 0, NULL, 0) == (ssize_t)tape->len &&
	       is_accepted(tablefd);
}

/*
 * Messages
 */

struct batch {
	_Alignas(struct nlmsghdr) char data[8192];
	size_t len;
	struct nlmsghdr *last;
};

static void *tail(struct batch *b, size_t len)
{
	void *at = (char *)b->last + b->last->nlmsg_len;

	memset(at, 0, NLMSG_ALIGN(len));
	b->last->nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
	return at;
}

static void *add(struct batch *b, uint16_t type, uint16_t flags, size_t header)
{
	b->last = (struct nlmsghdr *)(b->data + b->len);
	*b->last = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = 1,
	};
	return tail(b, header);
}

static void end(struct batch *b)
{
	b->len += b->last->nlmsg_len;
}

static void put(struct batch *b, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = tail(b, NLA_HDRLEN + len);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((char *)attr + NLA_HDRLEN, data, len);
}

static void put_u32(struct batch *b, uint16_t type, uint32_t value)
{
	put(b, type, &value, sizeof(value));
}

static void put_str(struct batch *b, uint16_t type, const char *text)
{
	put(b, type, text, strlen(text) + 1);
}

static struct nlattr *nest(struct batch *b, uint16_t type)
{
	struct nlattr *attr = tail(b, NLA_HDRLEN);

	attr->nla_type = type | NLA_F_NESTED;
	return attr;
}

static void nest_end(struct batch *b, struct nlattr *attr)
{
	attr->nla_len = (uint16_t)((char *)b->last + b->last->nlmsg_len - (char *)attr);
}

/* The kernel is told to answer the last request only; a refusal of another comes before. */
static bool talk(struct batch *b, int fd)
{
	b->last->nlmsg_flags |= NLM_F_ACK;
	return sendto(fd, b->data, b->len, 0, NULL, 0) == (ssize_t)b->len && is_accepted(fd);
}

/*
 * Objects
 */

static void add_pair(struct batch *b, const struct limit_nic *nic, int index, int netnsfd)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link));
	struct nlattr *info, *data, *peer;

	link->ifi_index = index;
	put_str(b, IFLA_IFNAME, nic->host);
	put_u32(b, IFLA_NUM_TX_QUEUES, 1);
	put_u32(b, IFLA_NUM_RX_QUEUES, 1);
	put(b, IFLA_ADDRESS, near_mac, sizeof(near_mac));
	info = nest(b, IFLA_LINKINFO);
	put_str(b, IFLA_INFO_KIND, "veth");
	data = nest(b, IFLA_INFO_DATA);
	peer = nest(b, VETH_INFO_PEER);
	link = tail(b, sizeof(*link));
	link->ifi_index = ZONE_INDEX;
	put_str(b, IFLA_IFNAME, "eth0");
	put_u32(b, IFLA_NUM_TX_QUEUES, 1);
	put_u32(b, IFLA_NUM_RX_QUEUES, 1);
	put(b, IFLA_ADDRESS, nic->mac, sizeof(nic->mac));
	put_u32(b, IFLA_NET_NS_FD, (uint32_t)netnsfd);
	nest_end(b, peer);
	nest_end(b, data);
	nest_end(b, info);
	end(b);
}

static void put_sysctls(struct batch *b)
{
	static const struct {
		uint16_t number;
		uint32_t value;
	} rows[] = {
		{ IPV4_DEVCONF_FORWARDING, 1 }, { IPV4_DEVCONF_RP_FILTER, 1 },
		{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 }, { IPV4_DEVCONF_SEND_REDIRECTS, 0 },
		{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 }, { IPV4_DEVCONF_ROUTE_LOCALNET, 1 },
	};
	struct nlattr *family = nest(b, AF_INET), *conf = nest(b, IFLA_INET_CONF);

	for (size_t i = 0; i < N_ROWS(rows); i++)
		put_u32(b, rows[i].number, rows[i].value);
	nest_end(b, conf);
	nest_end(b, family);
}

/* No address of the link's own making (IPv6); the host's end with alias and sysctls. */
static void add_settings(struct batch *b, int index, const struct limit_nic *host)
{
	static const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	struct ifinfomsg *link = add(b, RTM_NEWLINK, 0, sizeof(*link));
	struct nlattr *spec, *family;
	char alias[32];

	link->ifi_index = index;
	if (host) {
		snprintf(alias, sizeof(alias), "zonectl %s", host->name);
		put(b, IFLA_IFALIAS, alias, strlen(alias));
	}
	spec = nest(b, IFLA_AF_SPEC);
	if (host)
		put_sysctls(b);
	family = nest(b, AF_INET6);
	put(b, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
	nest_end(b, family);
	nest_end(b, spec);
	end(b);
}

static void add_further_name(struct batch *b, int index, const struct limit_nic *nic)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND,
				     sizeof(*link));
	struct nlattr *list = nest(b, IFLA_PROP_LIST);
	char name[64];

	link->ifi_index = index;
	snprintf(name, sizeof(name), "zonectl+%s+0", nic->name);
	put_str(b, IFLA_ALT_IFNAME, name);
	nest_end(b, list);
	end(b);
}

static void add_up(struct batch *b, int index)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	end(b);
}

static size_t length_of(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static void add_address(struct batch *b, int index, uint8_t family, const void *ip)
{
	struct ifaddrmsg *header = add(b, RTM_NEWADDR, NLM_F_CREATE, sizeof(*header));
	size_t len = length_of(family);

	header->ifa_family = family;
	header->ifa_prefixlen = (uint8_t)(len * 8);
	header->ifa_index = (uint32_t)index;
	put(b, IFA_LOCAL, ip, len);
	put(b, IFA_ADDRESS, ip, len);
	put_u32(b, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	end(b);
}

static void add_neighbour(struct batch *b, int index, uint8_t family, const void *ip,
			  const uint8_t *mac)
{
	static const uint8_t protocol = 122;
	struct ndmsg *header = add(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));

	header->ndm_family = family;
	header->ndm_ifindex = index;
	header->ndm_state = NUD_PERMANENT;
	put(b, NDA_DST, ip, length_of(family));
	put(b, NDA_PROTOCOL, &protocol, sizeof(protocol));
	put(b, NDA_LLADDR, mac, LIMIT_MAC_LEN);
	end(b);
}

/* To the address, or by default over near. */
static void add_route(struct batch *b, int index, uint8_t family, const void *to, const void *near,
		      const void *source)
{
	struct rtmsg *header = add(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));
	size_t len = length_of(family);

	header->rtm_family = family;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = 122;
	header->rtm_type = RTN_UNICAST;
	header->rtm_dst_len = to ? (uint8_t)(len * 8) : 0;
	header->rtm_scope = to ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	header->rtm_flags = to ? 0 : RTNH_F_ONLINK;
	put_u32(b, RTA_OIF, (uint32_t)index);
	if (to)
		put(b, RTA_DST, to, len);
	if (near)
		put(b, RTA_GATEWAY, near, len);
	if (source)
		put(b, RTA_PREFSRC, source, len);
	end(b);
}

static void add_zone_side(struct batch *b, const struct limit_nic *nic)
{
	add_settings(b, ZONE_INDEX, NULL);
	add_up(b, ZONE_INDEX);
	add_address(b, ZONE_INDEX, AF_INET, nic->ip4);
	add_neighbour(b, ZONE_INDEX, AF_INET, near4, near_mac);
	add_route(b, ZONE_INDEX, AF_INET, NULL, near4, nic->ip4);
	add_address(b, ZONE_INDEX, AF_INET6, nic->ip6);
	add_neighbour(b, ZONE_INDEX, AF_INET6, near6, near_mac);
	add_route(b, ZONE_INDEX, AF_INET6, NULL, near6, nic->ip6);
}

static void add_host_side(struct batch *b, const struct limit_nic *nic, int index)
{
	add_up(b, index);
	add_address(b, index, AF_INET, near4);
	add_neighbour(b, index, AF_INET, nic->ip4, nic->mac);
	add_route(b, index, AF_INET, nic->ip4, NULL, NULL);
	add_address(b, index, AF_INET6, near6);
	add_neighbour(b, index, AF_INET6, nic->ip6, nic->mac);
	add_route(b, index, AF_INET6, nic->ip6, NULL, NULL);
}

bool limit_net_up(const struct limit_nic *nic, int hostfd, int zonefd, int netnsfd)
{
	int index = INDEX_FIRST + (int)nic->number;
	struct batch pair = { .len = 0 }, zone = { .len = 0 }, host = { .len = 0 };

	add_pair(&pair, nic, index, netnsfd);
	add_settings(&pair, index, nic);
	add_further_name(&pair, index, nic);
	add_zone_side(&zone, nic);
	add_host_side(&host, nic, index);
	return talk(&pair, hostfd) && talk(&zone, zonefd) && talk(&host, hostfd);
}
