/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/net.h"
#include "netns/net_drops.h"
#include "netns/net_name.h"
#include "netns/table.h"

struct down {
	struct nl nl;
	const char *site, *zone;	/* borrowed */
	struct net_stats drops;		/* of rates */
};

/*
 * Hardware
 */

static int change(struct nl *nl, const struct link_change *c, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = nl };
	struct error inner = { 0 };

	link_add_change(&b, c);
	/* A link that went meanwhile needs nothing more. */
	if (nl_batch_talk(&b, NULL, NULL, &inner) == 0 || inner.sys == ENODEV)
		return 0;
	*err = inner;
	return -1;
}

/* The MAC that it left the factory with, if the zone gave it another one; NULL otherwise. */
static const uint8_t *own_mac(const struct link *link)
{
	static const uint8_t none[NET_MAC_LEN];

	if (memcmp(link->permanent_mac, none, NET_MAC_LEN) == 0 ||
	    memcmp(link->permanent_mac, link->mac, NET_MAC_LEN) == 0)
		return NULL;
	return link->permanent_mac;
}

static int return_one(struct nl *zone, const struct nic *nic, int index, struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = zone };
	struct error inner = { 0 };
	struct link link;

	if (link_find_index(zone, index, &link, &inner) < 0) {
		if (inner.kind == ERR_NOT_FOUND)
			return 0;
		*err = inner;
		return -1;
	}
	/* The zone may have given it a name that the host has: it could not come back with that. */
	if (link_remove_names(zone, index, err) < 0)
		return -1;
	link_add_change(&b, &(struct link_change){ .index = index, .alias = "",
			.mac = own_mac(&link), .is_down = true });
	link_add_move(&b, index, -1, nic->device, 0);
	return nl_batch_talk(&b, NULL, NULL, err);
}

int net_return(const struct net_plan *plan, struct nl *zone, struct error *err)
{
	struct error inner = { 0 };
	int rc = 0;

	for (size_t i = 0; i < plan->n_nics; i++) {
		const struct nic *nic = &plan->nics[i];

		if (nic->kind != NIC_PHYS ||
		    return_one(zone, nic, LINK_ZONE_FIRST + (int)i, &inner) == 0)
			continue;
		*err = inner;
		error_hint(err, "look for it with: ip link");
		rc = error_wrap(err, "give '%s' back", nic->device);
	}
	return rc;
}

/* The kernel brought it back, under whatever name it had inside. What its old one was is what the
 * alias says. */
static int rename_back(struct down *d, const struct link *link, struct error *err)
{
	char zone[LINK_ALIAS_MAX], device[IFNAMSIZ];
	struct link_change c = {
		.index = link->index, .alias = "", .mac = own_mac(link), .is_down = true,
	};

	if (!net_alias_parse(link->alias, d->site, zone, device))
		return 0;
	if (strcmp(link->name, device) != 0)
		c.name = device;
	if (link_remove_names(&d->nl, link->index, err) == 0 && change(&d->nl, &c, err) == 0)
		return 0;
	error_hint(err, "another interface has that name; see: ip link show %s", device);
	return error_wrap(err, "rename '%s' back to '%s'", link->name, device);
}

/*
 * Links of a zone
 */

static int remove_funnel(struct down *d, const struct link *link, struct error *err)
{
	return link_remove(&d->nl, link->index, err);
}

static int let_pair_go(struct down *d, const struct link *link, struct error *err)
{
	struct link_change ended = { .index = link->index, .alias = NET_ENDED_ALIAS };
	struct error inner = { 0 };

	if (change(&d->nl, &ended, err) < 0)
		return -1;
	/* The next boot has the same further name. */
	if (link_remove_names(&d->nl, link->index, &inner) == 0 || inner.sys == ENODEV)
		return 0;
	*err = inner;
	return -1;
}

static int (*const let_go[NET_PARTS])(struct down *d, const struct link *link,
				      struct error *err) = {
	[NET_PART_PAIR] = let_pair_go,
	[NET_PART_FUNNEL] = remove_funnel,
	[NET_PART_HARDWARE] = rename_back,
};

/* All that a zone may have are asked for at once: what there is of them, nobody wrote down where a
 * killed keeper's successor could trust it. */
