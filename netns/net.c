/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "netns/device.h"
#include "netns/net_name.h"
#include "netns/net_rate.h"
#include "netns/net_up.h"
#include "netns/table.h"

/* The same for every pair, as each is a network of two: a zone that moves to another host finds
 * what it had. */
const struct net_addr net_gateway4 = { AF_INET, 32, { 169, 254, 1, 1 } };
const struct net_addr net_gateway6 = { AF_INET6, 128, { 0xfe, 0x80, [15] = 1 } };
const uint8_t net_gateway_mac[NET_MAC_LEN] = { 0x02, 0x00, 0xa9, 0xfe, 0x01, 0x01 };

bool net_has_pair(const struct nic *nic)
{
	return nic->kind == NIC_ROUTED || nic->kind == NIC_BRIDGE;
}

bool net_has_family(const struct nic *nic, uint8_t family)
{
	for (size_t i = 0; i < nic->n_addrs; i++) {
		if (nic->addrs[i].family == family)
			return true;
	}
	return false;
}

int net_for_each(struct up *u, struct nl *nl,
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

/*
 * Links
 */

static void add_link(struct up *u, size_t i, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	struct end *end = &u->ends[i];
	struct link_pair pair = {
		.host = nic->host, .zone = nic->name, .host_mac = net_gateway_mac,
		.zone_mac = nic->mac, .zone_netns_fd = u->netns_fd, .mtu = end->mtu,
	};
	char alias[LINK_ALIAS_MAX], further[LINK_LONG_NAME_MAX];

	if (!net_has_pair(nic))
		end->zone_index = LINK_ZONE_FIRST + (int)i;
	if (nic->kind == NIC_MACVLAN) {
		link_add_macvlan(b, end->device.index, end->zone_index, &pair);
	} else if (nic->kind == NIC_PHYS) {
		net_alias_phys(u->alias, nic->device, alias);
		link_add_change(b, &(struct link_change){ .index = end->device.index,
				.alias = alias, .is_down = true });
		net_further_name(u->plan->site, u->plan->zone, i, NET_PART_HARDWARE, further);
		link_add_name(b, end->device.index, NULL, further);
		link_add_move(b, end->device.index, u->netns_fd, nic->name, end->zone_index);
	} else {
		/* As a port of a bridge it has a MAC of its own, which the kernel draws. */
		if (nic->kind == NIC_BRIDGE)
			pair.host_mac = NULL;
		link_add_pair(b, &pair);
		link_add_change(b, &(struct link_change){
			.name = nic->host, .alias = u->alias,
			.is_host_end = nic->kind == NIC_ROUTED, .has_no_address = true,
		});
		net_further_name(u->plan->site, u->plan->zone, i, NET_PART_PAIR, further);
		link_add_name(b, 0, nic->host, further);
		link_add_question(b, nic->host);
	}
	if (end->funnel_name[0]) {
		net_rate_add_funnel(b, end->funnel_name, u->plan, i);
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
		const struct nic *nic = &u->plan->nics[i];

		if (net_has_pair(nic) && strcmp(link.name, nic->host) == 0)
			u->ends[i].host = link;
		if (strcmp(link.name, u->ends[i].funnel_name) == 0)
			u->ends[i].funnel = link.index;
	}
	return 0;
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
	link_add_change(&b, &(struct link_change){ .name = nic->device,
			.alias = NET_BRIDGE_ALIAS, .has_no_address = true });
	link_add_change(&b, &(struct link_change){ .name = nic->device, .is_up = true });
	if (nl_batch_talk(&b, NULL, NULL, &inner) < 0 && inner.sys != EEXIST) {
		*err = inner;
		return -1;
	}
	return link_find(&u->host, nic->device, out, err);
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

int net_make_links(struct up *u, struct error *err)
{
	if (make_bridges(u, err) < 0)
		return -1;
	if (net_for_each(u, &u->host, add_link, take_link, err) < 0)
		return -1;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];

		if (net_has_pair(nic) && u->ends[i].host.index == 0)
			return error_set(err, ERR_FAILED, "%s: the kernel does not show '%s'",
					 nic->name, nic->host);
		if (nic->kind == NIC_ROUTED &&
		    device_guard_ipv6(&u->ends[i].host, net_has_family(nic, AF_INET6), err) < 0)
			return error_wrap(err, "%s", nic->name);
	}
	return 0;
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
	net_look, make_table, net_make_links, net_make_zone_side, net_make_host_side,
};

/* A link without our alias is somebody else's under the same name. */
static void remove_named(struct up *u, int index, const char *name)
{
	struct error ignored = { 0 };
	struct link link;

	if (index == 0 && name[0] && link_find(&u->host, name, &link, &ignored) == 0 &&
	    strcmp(link.alias, u->alias) == 0)
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

		if (net_has_pair(nic))
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
