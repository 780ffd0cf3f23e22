/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "netns/addr.h"
#include "netns/device.h"
#include "netns/link.h"
#include "netns/net_name.h"
#include "netns/net_rate.h"
#include "netns/table.h"

/* The same for every pair, as each is a network of two: a zone that moves to another host finds
 * what it had. */
const struct net_addr net_gateway4 = { AF_INET, 32, { 169, 254, 1, 1 } };
const struct net_addr net_gateway6 = { AF_INET6, 128, { 0xfe, 0x80, [15] = 1 } };
static const uint8_t gateway_mac[NET_MAC_LEN] = { 0x02, 0x00, 0xa9, 0xfe, 0x01, 0x01 };

struct end {
	struct link device;		/* bridge, parent or hardware; index 0 for routed */
	struct link host;		/* the host's end of a pair; index 0 until it is known */
	int zone_index;			/* inside; likewise */
	char funnel_name[IFNAMSIZ];	/* "" without a rate_out */
	int funnel;
	uint32_t mtu;			/* 0: the kernel's */
};

struct up {
	const struct net_plan *plan;
	struct nl host;
	struct nl *zone;		/* borrowed */
	int netns_fd;
	char alias[LINK_ALIAS_MAX];
	struct str *changed;		/* borrowed */
	struct link uplink4, uplink6;	/* index 0 without one */
	struct end ends[NET_NICS_MAX];
};

static bool has_pair(const struct nic *nic)
{
	return nic->kind == NIC_ROUTED || nic->kind == NIC_BRIDGE;
}

static bool has_family(const struct nic *nic, uint8_t family)
{
	for (size_t i = 0; i < nic->n_addrs; i++) {
		if (nic->addrs[i].family == family)
			return true;
	}
	return false;
}

static bool is_any_routed(const struct net_plan *plan, uint8_t family)
{
	for (size_t i = 0; i < plan->n_nics; i++) {
		if (plan->nics[i].kind == NIC_ROUTED && has_family(&plan->nics[i], family))
			return true;
	}
	return false;
}

/*
 * What the host has
 */

static int find_bridge(struct up *u, const struct nic *nic, struct link *out, struct error *err)
{
	struct error inner = { 0 };
	int rc = link_find(&u->host, nic->device, out, &inner);

	if (rc < 0 && inner.kind == ERR_NOT_FOUND && net_name_is_bridge(nic->device))
		return 0;	/* make_bridge() */
	if (rc < 0) {
		*err = inner;
		return error_hint(err, "a bridge that zonectl makes itself has a name like zn-%.9s",
				  nic->device);
	}
	if (strcmp(out->kind, "bridge") != 0)
		return error_set(err, ERR_BUSY, "interface '%s' is no bridge", nic->device);
	return 0;
}

static int find_device(struct up *u, const struct nic *nic, struct link *out, struct error *err)
{
	switch (nic->kind) {
	case NIC_ROUTED:
		return 0;
	case NIC_BRIDGE:
		return find_bridge(u, nic, out, err);
	case NIC_MACVLAN:
		return link_find(&u->host, nic->device, out, err);
	case NIC_PHYS:
		if (link_find(&u->host, nic->device, out, err) < 0)
			return error_hint(err, "another zone may have it: zonectl net list");
		return device_check_unused(&u->host, out, err);
	}
	return error_set(err, ERR_USAGE, "unknown kind of interface");
}

/* Without a way to the world a zone still reaches the host and the other zones. */
static int find_uplinks(struct up *u, struct error *err)
{
	struct error none = { 0 };
	bool has4 = is_any_routed(u->plan, AF_INET), has6 = is_any_routed(u->plan, AF_INET6);

	if (has4 && device_uplink(&u->host, AF_INET, &u->uplink4, &none) == 0 &&
	    device_forward(&u->host, AF_INET, &u->uplink4, u->changed, err) < 0)
		return -1;
	if (has6)
		(void)device_uplink(&u->host, AF_INET6, &u->uplink6, &none);	/* as above */
	return has6 ? device_forward(&u->host, AF_INET6, NULL, u->changed, err) : 0;
}

