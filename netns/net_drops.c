/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net_drops.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/net.h"
#include "netns/net_name.h"
#include "netns/shape.h"

void net_drops_add(struct nl *nl, const struct link *link, struct net_stats *sum)
{
	struct error gone = { 0 };
	uint64_t drops = 0;

	if (!link->is_shaped || shape_drops(nl, link->index, &drops, &gone) < 0)
		return;
	if (strcmp(link->kind, "ifb") == 0)
		sum->rate_out_drops += drops;
	else
		sum->rate_in_drops += drops;
}

/* The links that have a rate are few: each is asked whose it is. */
struct shaped {
	int *indexes;			/* owned */
	size_t n, room;
};

static int take_shaped(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct shaped *s = arg;
	uint64_t drops;
	int index;

	(void)err;	/* a message of something else is passed over */
	if (!shape_parse(msg, &index, &drops))
		return 0;
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->indexes = xreallocarray(s->indexes, s->room, sizeof(*s->indexes));
	}
	s->indexes[s->n++] = index;
	return 0;
}

static void restart_shaped(void *arg)
{
	((struct shaped *)arg)->n = 0;
}

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct net_zone_stats *)entry)->zone);
}

static void add_link(struct nl *nl, const char *site, int index, struct net_zone_stats *list,
		     size_t n)
{
	char zone[LINK_ALIAS_MAX], device[IFNAMSIZ];
	struct net_zone_stats *found;
	struct error gone = { 0 };
	struct link link;

	if (link_find_index(nl, index, &link, &gone) < 0 ||
	    !net_alias_parse(link.alias, site, zone, device))
		return;
	found = n > 0 ? bsearch(zone, list, n, sizeof(*list), by_name) : NULL;
	if (found)
		net_drops_add(nl, &link, &found->stats);
}

int net_drops_all(const char *site, struct net_zone_stats *list, size_t n, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };
	struct shaped s = { .n = 0 };
	struct nl_sink sink = { take_shaped, restart_shaped, &s };
	struct nlmsghdr *req;
	int rc;

	if (nl_open(&nl, NETLINK_ROUTE, err) < 0)
		return -1;
	req = nl_request(&nl, RTM_GETQDISC, 0);
	(void)nl_put_header(req, sizeof(struct tcmsg));	/* of all links */
	rc = nl_dump(&nl, req, &sink, err);
	for (size_t i = 0; rc == 0 && i < s.n; i++)
		add_link(&nl, site, s.indexes[i], list, n);
	free(s.indexes);
	return rc;
}
