/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/link.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

/*
 * Reading
 */

static void copy_text(char *out, size_t size, const struct nlattr *attr)
{
	const char *text = nl_str(attr);
	size_t len = strlen(text);

	if (len < size)
		memcpy(out, text, len + 1);
}

static void copy_mac(uint8_t *out, const struct nlattr *attr)
{
	const void *mac = nl_bytes(attr, NET_MAC_LEN);

	if (mac)
		memcpy(out, mac, NET_MAC_LEN);
}

/* A number of an array of them, 0 where it is not that long: kernels add to its end. */
static uint32_t number_at(const struct nlattr *array, size_t index)
{
	uint32_t value = 0;
	size_t len = 0;
	const char *bytes = array ? nl_value(array, &len) : NULL;

	if (len >= (index + 1) * sizeof(value))
		memcpy(&value, bytes + index * sizeof(value), sizeof(value));
	return value;
}

static void parse_families(const struct nlattr *nest, struct link *out)
{
	const struct nlattr *families[AF_INET6 + 1];
	const struct nlattr *inet4[IFLA_INET_CONF + 1], *inet6[IFLA_INET6_CONF + 1];
	const struct nlattr *conf;

	nl_nested(nest, families, N_ROWS(families));
	nl_nested(families[AF_INET], inet4, N_ROWS(inet4));
	nl_nested(families[AF_INET6], inet6, N_ROWS(inet6));
	/* The array begins with the number 1 (linux/ip.h). */
	out->is_forwarding4 = number_at(inet4[IFLA_INET_CONF], IPV4_DEVCONF_FORWARDING - 1) != 0;
	conf = inet6[IFLA_INET6_CONF];
	out->inet6 = (struct link_inet6){
		.is_on = conf && number_at(conf, DEVCONF_DISABLE_IPV6) == 0,
		.is_forwarding = number_at(conf, DEVCONF_FORWARDING) != 0,
		.is_answering_proxies = number_at(conf, DEVCONF_PROXY_NDP) != 0,
		.accept_ra = number_at(conf, DEVCONF_ACCEPT_RA),
		.accept_redirects = number_at(conf, DEVCONF_ACCEPT_REDIRECTS),
	};
}

bool link_parse(const struct nlmsghdr *msg, struct link *out)
{
	const struct ifinfomsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *attrs[IFLA_PERM_ADDRESS + 1], *info[IFLA_INFO_KIND + 1];

	if (msg->nlmsg_type != RTM_NEWLINK || !header)
		return false;
	nl_attrs(msg, sizeof(*header), attrs, N_ROWS(attrs));
	nl_nested(attrs[IFLA_LINKINFO], info, N_ROWS(info));
	*out = (struct link){
		.index = header->ifi_index, .flags = header->ifi_flags,
		.master = (int)nl_u32(attrs[IFLA_MASTER], 0), .mtu = nl_u32(attrs[IFLA_MTU], 0),
		.is_operational = nl_u8(attrs[IFLA_OPERSTATE], IF_OPER_DOWN) == IF_OPER_UP,
	};
	out->is_shaped = strcmp(nl_str(attrs[IFLA_QDISC]), "tbf") == 0;
	copy_text(out->name, sizeof(out->name), attrs[IFLA_IFNAME]);
	copy_text(out->kind, sizeof(out->kind), info[IFLA_INFO_KIND]);
	copy_text(out->alias, sizeof(out->alias), attrs[IFLA_IFALIAS]);
	copy_mac(out->mac, attrs[IFLA_ADDRESS]);
	copy_mac(out->permanent_mac, attrs[IFLA_PERM_ADDRESS]);
	parse_families(attrs[IFLA_AF_SPEC], out);
	return true;
}

static int take_one(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	(void)err;
	(void)link_parse(msg, arg);	/* of anything else *arg stays empty */
	return 0;
}

