/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "netns/addr.h"

/* /proc/sys/net is the one of the caller's network namespace (proc_pid_net(5), sysctl). */
#define SYSCTLS "/proc/sys/net"

bool device_has_ipv6(void)
{
	struct error ignored = { 0 };
	char value[8];

	return fd_read_control(AT_FDCWD, SYSCTLS "/ipv6/conf/all/disable_ipv6", value,
			       sizeof(value), &ignored) > 0 && strcmp(value, "0") == 0;
}

/* The kernel refuses '/' in a link's name (dev_valid_name()). */
static int set_for(const char *family, const char *link, const char *what, const char *value,
		   struct error *err)
{
	AUTO_FREE char *path = xasprintf(SYSCTLS "/%s/conf/%s/%s", family, link, what);

	return fd_write_control(AT_FDCWD, path, value, err);
}

/* An address of the world, of those that documents use (RFC 5737, RFC 3849): whoever has a default
 * route has a route to it, and it is nobody's. */
static const struct net_addr far4 = { AF_INET, 32, { 198, 51, 100, 1 } };
static const struct net_addr far6 = { AF_INET6, 128, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

int device_uplink(struct nl *nl, uint8_t family, struct link *out, struct error *err)
{
	struct addr_route route;

	if (addr_route_to(nl, family == AF_INET ? &far4 : &far6, &route, err) < 0)
		return -1;
	return link_find_index(nl, route.index, out, err);
}

int device_check_unused(struct nl *nl, const struct link *link, struct error *err)
{
	const char *why = NULL;
	bool has_address = false;

	if (addr_is_on_link(nl, link->index, &has_address, err) < 0)
		return -1;
	if (link->index == LINK_LOOPBACK)
		why = "it is the host's loopback";
	else if (link->master != 0)
		why = "it is a port of another interface";
	else if (strcmp(link->kind, "bridge") == 0)
		why = "it is a bridge";
	else if (has_address)
		why = "the host has an address on it";
	if (!why)
		return 0;
	error_set(err, ERR_BUSY, "interface '%s' is in use: %s", link->name, why);
	return error_hint(err, "take it from there first, or use net=macvlan:%s", link->name);
}

/*
 * Forwarding
 */

static int forward4(const struct link *uplink, struct str *changed, struct error *err)
{
	if (uplink->is_forwarding4)
		return 0;
	if (set_for("ipv4", uplink->name, "forwarding", "1", err) < 0)
		return error_wrap(err, "let packets for zones in");
	str_addf(changed, "IPv4 forwarding is on for '%s' now\n", uplink->name);
	return 0;
}

static int take_forwarding(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nlattr *attrs[NETCONFA_FORWARDING + 1];

	(void)err;
	nl_attrs(msg, sizeof(struct netconfmsg), attrs, N_ROWS(attrs));
	*(bool *)arg = nl_u32(attrs[NETCONFA_FORWARDING], 0) != 0;
	return 0;
}

/* What all/forwarding is: IPv6 asks it alone (ip6_forward()). */
static int is_forwarding6(struct nl *nl, bool *out, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETNETCONF, 0);
	struct netconfmsg *header = nl_put_header(req, sizeof(*header));
	struct nl_sink sink = { take_forwarding, NULL, out };

	header->ncm_family = AF_INET6;
	nl_put_u32(req, NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
	*out = false;
	if (nl_ask_one(nl, req, &sink, err) < 0)
		return error_wrap(err, "ask for IPv6 forwarding");
	return 0;
}

/* A link that forwards takes no router advertisements unless told so by a 2
 * (Documentation/networking/ip-sysctl.rst, accept_ra): a host whose own route comes from them
 * would lose it within the half hour. */
static int keep_advertisements(struct nl *nl, struct error *err)
{
	AUTO_FREE struct link *links = NULL;
	size_t n;

	if (link_list(nl, &links, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!links[i].inet6.is_on || links[i].inet6.accept_ra != 1 ||
		    links[i].inet6.is_forwarding || links[i].index == LINK_LOOPBACK)
			continue;
		/* A link that went meanwhile needs nothing. */
		if (set_for("ipv6", links[i].name, "accept_ra", "2", err) < 0 && err->sys != ENOENT)
			return -1;
	}
	return 0;
}

static int forward6(struct nl *nl, struct str *changed, struct error *err)
{
	struct error inner = { 0 };
	bool is_on;

	if (is_forwarding6(nl, &is_on, err) < 0)
		return -1;
	if (is_on)
		return 0;
	if (keep_advertisements(nl, &inner) < 0 ||
	    set_for("ipv6", "all", "forwarding", "1", &inner) < 0) {
		*err = inner;
		return error_wrap(err, "let packets for zones in");
	}
	str_add(changed, "IPv6 forwarding is on now\n");
	return 0;
}

int device_forward(struct nl *nl, uint8_t family, const struct link *uplink, struct str *changed,
		   struct error *err)
{
	return family == AF_INET ? forward4(uplink, changed, err) : forward6(nl, changed, err);
}

/* By default an answer for somebody else waits up to 0.8 s, in case he answers himself
 * (arp(7), proxy_delay). A zone does not see the question. */
static int answer_at_once(struct nl *nl, uint8_t family, int index, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_SETNEIGHTBL, 0);
	struct ndtmsg *header = nl_put_header(req, sizeof(*header));
	struct nlattr *parms;

	header->ndtm_family = family;
	nl_put_str(req, NDTA_NAME, family == AF_INET ? "arp_cache" : "ndisc_cache");
	parms = nl_nest(req, NDTA_PARMS);
	nl_put_u32(req, NDTPA_IFINDEX, (uint32_t)index);
	nl_put_u64(req, NDTPA_PROXY_DELAY, 0);
	nl_nest_end(req, parms);
	if (nl_talk(nl, req, err) < 0)
		return error_wrap(err, "answer for zones at once");
	return 0;
}

int device_announce(struct nl *nl, uint8_t family, const struct link *link, struct str *changed,
		    struct error *err)
{
	if (device_forward(nl, family, link, changed, err) < 0 ||
	    answer_at_once(nl, family, link->index, err) < 0)
		return -1;
	if (family == AF_INET || link->inet6.is_answering_proxies)
		return 0;
	return set_for("ipv6", link->name, "proxy_ndp", "1", err);
}

int device_guard_ipv6(const struct link *link, bool is_used, struct error *err)
{
	const struct link_inet6 *v6 = &link->inet6;

	if (!is_used && v6->is_on)
		return set_for("ipv6", link->name, "disable_ipv6", "1", err);
	if (!is_used)
		return 0;
	if (!v6->is_on && set_for("ipv6", link->name, "disable_ipv6", "0", err) < 0)
		return -1;
	if ((v6->accept_ra == 2 || (v6->accept_ra == 1 && !v6->is_forwarding)) &&
	    set_for("ipv6", link->name, "accept_ra", "0", err) < 0)
		return -1;
	/* A link that forwards takes no redirects (rt6_do_redirect()). */
	if (v6->accept_redirects != 0 && !v6->is_forwarding)
		return set_for("ipv6", link->name, "accept_redirects", "0", err);
	return 0;
}