static int check_rates(const struct nic *nic, struct error *err)
{
	uint64_t in = nic->rate_in, out = nic->rate_out;

	if ((in == 0 && out == 0) || has_pair(nic))
		return 0;
	error_set(err, ERR_UNSUPPORTED, "a rate has no hold on this kind of interface");
	return error_hint(err, "net-in and net-out are for net=routed and net=bridge:NAME");
}

static uint32_t mtu_of(const struct up *u, const struct nic *nic, const struct link *device)
{
	if (nic->mtu != 0 || nic->kind == NIC_MACVLAN || nic->kind == NIC_PHYS)
		return nic->mtu;
	if (nic->kind == NIC_BRIDGE)
		return device->mtu;
	return u->uplink4.index > 0 ? u->uplink4.mtu : u->uplink6.mtu;
}

/* Before the table, whose elements go by the link's name. */
static int check_name(struct up *u, const struct nic *nic, struct error *err)
{
	struct error inner = { 0 };
	struct link link;

	if (!has_pair(nic))
		return 0;
	if (link_find(&u->host, nic->host, &link, &inner) == 0)
		return error_set(err, ERR_EXISTS, "the host has an interface '%s'", nic->host);
	if (inner.kind == ERR_NOT_FOUND)
		return 0;
	*err = inner;
	return -1;
}

static int look(struct up *u, struct error *err)
{
	if (find_uplinks(u, err) < 0)
		return -1;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];
		struct end *end = &u->ends[i];

		if (check_rates(nic, err) < 0 || check_name(u, nic, err) < 0 ||
		    find_device(u, nic, &end->device, err) < 0)
			return error_wrap(err, "%s", nic->name);
		end->mtu = mtu_of(u, nic, &end->device);
		if (nic->rate_out != 0)
			net_name_funnel(nic->host, end->funnel_name);
	}
	return 0;
}

/*
 * Links
 */

static void add_link(struct up *u, size_t i, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	struct end *end = &u->ends[i];
	struct link_pair pair = {
		.host = nic->host, .zone = nic->name, .host_mac = gateway_mac,
		.zone_mac = nic->mac, .zone_netns_fd = u->netns_fd, .mtu = end->mtu,
	};
	char alias[LINK_ALIAS_MAX];

	if (!has_pair(nic))
		end->zone_index = LINK_ZONE_FIRST + (int)i;
	if (nic->kind == NIC_MACVLAN) {
		link_add_macvlan(b, end->device.index, end->zone_index, &pair);
	} else if (nic->kind == NIC_PHYS) {
		net_alias_phys(u->alias, nic->device, alias);
		link_add_change(b, &(struct link_change){ .index = end->device.index,
				.alias = alias, .is_down = true });
		link_add_move(b, end->device.index, u->netns_fd, nic->name, end->zone_index);
	} else {
		/* As a port of a bridge it has a MAC of its own, which the kernel draws. */
		if (nic->kind == NIC_BRIDGE)
			pair.host_mac = NULL;
		link_add_pair(b, &pair);
		link_add_question(b, nic->host);
	}
	if (end->funnel_name[0]) {
		link_add_funnel(b, end->funnel_name);
		link_add_question(b, end->funnel_name);
	}
}

static int take_link(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct up *u = arg;
	struct link link;

	(void)err;
	if (!link_parse(msg, &link))
		return 0;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		if (has_pair(&u->plan->nics[i]) && strcmp(link.name, u->plan->nics[i].host) == 0)
			u->ends[i].host = link;
		if (strcmp(link.name, u->ends[i].funnel_name) == 0)
			u->ends[i].funnel = link.index;
	}
	return 0;
}

