/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

enum { LOCALHOST_METRIC = 1 << 20 };

size_t addr_len(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

bool addr_is_none(const struct net_addr *a)
{
	return addr_len(a->family) == 0;
}

const char *addr_text(const struct net_addr *a, char out[ADDR_TEXT_MAX])
{
	if (addr_is_none(a) || !inet_ntop(a->family, a->ip, out, ADDR_TEXT_MAX))
		strcpy(out, "none");
	return out;
}

static void put_ip(struct nlmsghdr *req, uint16_t type, const struct net_addr *a)
{
	nl_put(req, type, a->ip, addr_len(a->family));
}

/*
 * Requests
 */

/* The last address of an IPv4 subnet, which has none when it is smaller than four. */
static void put_broadcast(struct nlmsghdr *req, const struct net_addr *a)
{
	uint32_t ip;

	if (a->family != AF_INET || a->prefix > 30)
		return;
	memcpy(&ip, a->ip, sizeof(ip));
	ip |= htonl(a->prefix == 0 ? UINT32_MAX : UINT32_MAX >> a->prefix);
	nl_put(req, IFA_BROADCAST, &ip, sizeof(ip));
}

void addr_add(struct nl_batch *b, int index, const struct net_addr *a, bool is_onlink)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
					    "add an address");
	struct ifaddrmsg *header = nl_put_header(req, sizeof(*header));

	header->ifa_family = a->family;
	header->ifa_prefixlen = a->prefix;
	header->ifa_index = (uint32_t)index;
	put_ip(req, IFA_LOCAL, a);
	put_ip(req, IFA_ADDRESS, a);
	put_broadcast(req, a);
	nl_put_u32(req, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT |
		   (is_onlink ? 0 : IFA_F_NOPREFIXROUTE));
}

static struct nlmsghdr *add_route(struct nl_batch *b, int index, uint8_t family, uint8_t prefix)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
					    "add a route");
	struct rtmsg *header = nl_put_header(req, sizeof(*header));

	header->rtm_family = family;
	header->rtm_dst_len = prefix;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = ADDR_PROTOCOL;
	header->rtm_scope = prefix > 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	header->rtm_flags = prefix > 0 ? 0 : RTNH_F_ONLINK;
	nl_put_u32(req, RTA_OIF, (uint32_t)index);
	return req;
}

void addr_add_host_route(struct nl_batch *b, int index, const struct net_addr *to)
{
	uint8_t bits = (uint8_t)(addr_len(to->family) * 8);

	put_ip(add_route(b, index, to->family, bits), RTA_DST, to);
}

void addr_add_localhost(struct nl_batch *b, int index)
{
	struct net_addr localhost = { .family = AF_INET6, .ip = { [15] = 1 } };
	struct nlmsghdr *req = add_route(b, index, AF_INET6, 128);
	struct rtmsg *header = (struct rtmsg *)(req + 1);

	header->rtm_table = RT_TABLE_LOCAL;
	header->rtm_type = RTN_LOCAL;
	put_ip(req, RTA_DST, &localhost);
	/* Behind lo's own, which packets of the host itself take; and of each link another one, as
	 * the kernel replaces what has the same metric (fib6_add_rt2node()). */
	nl_put_u32(req, RTA_PRIORITY, LOCALHOST_METRIC + (uint32_t)index);
}

void addr_add_default_route(struct nl_batch *b, int index, const struct net_addr *gateway,
			    uint32_t metric, const struct net_addr *source)
{
	struct nlmsghdr *req = add_route(b, index, gateway->family, 0);

	put_ip(req, RTA_GATEWAY, gateway);
	if (metric > 0)
		nl_put_u32(req, RTA_PRIORITY, metric);
	if (source)
		put_ip(req, RTA_PREFSRC, source);
}

static struct nlmsghdr *add_neighbour(struct nl_batch *b, int index, const struct net_addr *a,
				      uint8_t flags, const char *what)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, what);
	struct ndmsg *header = nl_put_header(req, sizeof(*header));

	header->ndm_family = a->family;
	header->ndm_ifindex = index;
	header->ndm_state = NUD_PERMANENT;
	header->ndm_flags = flags;
	put_ip(req, NDA_DST, a);
	nl_put_u8(req, NDA_PROTOCOL, ADDR_PROTOCOL);
	return req;
}

void addr_add_neighbour(struct nl_batch *b, int index, const struct net_addr *a,
			const uint8_t *mac)
{
	struct nlmsghdr *req = add_neighbour(b, index, a, 0, "add a neighbour");

	nl_put(req, NDA_LLADDR, mac, NET_MAC_LEN);
}

void addr_add_proxy(struct nl_batch *b, int index, const struct net_addr *a)
{
	add_neighbour(b, index, a, NTF_PROXY, "announce an address");
}

/*
 * Questions
 */

static int take_route(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct rtmsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *attrs[RTA_VIA + 1];
	struct addr_route *out = arg;

	(void)err;
	if (msg->nlmsg_type != RTM_NEWROUTE || !header || header->rtm_type != RTN_UNICAST)
		return 0;
	nl_attrs(msg, sizeof(*header), attrs, N_ROWS(attrs));
	out->index = (int)nl_u32(attrs[RTA_OIF], 0);
	out->has_gateway = attrs[RTA_GATEWAY] || attrs[RTA_VIA];
	out->is_ours = header->rtm_protocol == ADDR_PROTOCOL;
	return 0;
}