static int find(struct nl *nl, const char *name, int index, struct link *out, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETLINK, 0);
	struct ifinfomsg *header = nl_put_header(req, sizeof(*header));
	struct link link = { .index = 0 };
	struct nl_sink sink = { take_one, NULL, &link };

	header->ifi_index = index;
	nl_put_u32(req, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		nl_put_str(req, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	if (nl_ask_one(nl, req, &sink, err) < 0)
		return -1;
	if (link.index <= 0)
		return error_set(err, ERR_FAILED, "netlink: no link in the answer");
	*out = link;
	return 0;
}

int link_find(struct nl *nl, const char *name, struct link *out, struct error *err)
{
	struct error inner = { 0 };

	if (strlen(name) < LINK_LONG_NAME_MAX && find(nl, name, 0, out, &inner) == 0)
		return 0;
	if (inner.sys != 0 && inner.sys != ENODEV) {
		*err = inner;
		return error_wrap(err, "interface '%s'", name);
	}
	return error_set(err, ERR_NOT_FOUND, "no interface '%s'", name);
}

int link_find_index(struct nl *nl, int index, struct link *out, struct error *err)
{
	if (find(nl, NULL, index, out, err) == 0)
		return 0;
	if (err->sys == ENODEV)
		return error_set(err, ERR_NOT_FOUND, "no interface number %d", index);
	return error_wrap(err, "interface number %d", index);
}

struct list {
	struct link *links;		/* owned */
	size_t n, room;
};

static int take_listed(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct list *l = arg;

	(void)err;
	if (l->n == l->room) {
		l->room = l->room * 2 + 16;
		l->links = xreallocarray(l->links, l->room, sizeof(*l->links));
	}
	if (link_parse(msg, &l->links[l->n]))
		l->n++;
	return 0;
}

static void put_kind(struct nlmsghdr *req, const char *kind)
{
	struct nlattr *info = nl_nest(req, IFLA_LINKINFO);

	nl_put_str(req, IFLA_INFO_KIND, kind);
	nl_nest_end(req, info);
}

static void forget_listed(void *arg)
{
	((struct list *)arg)->n = 0;
}

int link_list(struct nl *nl, struct link **out, size_t *out_n, struct error *err)
{
	return link_list_of(nl, NULL, 0, out, out_n, err);
}

int link_list_of(struct nl *nl, const char *kind, int master, struct link **out, size_t *out_n,
		 struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETLINK, 0);
	struct list l = { NULL, 0, 0 };
	struct nl_sink sink = { take_listed, forget_listed, &l };

	nl_put_header(req, sizeof(struct ifinfomsg));
	nl_put_u32(req, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (kind)
		put_kind(req, kind);
	if (master != 0)
		nl_put_u32(req, IFLA_MASTER, (uint32_t)master);
	if (nl_dump(nl, req, &sink, err) < 0) {
		free(l.links);
		return error_wrap(err, "list interfaces");
	}
	*out = l.links;
	*out_n = l.n;
	return 0;
}

/*
 * Making
 */

static struct ifinfomsg *put_link(struct nlmsghdr *req, int index)
{
	struct ifinfomsg *header = nl_put_header(req, sizeof(*header));

	header->ifi_family = AF_UNSPEC;
	header->ifi_index = index;
	return header;
}

/* By default there is a queue for each processor, each with directories in sysfs: 64 of them take
 * longer than all else together. A veth hands packets to the receiving processor's own backlog, so
 * that its queues are only a count. */
static void put_new(struct nlmsghdr *req, const char *name, const uint8_t *mac, uint32_t mtu)
{
	nl_put_str(req, IFLA_IFNAME, name);
	nl_put_u32(req, IFLA_NUM_TX_QUEUES, 1);
	nl_put_u32(req, IFLA_NUM_RX_QUEUES, 1);
	if (mac)
		nl_put(req, IFLA_ADDRESS, mac, NET_MAC_LEN);
	if (mtu != 0)
		nl_put_u32(req, IFLA_MTU, mtu);
}

static void put_peer(struct nlmsghdr *req, const struct link_pair *pair)
{
	struct nlattr *info = nl_nest(req, IFLA_LINKINFO), *data, *peer;

	nl_put_str(req, IFLA_INFO_KIND, "veth");
	data = nl_nest(req, IFLA_INFO_DATA);
	peer = nl_nest(req, VETH_INFO_PEER);
	put_link(req, 0);
	put_new(req, pair->zone, pair->zone_mac, pair->mtu);
	nl_put_u32(req, IFLA_NET_NS_FD, (uint32_t)pair->zone_netns_fd);
	nl_nest_end(req, peer);
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

static struct nlmsghdr *add_new(struct nl_batch *b, const char *what)
{
	return nl_batch_add(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, what);
}

void link_add_pair(struct nl_batch *b, const struct link_pair *pair)
{
	struct nlmsghdr *req = add_new(b, "make a veth pair");

	put_link(req, 0);
	put_new(req, pair->host, pair->host_mac, pair->mtu);
	put_peer(req, pair);
}

void link_add_macvlan(struct nl_batch *b, int parent, int index, const struct link_pair *end)
{
	struct nlmsghdr *req = add_new(b, "make a macvlan");
	struct nlattr *info, *data;

	put_link(req, index);
	put_new(req, end->zone, end->zone_mac, end->mtu);
	nl_put_u32(req, IFLA_LINK, (uint32_t)parent);
	nl_put_u32(req, IFLA_NET_NS_FD, (uint32_t)end->zone_netns_fd);
	info = nl_nest(req, IFLA_LINKINFO);
	nl_put_str(req, IFLA_INFO_KIND, "macvlan");
	data = nl_nest(req, IFLA_INFO_DATA);
	nl_put_u32(req, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

void link_add_bridge(struct nl_batch *b, const char *name, const uint8_t *mac)
{
	struct nlmsghdr *req = add_new(b, "make a bridge");

	put_link(req, 0);
	put_new(req, name, mac, 0);
	put_kind(req, "bridge");
}

void link_add_funnel(struct nl_batch *b, const char *name)
{
	struct nlmsghdr *req = add_new(b, "make an ifb");

	put_link(req, 0);
	put_new(req, name, NULL, 0);
	put_kind(req, "ifb");
}

void link_add_question(struct nl_batch *b, const char *name)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_GETLINK, 0, "look at an interface");

	put_link(req, 0);
	nl_put_u32(req, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_put_str(req, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
}

/* The answers to several questions, which are known by their numbers. */
struct answers {
	uint32_t first;
	struct link *list;		/* room for all */
	size_t *numbers;
	size_t n, room;
};

static int take_answer(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct answers *a = arg;
	size_t number = msg->nlmsg_seq - a->first;

	(void)err;
	if (a->n == a->room || number >= a->room || !link_parse(msg, &a->list[a->n]))
		return 0;
	a->numbers[a->n++] = number;
	return 0;
}

int link_find_these(struct nl *nl, char *const *names, size_t n, struct link **out,
		    size_t *out_numbers, size_t *out_n, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl, .passed = ENODEV };
	struct answers a = {
		.first = nl->seq + 1, .list = xcalloc(n, sizeof(*a.list)), .numbers = out_numbers,
		.room = n,
	};
	struct nl_sink sink = { take_answer, NULL, &a };

	for (size_t i = 0; i < n; i++)
		link_add_question(&b, names[i]);
	if (nl_batch_talk(&b, &sink, NULL, err) < 0) {
		free(a.list);
		return -1;
	}
	*out = a.list;
	*out_n = a.n;
	return 0;
}

/*
 * Changing
 */

/* Sysctls net.ipv4.conf.NAME.* of the host's end of a routed pair. route_localnet lets ports that
 * are published on the host's loopback addresses lead to a zone; what a zone sends from or to those
 * addresses is dropped by the table. */
static const struct {
	uint16_t number;
	uint32_t value;
} host_end[] = {
	{ IPV4_DEVCONF_FORWARDING,          1 },
	{ IPV4_DEVCONF_RP_FILTER,           1 },
	{ IPV4_DEVCONF_ACCEPT_REDIRECTS,    0 },
	{ IPV4_DEVCONF_SEND_REDIRECTS,      0 },
	{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 },
	{ IPV4_DEVCONF_ROUTE_LOCALNET,      1 },
};

static void put_inet4(struct nlmsghdr *req)
{
	struct nlattr *family = nl_nest(req, AF_INET), *conf = nl_nest(req, IFLA_INET_CONF);

	for (size_t i = 0; i < N_ROWS(host_end); i++)
		nl_put_u32(req, host_end[i].number, host_end[i].value);
	nl_nest_end(req, conf);
	nl_nest_end(req, family);
}

static void put_inet6(struct nlmsghdr *req)
{
	struct nlattr *family = nl_nest(req, AF_INET6);

	nl_put_u8(req, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nl_nest_end(req, family);
}

void link_add_change(struct nl_batch *b, const struct link_change *c)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWLINK, 0, "set up an interface");
	struct ifinfomsg *header = put_link(req, c->index);
	struct nlattr *spec;

	header->ifi_change = c->is_up || c->is_down ? IFF_UP : 0;
	header->ifi_flags = c->is_up ? IFF_UP : 0;
	if (c->name)
		nl_put_str(req, IFLA_IFNAME, c->name);
	if (c->alias)
		nl_put(req, IFLA_IFALIAS, c->alias, strlen(c->alias));
	if (c->mac)
		nl_put(req, IFLA_ADDRESS, c->mac, NET_MAC_LEN);
	if (c->mtu != 0)
		nl_put_u32(req, IFLA_MTU, c->mtu);
	if (c->master != 0)
		nl_put_u32(req, IFLA_MASTER, c->master > 0 ? (uint32_t)c->master : 0);
	if (!c->is_host_end && !c->has_no_address)
		return;
	spec = nl_nest(req, IFLA_AF_SPEC);
	if (c->is_host_end)
		put_inet4(req);
	if (c->has_no_address)
		put_inet6(req);
	nl_nest_end(req, spec);
}

/* Multicast still goes to the port: neighbour discovery and router advertisements are multicast,
 * and most bridges have no querier that would tell who listens. */
void link_add_port(struct nl_batch *b, int index, const uint8_t *mac, bool is_isolated)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_SETLINK, 0, "set up a bridge port");
	struct ifinfomsg *header = put_link(req, index);
	struct nlattr *port = nl_nest(req, IFLA_PROTINFO);
	struct ndmsg *entry;

	header->ifi_family = AF_BRIDGE;
	nl_put_u8(req, IFLA_BRPORT_LEARNING, 0);
	nl_put_u8(req, IFLA_BRPORT_UNICAST_FLOOD, 0);
	nl_put_u8(req, IFLA_BRPORT_GUARD, 1);
	nl_put_u8(req, IFLA_BRPORT_PROTECT, 1);
	nl_put_u8(req, IFLA_BRPORT_ISOLATED, is_isolated);
	nl_nest_end(req, port);
	req = nl_batch_add(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, "tell a bridge a MAC");
	entry = nl_put_header(req, sizeof(*entry));
	entry->ndm_family = AF_BRIDGE;
	entry->ndm_ifindex = index;
	entry->ndm_state = NUD_NOARP;	/* "static" of bridge(8): not the host's own */
	entry->ndm_flags = NTF_MASTER;
	nl_put(req, NDA_LLADDR, mac, NET_MAC_LEN);
}