static int take_zone_link(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct up *u = arg;
	struct link link;

	(void)err;
	if (!link_parse(msg, &link))
		return 0;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		if (strcmp(link.name, u->plan->nics[i].name) == 0)
			u->ends[i].zone_index = link.index;
	}
	return 0;
}

/* Sends what each interface adds to a batch; a failure names the interface. take, which may be
 * NULL, reads the answers. */
static int for_each(struct up *u, struct nl *nl,
		    void (*add)(struct up *u, size_t i, struct nl_batch *b),
		    int (*take)(const struct nlmsghdr *msg, void *arg, struct error *err),
		    struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	struct nl_sink sink = { take, NULL, u };
	size_t ends[NET_NICS_MAX], failed = 0, nic = 0;

	for (size_t i = 0; i < u->plan->n_nics; i++) {
		add(u, i, &b);
		ends[i] = b.n;
	}
	if (nl_batch_talk(&b, take ? &sink : NULL, &failed, err) == 0)
		return 0;
	while (nic + 1 < u->plan->n_nics && failed >= ends[nic])
		nic++;
	return error_wrap(err, "%s", u->plan->nics[nic].name);
}

/* A bridge that is ours is made by the first zone on it, after the zone is in the table: so that
 * net_list() knows of it if all ends here. Another may make it at the same moment. */
static int make_bridge(struct up *u, const struct nic *nic, struct link *out, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &u->host };
	struct error inner = { 0 };
	uint8_t mac[NET_MAC_LEN];

	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return error_sys(err, "random numbers");
	mac[0] = 0x02;	/* locally administered, one station */
	link_add_bridge(&b, nic->device, mac);
	if (nl_batch_talk(&b, NULL, NULL, &inner) < 0 && inner.sys != EEXIST) {
		*err = inner;
		return -1;
	}
	if (link_find(&u->host, nic->device, out, err) < 0)
		return -1;
	link_add_change(&b, &(struct link_change){ .index = out->index,
			.alias = NET_BRIDGE_ALIAS, .has_no_address = true });
	link_add_change(&b, &(struct link_change){ .index = out->index, .is_up = true });
	return nl_batch_talk(&b, NULL, NULL, err);
}

static int make_bridges(struct up *u, struct error *err)
{
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];
		struct link *device = &u->ends[i].device;

		if (nic->kind == NIC_BRIDGE && device->index == 0 &&
		    make_bridge(u, nic, device, err) < 0)
			return error_wrap(err, "%s", nic->name);
	}
	return 0;
}

static int make_links(struct up *u, struct error *err)
{
	if (make_bridges(u, err) < 0)
		return -1;
	if (for_each(u, &u->host, add_link, take_link, err) < 0)
		return -1;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];

		if (has_pair(nic) && u->ends[i].host.index == 0)
			return error_set(err, ERR_FAILED, "%s: the kernel does not show '%s'",
					 nic->name, nic->host);
		if (nic->kind == NIC_ROUTED &&
		    device_guard_ipv6(&u->ends[i].host, has_family(nic, AF_INET6), err) < 0)
			return error_wrap(err, "%s", nic->name);
	}
	return 0;
}

/*
 * The zone's side
 */

static const struct net_addr *first_of(const struct nic *nic, uint8_t family)
{
	for (size_t i = 0; i < nic->n_addrs; i++) {
		if (nic->addrs[i].family == family)
			return &nic->addrs[i];
	}
	return NULL;
}

static const struct net_addr *gateway_of(const struct nic *nic, uint8_t family)
{
	const struct net_addr *given = family == AF_INET ? &nic->gateway4 : &nic->gateway6;

	if (nic->kind != NIC_ROUTED)
		return addr_is_none(given) ? NULL : given;
	if (!has_family(nic, family))
		return NULL;
	return family == AF_INET ? &net_gateway4 : &net_gateway6;
}