int addr_route_to(struct nl *nl, const struct net_addr *to, struct addr_route *out,
		  struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETROUTE, 0);
	struct rtmsg *header = nl_put_header(req, sizeof(*header));
	struct addr_route route = { .index = 0 };
	struct nl_sink sink = { take_route, NULL, &route };
	struct error inner = { 0 };
	char text[ADDR_TEXT_MAX];

	header->rtm_family = to->family;
	header->rtm_dst_len = (uint8_t)(addr_len(to->family) * 8);
	/* The route itself, with who made it, not only what it leads to. */
	header->rtm_flags = RTM_F_FIB_MATCH;
	put_ip(req, RTA_DST, to);
	if (nl_ask_one(nl, req, &sink, &inner) < 0 || route.index <= 0)
		return error_set(err, ERR_NOT_FOUND, "no route to %s", addr_text(to, text));
	*out = route;
	return 0;
}

static int take_local(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct rtmsg *header = nl_payload(msg, sizeof(*header));

	(void)err;
	*(bool *)arg = msg->nlmsg_type == RTM_NEWROUTE && header && header->rtm_type == RTN_LOCAL;
	return 0;
}

bool addr_is_served(struct nl *nl, int index, const struct net_addr *a)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETROUTE, 0);
	struct rtmsg *header = nl_put_header(req, sizeof(*header));
	struct error ignored = { 0 };
	bool is_local = false;
	struct nl_sink sink = { take_local, NULL, &is_local };

	header->rtm_family = a->family;
	header->rtm_dst_len = (uint8_t)(addr_len(a->family) * 8);
	put_ip(req, RTA_DST, a);
	nl_put_u32(req, RTA_OIF, (uint32_t)index);
	return nl_ask_one(nl, req, &sink, &ignored) == 0 && is_local;
}

struct on_link {
	int index;
	bool is_true;
};

static int take_address(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct ifaddrmsg *header = nl_payload(msg, sizeof(*header));
	struct on_link *on = arg;

	(void)err;
	if (msg->nlmsg_type == RTM_NEWADDR && header && (int)header->ifa_index == on->index &&
	    header->ifa_scope < RT_SCOPE_LINK)
		on->is_true = true;
	return 0;
}

int addr_is_on_link(struct nl *nl, int index, bool *out, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETADDR, 0);
	struct ifaddrmsg *header = nl_put_header(req, sizeof(*header));
	struct on_link on = { index, false };
	struct nl_sink sink = { take_address, NULL, &on };

	header->ifa_index = (uint32_t)index;
	if (nl_dump(nl, req, &sink, err) < 0)
		return error_wrap(err, "list addresses");
	*out = on.is_true;
	return 0;
}

/*
 * Answers for others
 */

struct proxies {
	struct proxy {
		int index;
		struct net_addr addr;
	} *list;			/* owned */
	size_t n;
};

static int take_proxy(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct ndmsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *attrs[NDA_PROTOCOL + 1];
	struct proxy proxy = { .index = 0 };
	struct proxies *all = arg;
	const void *ip;

	(void)err;
	if (msg->nlmsg_type != RTM_NEWNEIGH || !header || !(header->ndm_flags & NTF_PROXY))
		return 0;
	nl_attrs(msg, sizeof(*header), attrs, N_ROWS(attrs));
	ip = nl_bytes(attrs[NDA_DST], addr_len(header->ndm_family));
	if (!ip || nl_u8(attrs[NDA_PROTOCOL], 0) != ADDR_PROTOCOL)
		return 0;
	proxy.index = header->ndm_ifindex;
	proxy.addr.family = header->ndm_family;
	memcpy(proxy.addr.ip, ip, addr_len(header->ndm_family));
	all->list = xreallocarray(all->list, all->n + 1, sizeof(*all->list));
	all->list[all->n++] = proxy;
	return 0;
}

/* A list of all families leaves the proxies out (neigh_dump_info()), so it is one for each. */
static int list_proxies(struct nl *nl, struct proxies *out, struct error *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < N_ROWS(families); i++) {
		struct nlmsghdr *req = nl_request(nl, RTM_GETNEIGH, 0);
		struct ndmsg *header = nl_put_header(req, sizeof(*header));
		/* One that is listed twice is removed twice: the second time it is gone. */
		struct nl_sink sink = { take_proxy, NULL, out };

		header->ndm_family = families[i];
		header->ndm_flags = NTF_PROXY;
		if (nl_dump(nl, req, &sink, err) < 0)
			return error_wrap(err, "list announced addresses");
	}
	return 0;
}

static int remove_proxy(struct nl *nl, const struct proxy *p, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_DELNEIGH, 0);
	struct ndmsg *header = nl_put_header(req, sizeof(*header));
	struct error inner = { 0 };
	char text[ADDR_TEXT_MAX];

	header->ndm_family = p->addr.family;
	header->ndm_ifindex = p->index;
	header->ndm_flags = NTF_PROXY;
	put_ip(req, NDA_DST, &p->addr);
	if (nl_talk(nl, req, &inner) == 0 || inner.sys == ENOENT || inner.sys == ENODEV)
		return 0;
	*err = inner;
	return error_wrap(err, "stop announcing %s", addr_text(&p->addr, text));
}

/* True if it leads to a link that is still somebody's. */
static bool is_live(struct nl *nl, const struct net_addr *a, const struct addr_links *live)
{
	struct addr_route route;
	struct error ignored;

	return addr_route_to(nl, a, &route, &ignored) == 0 && route.is_ours &&
	       live->has(route.index, live->arg);
}

int addr_remove_proxies(struct nl *nl, const struct addr_links *live, struct error *err)
{
	struct proxies all = { NULL, 0 };
	int rc = list_proxies(nl, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		if (!is_live(nl, &all.list[i].addr, live))
			rc = remove_proxy(nl, &all.list[i], err);
	}
	free(all.list);
	return rc;
}