void link_add_move(struct nl_batch *b, int index, int netns_fd, const char *name, int new_index)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWLINK, 0, "move an interface");

	put_link(req, index);
	nl_put_str(req, IFLA_IFNAME, name);
	if (new_index > 0)
		nl_put_u32(req, IFLA_NEW_IFINDEX, (uint32_t)new_index);
	if (netns_fd >= 0)
		nl_put_u32(req, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	else
		nl_put_u32(req, IFLA_NET_NS_PID, (uint32_t)getpid());
}

void link_add_name(struct nl_batch *b, int index, const char *name, const char *further)
{
	struct nlmsghdr *req = nl_batch_add(b, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND,
					    "give an interface a further name");
	struct nlattr *list;

	put_link(req, index);
	if (index == 0)
		nl_put_str(req, IFLA_IFNAME, name);
	list = nl_nest(req, IFLA_PROP_LIST);
	nl_put_str(req, IFLA_ALT_IFNAME, further);
	nl_nest_end(req, list);
}

/* Begins the list of names to remove with those of the answer. */
static int take_names(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nlattr *attrs[IFLA_PROP_LIST + 1];
	struct nlmsghdr *req = arg;
	const void *names;
	size_t len;

	(void)err;
	nl_attrs(msg, sizeof(struct ifinfomsg), attrs, N_ROWS(attrs));
	if (msg->nlmsg_type != RTM_NEWLINK || !attrs[IFLA_PROP_LIST])
		return 0;
	names = nl_value(attrs[IFLA_PROP_LIST], &len);
	nl_put(req, IFLA_PROP_LIST | NLA_F_NESTED, names, len);
	return 0;
}

int link_remove_names(struct nl *nl, int index, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	struct nlmsghdr *req = nl_batch_add(&b, RTM_DELLINKPROP, 0, "take names away");
	struct nlmsghdr *question = nl_request(nl, RTM_GETLINK, 0);
	struct nl_sink sink = { take_names, NULL, req };
	uint32_t empty;

	put_link(req, index);
	empty = req->nlmsg_len;
	put_link(question, index);
	nl_put_u32(question, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (nl_ask_one(nl, question, &sink, err) < 0)
		return error_wrap(err, "interface number %d", index);
	return req->nlmsg_len == empty ? 0 : nl_batch_talk(&b, NULL, NULL, err);
}

int link_set_up(struct nl *nl, int index, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *link = put_link(req, index);

	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	if (nl_talk(nl, req, err) < 0)
		return error_wrap(err, "raise link %d", index);
	return 0;
}

int link_remove(struct nl *nl, int index, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_DELLINK, 0);
	struct error inner = { 0 };

	put_link(req, index);
	if (nl_talk(nl, req, &inner) == 0 || inner.sys == ENODEV)
		return 0;
	*err = inner;
	return error_wrap(err, "remove link %d", index);
}