/* The first interface's way out is the preferred one. IPv6 takes no metric for 1024. */
static void add_way_out(const struct up *u, size_t i, uint8_t family, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	const struct net_addr *gateway = gateway_of(nic, family);
	uint32_t metric = (uint32_t)i + (family == AF_INET6 && i > 0 ? 1024 : 0);
	int index = u->ends[i].zone_index;

	if (!gateway)
		return;
	if (nic->kind == NIC_ROUTED)
		addr_add_neighbour(b, index, gateway, gateway_mac);
	addr_add_default_route(b, index, gateway, metric, first_of(nic, family));
}

static void add_zone_side(struct up *u, size_t i, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	int index = u->ends[i].zone_index;
	bool is_routed = nic->kind == NIC_ROUTED;
	struct link_change change = { .index = index, .has_no_address = is_routed };

	if (nic->kind == NIC_PHYS) {
		change.mac = memcmp(nic->mac, (uint8_t[NET_MAC_LEN]){ 0 }, NET_MAC_LEN) != 0 ?
			     nic->mac : NULL;
		change.mtu = u->ends[i].mtu;
	}
	if (is_routed || change.mac || change.mtu != 0)
		link_add_change(b, &change);
	link_add_change(b, &(struct link_change){ .index = index, .is_up = true });
	for (size_t k = 0; k < nic->n_addrs; k++) {
		struct net_addr addr = nic->addrs[k];

		if (is_routed)
			addr.prefix = (uint8_t)(addr_len(addr.family) * 8);
		addr_add(b, index, &addr, !is_routed);
	}
	add_way_out(u, i, AF_INET, b);
	add_way_out(u, i, AF_INET6, b);
}

static void add_zone_question(struct up *u, size_t i, struct nl_batch *b)
{
	if (has_pair(&u->plan->nics[i]))
		link_add_question(b, u->plan->nics[i].name);
}

/* The kernel does not take a wish for the index of the far end alone (veth_newlink()). */
static int make_zone_side(struct up *u, struct error *err)
{
	if (for_each(u, u->zone, add_zone_question, take_zone_link, err) < 0)
		return -1;
	return for_each(u, u->zone, add_zone_side, NULL, err);
}

/*
 * The host's side
 */

/* The link on which others ask who has the address: where it would be a neighbour, else where the
 * world is. 0: nowhere. */
static int place_to_answer(struct up *u, const struct net_addr *a)
{
	const struct link *uplink = a->family == AF_INET ? &u->uplink4 : &u->uplink6;
	struct addr_route route;
	struct error none = { 0 };

	if (addr_route_to(&u->host, a, &route, &none) == 0 && !route.has_gateway && !route.is_ours)
		return route.index;
	return uplink->index;
}

static int announce_one(struct up *u, const struct net_addr *a, struct nl_batch *b,
			struct error *err)
{
	int index = place_to_answer(u, a);
	struct link link;

	if (index == 0)
		return 0;
	if (link_find_index(&u->host, index, &link, err) < 0 ||
	    device_announce(&u->host, a->family, &link, u->changed, err) < 0)
		return -1;
	addr_add_proxy(b, index, a);
	return 0;
}

/* Gathered before the zone's own routes hide where the addresses belong. */
static int gather_answers(struct up *u, struct nl_batch *b, struct error *err)
{
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];

		if (nic->kind != NIC_ROUTED || !nic->is_announced)
			continue;
		for (size_t k = 0; k < nic->n_addrs; k++) {
			if (announce_one(u, &nic->addrs[k], b, err) < 0)
				return error_wrap(err, "%s", nic->name);
		}
	}
	return 0;
}

static void add_routed(const struct nic *nic, int index, struct nl_batch *b)
{
	if (has_family(nic, AF_INET))
		addr_add(b, index, &net_gateway4, false);
	if (has_family(nic, AF_INET6))
		addr_add(b, index, &net_gateway6, false);
	for (size_t i = 0; i < nic->n_addrs; i++) {
		addr_add_neighbour(b, index, &nic->addrs[i], nic->mac);
		addr_add_host_route(b, index, &nic->addrs[i]);
	}
}

