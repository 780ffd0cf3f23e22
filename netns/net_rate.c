/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net_rate.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/net.h"
#include "netns/net_name.h"
#include "netns/shape.h"
#include "netns/table.h"

void net_rate_add_funnel(struct nl_batch *b, const char *name, const char *alias)
{
	link_add_funnel(b, name);
	link_add_change(b, &(struct link_change){ .name = name, .alias = alias,
			.has_no_address = true });
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

struct change {
	struct nl nl;
	char alias[LINK_ALIAS_MAX];
	struct link *links;		/* owned */
	size_t n;
};

/* The zone's link of this kind for its interface number nic, or NULL. */
static const struct link *link_of(const struct change *c, const char *kind, size_t nic)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct link *l = &c->links[i];

		if (strcmp(l->kind, kind) == 0 && strcmp(l->alias, c->alias) == 0 &&
		    net_name_nic(l->name) == (int)nic)
			return l;
	}
	return NULL;
}

/* Takes away what may not be there. */
static int take_away(struct change *c, int index, void (*add)(struct nl_batch *b, int index),
		     struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &c->nl };
	struct error inner = { 0 };

	add(&b, index);
	if (nl_batch_talk(&b, NULL, NULL, &inner) == 0 || inner.sys == ENOENT ||
	    inner.sys == EINVAL)
		return 0;
	*err = inner;
	return -1;
}

static int make_funnel(struct change *c, const struct nic *nic, const struct link *host,
		       struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &c->nl };
	char name[IFNAMSIZ];
	struct link funnel;

	net_name_funnel(host->name, name);
	net_rate_add_funnel(&b, name, c->alias);
	if (nl_batch_talk(&b, NULL, NULL, err) < 0 || link_find(&c->nl, name, &funnel, err) < 0)
		return -1;
	lead_through(&b, nic, host, funnel.index);
	if (nl_batch_talk(&b, NULL, NULL, err) == 0)
		return 0;
	(void)link_remove(&c->nl, funnel.index, &(struct error){ 0 });	/* the failure is told */
	return -1;
}

static int change_out(struct change *c, const struct nic *nic, const struct link *host,
		      const struct link *funnel, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &c->nl };

	if (!funnel)
		return nic->rate_out != 0 ? make_funnel(c, nic, host, err) : 0;
	if (nic->rate_out == 0) {
		if (take_away(c, host->index, shape_add_no_funnel, err) < 0)
			return -1;
		return link_remove(&c->nl, funnel->index, err);
	}
	shape_add_rate(&b, funnel->index, nic->rate_out, host->mtu);
	return nl_batch_talk(&b, NULL, NULL, err);
}

static int change_in(struct change *c, const struct nic *nic, const struct link *host,
		     struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &c->nl };

	if (nic->rate_in == 0)
		return take_away(c, host->index, shape_add_no_rate, err);
	shape_add_rate(&b, host->index, nic->rate_in, host->mtu);
	return nl_batch_talk(&b, NULL, NULL, err);
}

static int change_rates(struct change *c, const struct net_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_nics; i++) {
		const struct nic *nic = &plan->nics[i];
		const struct link *host = link_of(c, "veth", i);

		if (nic->kind != NIC_ROUTED && nic->kind != NIC_BRIDGE)
			continue;
		if (!host)
			return error_set(err, ERR_STATE, "%s: the zone has no link for it",
					 nic->name);
		if (change_in(c, nic, host, err) < 0 ||
		    change_out(c, nic, host, link_of(c, "ifb", i), err) < 0)
			return error_wrap(err, "%s", nic->name);
	}
	return 0;
}

int net_change(const struct net_plan *plan, struct error *err)
{
	struct change c = { .links = NULL };
	int rc;

	if (net_alias(plan->site, plan->zone, c.alias, err) < 0 ||
	    nl_open(&c.nl, NETLINK_ROUTE, err) < 0)
		return -1;
	rc = link_list(&c.nl, &c.links, &c.n, err);
	if (rc == 0)
		rc = change_rates(&c, plan, err);
	if (rc == 0)
		rc = table_publish(plan, err);
	free(c.links);
	nl_close(&c.nl);
	return rc;
}
