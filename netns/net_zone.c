/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "netns/addr.h"
#include "netns/net.h"
#include "netns/net_up.h"

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
	if (!net_has_family(nic, family))
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
		addr_add_neighbour(b, index, gateway, net_gateway_mac);
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

static void add_zone_question(struct up *u, size_t i, struct nl_batch *b)
{
	if (net_has_pair(&u->plan->nics[i]))
		link_add_question(b, u->plan->nics[i].name);
}

/* The kernel does not take a wish for the index of the far end alone (veth_newlink()). */
int net_make_zone_side(struct up *u, struct error *err)
{
	if (net_for_each(u, u->zone, add_zone_question, take_zone_link, err) < 0)
		return -1;
	return net_for_each(u, u->zone, add_zone_side, NULL, err);
}

