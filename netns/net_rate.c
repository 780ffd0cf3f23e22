/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net_rate.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/addr.h"
#include "netns/net.h"
#include "netns/net_name.h"
#include "netns/net_up.h"
#include "netns/shape.h"
#include "netns/table.h"

void net_rate_add_funnel(struct nl_batch *b, const char *name, const struct net_plan *plan,
			 size_t nic)
{
	char alias[LINK_ALIAS_MAX], further[LINK_LONG_NAME_MAX];
	struct error none = { 0 };

	(void)net_alias(plan->site, plan->zone, alias, &none);	/* it has been made before */
	net_further_name(plan->site, plan->zone, nic, NET_PART_FUNNEL, further);
	link_add_funnel(b, name);
	link_add_change(b, &(struct link_change){ .name = name, .alias = alias,
			.has_no_address = true });
	link_add_name(b, 0, name, further);
}

static void lead_through(struct nl_batch *b, const struct nic *nic, const struct link *host,
			 int funnel)
{
	link_add_change(b, &(struct link_change){ .index = funnel, .mtu = host->mtu });
	shape_add_rate(b, funnel, nic->rate_out, host->mtu);
	link_add_change(b, &(struct link_change){ .index = funnel, .is_up = true });
	shape_add_funnel(b, host->index, funnel);
}

void net_rate_add(struct nl_batch *b, const struct nic *nic, const struct link *host, int funnel)
{
	if (nic->rate_in != 0)
		shape_add_rate(b, host->index, nic->rate_in, host->mtu);
	if (funnel != 0)
		lead_through(b, nic, host, funnel);
}

/*
 * Of a running zone
 */

/* Finds the zone's link; *out_index is 0 when there is none. */
static int find_part(struct nl *nl, const struct net_plan *plan, size_t nic, enum net_part part,
		     struct link *out, struct error *err)
{
	char name[LINK_LONG_NAME_MAX];
	struct error inner = { 0 };

	*out = (struct link){ .index = 0 };
	net_further_name(plan->site, plan->zone, nic, part, name);
	if (link_find(nl, name, out, &inner) == 0 || inner.kind == ERR_NOT_FOUND)
		return 0;
	*err = inner;
	return -1;
}

/* Takes away what may not be there. */
static int take_away(struct nl *nl, int index, void (*add)(struct nl_batch *b, int index),
		     struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	struct error inner = { 0 };

	add(&b, index);
	if (nl_batch_talk(&b, NULL, NULL, &inner) == 0 || inner.sys == ENOENT ||
	    inner.sys == EINVAL)
		return 0;
	*err = inner;
	return -1;
}

static int make_funnel(struct nl *nl, const struct net_plan *plan, size_t i,
		       const struct link *host, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	char name[IFNAMSIZ];
	struct link funnel;

	net_name_funnel(host->name, name);
	net_rate_add_funnel(&b, name, plan, i);
	if (nl_batch_talk(&b, NULL, NULL, err) < 0 || link_find(nl, name, &funnel, err) < 0)
		return -1;
	lead_through(&b, &plan->nics[i], host, funnel.index);
	if (nl_batch_talk(&b, NULL, NULL, err) == 0)
		return 0;
	(void)link_remove(nl, funnel.index, &(struct error){ 0 });	/* the failure is told */
	return -1;
}

static int change_out(struct nl *nl, const struct net_plan *plan, size_t i,
		      const struct link *host, struct error *err)
{
	const struct nic *nic = &plan->nics[i];
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	struct link funnel;

	if (find_part(nl, plan, i, NET_PART_FUNNEL, &funnel, err) < 0)
		return -1;
	if (funnel.index == 0)
		return nic->rate_out != 0 ? make_funnel(nl, plan, i, host, err) : 0;
	if (nic->rate_out == 0) {
		if (take_away(nl, host->index, shape_add_no_funnel, err) < 0)
			return -1;
		return link_remove(nl, funnel.index, err);
	}
	shape_add_rate(&b, funnel.index, nic->rate_out, host->mtu);
	return nl_batch_talk(&b, NULL, NULL, err);
}

static int change_in(struct nl *nl, const struct nic *nic, const struct link *host,
		     struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };

	if (nic->rate_in == 0)
		return take_away(nl, host->index, shape_add_no_rate, err);
	shape_add_rate(&b, host->index, nic->rate_in, host->mtu);
	return nl_batch_talk(&b, NULL, NULL, err);
}

/* Stays when the last port goes: it has no effect without one. */
static int lead_localhost(struct nl *nl, int index, struct error *err)
{
	AUTO_BATCH struct nl_batch b;

	nl_batch_init(&b, nl);
	addr_add_localhost(&b, index);
	return nl_batch_talk(&b, NULL, NULL, err);
}

static int change_rates(struct nl *nl, const struct net_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_nics; i++) {
		const struct nic *nic = &plan->nics[i];
		struct link host;

		if (nic->kind != NIC_ROUTED && nic->kind != NIC_BRIDGE)
			continue;
		if (find_part(nl, plan, i, NET_PART_PAIR, &host, err) < 0)
			return -1;
		if (host.index == 0)
			return error_set(err, ERR_STATE, "%s: the zone has no link for it",
					 nic->name);
		if (change_in(nl, nic, &host, err) < 0 ||
		    change_out(nl, plan, i, &host, err) < 0)
			return error_wrap(err, "%s", nic->name);
		if (net_has_localhost(plan, nic) && lead_localhost(nl, host.index, err) < 0)
			return error_wrap(err, "%s", nic->name);
	}
	return 0;
}

int net_change(const struct net_plan *plan, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };
	char alias[LINK_ALIAS_MAX];

	if (net_alias(plan->site, plan->zone, alias, err) < 0 ||
	    nl_open(&nl, NETLINK_ROUTE, err) < 0 || change_rates(&nl, plan, err) < 0)
		return -1;
	return table_publish(plan, err);
}