static void add_host_side(struct up *u, size_t i, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	const struct end *end = &u->ends[i];
	bool is_routed = nic->kind == NIC_ROUTED;
	int index = end->host.index;

	if (!has_pair(nic))
		return;
	link_add_change(b, &(struct link_change){
		.index = index, .alias = u->alias, .is_host_end = is_routed,
		.has_no_address = !is_routed || has_family(nic, AF_INET6),
		.master = is_routed ? 0 : end->device.index,
	});
	if (!is_routed)
		link_add_port(b, index, nic->mac, nic->is_isolated);
	net_rate_add(b, nic, &end->host, end->funnel, u->alias);
	link_add_change(b, &(struct link_change){ .index = index, .is_up = true });
	if (is_routed)
		add_routed(nic, index, b);
}

static int make_host_side(struct up *u, struct error *err)
{
	AUTO_BATCH struct nl_batch answers = { .nl = &u->host };

	if (gather_answers(u, &answers, err) < 0 ||
	    for_each(u, &u->host, add_host_side, NULL, err) < 0)
		return -1;
	return nl_batch_talk(&answers, NULL, NULL, err);
}

/*
 * All of it
 */

static int make_table(struct up *u, struct error *err)
{
	return table_add(u->plan, err);
}

/* The table comes before the first link: there is no moment in which a zone's packets pass
 * unseen. */
static int (*const steps[])(struct up *u, struct error *err) = {
	look, make_table, make_links, make_zone_side, make_host_side,
};

/* A link that carries another alias than ours, or one at all before it is known to be ours, is
 * somebody else's under the same name. */
static void remove_named(struct up *u, int index, const char *name)
{
	struct error ignored = { 0 };
	struct link link;

	if (index == 0 && name[0] && link_find(&u->host, name, &link, &ignored) == 0 &&
	    link.alias[0] == '\0')
		index = link.index;
	if (index != 0)
		(void)link_remove(&u->host, index, &ignored);	/* the first failure is told */
}

static void undo(struct up *u)
{
	struct error ignored = { 0 };

	(void)net_return(u->plan, u->zone, &ignored);	/* the first failure is told */
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];

		if (has_pair(nic))
			remove_named(u, u->ends[i].host.index, nic->host);
		if (nic->kind == NIC_MACVLAN)
			(void)link_remove(u->zone, LINK_ZONE_FIRST + (int)i, &ignored);
		remove_named(u, u->ends[i].funnel, u->ends[i].funnel_name);
	}
	(void)net_down(u->plan->site, u->plan->zone, NULL, &ignored);	/* and table and bridge */
}

/* What the kernel lacks is told by a few numbers, according to who is asked. */
static int explain(struct error *err)
{
	if (err->sys == EOPNOTSUPP || err->sys == EAFNOSUPPORT || err->sys == EPROTONOSUPPORT) {
		err->kind = ERR_UNSUPPORTED;
		return error_hint(err, "this kernel lacks it, or a module for it can't be loaded");
	}
	if (err->sys == EBUSY || err->sys == EADDRINUSE)
		err->kind = ERR_BUSY;
	return -1;
}

int net_up(const struct net_plan *plan, struct nl *zone, int zone_netns_fd, struct str *changed,
	   struct error *err)
{
	struct up u = { .plan = plan, .zone = zone, .netns_fd = zone_netns_fd, .changed = changed };
	int rc = 0;

	if (plan->n_nics > NET_NICS_MAX)
		return error_set(err, ERR_USAGE, "more than %d interfaces", NET_NICS_MAX);
	if (plan->n_nics == 0)
		return 0;
	if (net_alias(plan->site, plan->zone, u.alias, err) < 0 ||
	    nl_open(&u.host, NETLINK_ROUTE, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < N_ROWS(steps); i++)
		rc = steps[i](&u, err);
	if (rc < 0) {
		explain(err);
		undo(&u);
	}
	nl_close(&u.host);
	return rc;
}