static int let_parts_go(struct down *d, struct error *err)
{
	char names[NET_NICS_MAX * NET_PARTS][LINK_LONG_NAME_MAX];
	char *list[NET_NICS_MAX * NET_PARTS];
	AUTO_FREE struct link *links = NULL;
	size_t numbers[N_ROWS(list)], n = 0;
	int rc = 0;

	for (size_t i = 0; i < N_ROWS(list); i++) {
		net_further_name(d->site, d->zone, i / NET_PARTS, i % NET_PARTS, names[i]);
		list[i] = names[i];
	}
	if (link_find_these(&d->nl, list, N_ROWS(list), &links, numbers, &n, err) < 0)
		return -1;
	/* Whatever fails, the rest is let go of all the same. */
	for (size_t i = 0; i < n; i++) {
		net_drops_add(&d->nl, &links[i], &d->drops);
		if (let_go[numbers[i] % NET_PARTS](d, &links[i], err) < 0)
			rc = -1;
	}
	return rc;
}

static bool has_live(int index, void *arg)
{
	struct error none = { 0 };
	struct link link;

	return link_find_index(arg, index, &link, &none) == 0 &&
	       strcmp(link.alias, NET_ENDED_ALIAS) != 0;
}

/* A bridge of ours goes with its last port; one that waits for its end does not count. So does one
 * that a boot had just made when it was killed. */
static int remove_if_empty(struct down *d, const struct link *bridge, struct error *err)
{
	AUTO_FREE struct link *ports = NULL;
	size_t n;

	if (strcmp(bridge->alias, NET_BRIDGE_ALIAS) != 0)
		return 0;
	if (link_list_of(&d->nl, NULL, bridge->index, &ports, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(ports[i].alias, NET_ENDED_ALIAS) != 0)
			return 0;
	}
	return link_remove(&d->nl, bridge->index, err);
}

static int remove_empty_bridges(struct down *d, struct error *err)
{
	AUTO_FREE struct link *bridges = NULL;
	struct error inner = { 0 };
	size_t n = 0;
	int rc = 0;

	/* A kernel without bridges does not know their kind. */
	if (link_list_of(&d->nl, "bridge", 0, &bridges, &n, &inner) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (remove_if_empty(d, &bridges[i], err) < 0)
			rc = -1;
	}
	return rc;
}

static int let_all_go(struct down *d, struct error *err)
{
	const struct addr_links live = { has_live, &d->nl };
	int rc = let_parts_go(d, err);

	if (remove_empty_bridges(d, err) < 0)
		rc = -1;
	return addr_remove_proxies(&d->nl, &live, err) < 0 ? -1 : rc;
}

/* The table comes last: as long as the zone is in it, net_list() knows of the zone. */
int net_leave(const char *site, const char *zone, struct net_stats *last, struct nl_rest *rest,
	      struct error *err)
{
	struct down d = { .site = site, .zone = zone };
	char alias[LINK_ALIAS_MAX];
	int rc;

	/* A name that is too long for it was never up. */
	if (net_alias(site, zone, alias, err) < 0 || nl_open(&d.nl, NETLINK_ROUTE, err) < 0)
		return -1;
	rc = let_all_go(&d, err);
	nl_close(&d.nl);
	if (table_leave(site, zone, last, rest, err) < 0)
		return -1;
	if (last) {
		last->rate_in_drops = d.drops.rate_in_drops;
		last->rate_out_drops = d.drops.rate_out_drops;
	}
	return rc;
}

int net_down(const char *site, const char *zone, struct net_stats *last, struct error *err)
{
	AUTO_NL_REST struct nl_rest rest = { .n = 0 };

	return net_leave(site, zone, last, &rest, err);
}

/*
 * Who is there
 */

int net_list(const char *site, char ***out, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };
	AUTO_FREE struct link *links = NULL;
	AUTO_STRV char **names = NULL;
	char zone[LINK_ALIAS_MAX], device[IFNAMSIZ];
	size_t n;

	if (table_list(site, &names, err) < 0 || nl_open(&nl, NETLINK_ROUTE, err) < 0 ||
	    link_list(&nl, &links, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (net_alias_parse(links[i].alias, site, zone, device))
			strv_add(&names, zone);
	}
	if (names)
		strv_sort_unique(names);
	*out = TAKE_PTR(names);
	return 0;
}

int net_stats(const char *site, const char *zone, struct net_stats *out, struct error *err)
{
	return table_stats(site, zone, out, err);
}

int net_stats_all(const char *site, struct net_zone_stats **out, size_t *out_n, struct error *err)
{
	return table_stats_all(site, out, out_n, err);
}
