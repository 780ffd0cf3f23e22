/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "netns/addr.h"
#include "netns/device.h"
#include "netns/net.h"
#include "netns/net_rate.h"
#include "netns/net_up.h"

enum { WORKER_TRIES = 10000 };		/* a second at the least: the worker may be far behind */

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
	if (net_has_family(nic, AF_INET))
		addr_add(b, index, &net_gateway4, false);
	if (net_has_family(nic, AF_INET6))
		addr_add(b, index, &net_gateway6, false);
	for (size_t i = 0; i < nic->n_addrs; i++) {
		addr_add_neighbour(b, index, &nic->addrs[i], nic->mac);
		addr_add_host_route(b, index, &nic->addrs[i]);
	}
}

bool net_has_localhost(const struct net_plan *plan, const struct nic *nic)
{
	if (nic->kind != NIC_ROUTED || !net_has_family(nic, AF_INET6))
		return false;
	for (size_t i = 0; i < plan->n_publish; i++)
		if (plan->publish[i].address.family != AF_INET &&
		    plan->publish[i].target.family != AF_INET)
			return true;
	return false;
}

static void add_host_side(struct up *u, size_t i, struct nl_batch *b)
{
	const struct nic *nic = &u->plan->nics[i];
	const struct end *end = &u->ends[i];
	bool is_routed = nic->kind == NIC_ROUTED;
	int index = end->host.index;

	if (!net_has_pair(nic))
		return;
	if (!is_routed) {
		link_add_change(b, &(struct link_change){ .index = index,
				.master = end->device.index });
		link_add_port(b, index, nic->mac, nic->is_isolated);
	}
	net_rate_add(b, nic, &end->host, end->funnel);
	link_add_change(b, &(struct link_change){ .index = index, .is_up = true });
	if (is_routed)
		add_routed(nic, index, b);
	if (net_has_localhost(u->plan, nic))
		addr_add_localhost(b, index);
}

/*
 * What the kernel's workers do a moment after they were asked
 */

/* The end that is raised first has no carrier then; when it gets one, a worker gives it queues, and
 * until then what is sent is lost. From 6.7 on, to ask for the link is to wait for the worker
 * (commit facd15dfd691); before, the state tells when it was there. */
static bool passes(struct nl *nl, int index, const void *unused)
{
	struct error ignored = { 0 };
	struct link link;

	(void)unused;
	return link_find_index(nl, index, &link, &ignored) < 0 || link.is_operational;
}

static bool serves(struct nl *nl, int index, const void *a)
{
	return addr_is_served(nl, index, a);
}

/* A worker that is far behind is a busy machine: what it still has to do then only comes late. */
static void wait_for(struct nl *nl, int index,
		     bool (*is_done)(struct nl *nl, int index, const void *arg), const void *arg)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	for (int i = 0; i < WORKER_TRIES && !is_done(nl, index, arg); i++)
		nanosleep(&pause, NULL);
}

static void wait_for_nic(struct up *u, const struct nic *nic, const struct end *end)
{
	wait_for(u->zone, end->zone_index, passes, NULL);
	if (nic->kind == NIC_BRIDGE) {
		/* A port passes nothing before, and the first one gives the bridge its carrier. */
		wait_for(&u->host, end->host.index, passes, NULL);
		wait_for(&u->host, end->device.index, passes, NULL);
	}
	for (size_t i = 0; i < nic->n_addrs; i++) {
		if (nic->addrs[i].family == AF_INET6)
			wait_for(u->zone, end->zone_index, serves, &nic->addrs[i]);
	}
	if (nic->kind == NIC_ROUTED && net_has_family(nic, AF_INET6))
		wait_for(&u->host, end->host.index, serves, &net_gateway6);
}

static void wait_for_workers(struct up *u)
{
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		if (net_has_pair(&u->plan->nics[i]))
			wait_for_nic(u, &u->plan->nics[i], &u->ends[i]);
	}
}

int net_make_host_side(struct up *u, struct error *err)
{
	AUTO_BATCH struct nl_batch answers = { .nl = &u->host };

	if (gather_answers(u, &answers, err) < 0 ||
	    net_for_each(u, &u->host, add_host_side, NULL, err) < 0)
		return -1;
	if (nl_batch_talk(&answers, NULL, NULL, err) < 0)
		return -1;
	wait_for_workers(u);
	return 0;
}

