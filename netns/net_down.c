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
#include "netns/net_name.h"
#include "netns/table.h"

struct down {
	struct nl nl;
	const char *site, *zone;	/* borrowed */
	struct link *links;		/* owned; of the whole host */
	size_t n;
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

/* The kernel brought it back, under whatever name it had inside. */
static int rename_back(struct down *d, const struct link *link, const char *device,
		       struct error *err)
{
	struct link_change c = {
		.index = link->index, .name = device, .alias = "", .mac = own_mac(link),
		.is_down = true,
	};

	if (strcmp(link->name, device) == 0)
		c.name = NULL;
	if (change(&d->nl, &c, err) == 0)
		return 0;
	error_hint(err, "another interface has that name; see: ip link show %s", device);
	return error_wrap(err, "rename '%s' back to '%s'", link->name, device);
}

/*
 * Links of a zone
 */

static bool is_of_zone(const struct down *d, const struct link *link, char device[IFNAMSIZ])
{
	char zone[LINK_ALIAS_MAX];

	return net_alias_parse(link->alias, d->site, zone, device) && strcmp(zone, d->zone) == 0;
}

static struct link *by_index(const struct down *d, int index)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->links[i].index == index)
			return &d->links[i];
	}
	return NULL;
}

static bool is_live(const struct link *link)
{
	return strcmp(link->alias, NET_ENDED_ALIAS) != 0;
}

/* A bridge of ours goes with its last port; one that waits for its end does not count. So does one
 * that a boot had just made when it was killed. */
static int remove_if_empty(struct down *d, const struct link *bridge, struct error *err)
{
	if (strcmp(bridge->alias, NET_BRIDGE_ALIAS) != 0)
		return 0;
	for (size_t i = 0; i < d->n; i++) {
		if (d->links[i].master == bridge->index && is_live(&d->links[i]))
			return 0;
	}
	return link_remove(&d->nl, bridge->index, err);
}

static int let_go(struct down *d, struct link *link, const char *device, struct error *err)
{
	struct link_change ended = { .index = link->index, .alias = NET_ENDED_ALIAS };

	if (device[0])
		return rename_back(d, link, device, err);
	if (strcmp(link->kind, "ifb") == 0)
		return link_remove(&d->nl, link->index, err);
	if (change(&d->nl, &ended, err) < 0)
		return -1;
	strcpy(link->alias, NET_ENDED_ALIAS);
	return 0;
}

static bool has_live(int index, const void *arg)
{
	const struct link *link = by_index(arg, index);

	return link && is_live(link);
}

static int let_all_go(struct down *d, struct error *err)
{
	const struct addr_links live = { has_live, d };
	char device[IFNAMSIZ];
	int rc = 0;

	if (link_list(&d->nl, &d->links, &d->n, err) < 0)
		return -1;
	/* Whatever fails, the rest is let go of all the same. */
	for (size_t i = 0; i < d->n; i++) {
		if (is_of_zone(d, &d->links[i], device) &&
		    let_go(d, &d->links[i], device, err) < 0)
			rc = -1;
	}
	for (size_t i = 0; i < d->n; i++) {
		if (remove_if_empty(d, &d->links[i], err) < 0)
			rc = -1;
	}
	return addr_remove_proxies(&d->nl, &live, err) < 0 ? -1 : rc;
}

int net_down(const char *site, const char *zone, struct net_stats *last, struct error *err)
{
	struct down d = { .site = site, .zone = zone };
	int rc = table_remove(site, zone, last, err);

	if (nl_open(&d.nl, NETLINK_ROUTE, err) < 0)
		return -1;
	if (let_all_go(&d, err) < 0)
		rc = -1;
	free(d.links);
	nl_close(&d.nl);
	return rc;
}

/*
 * Who is there
 */

int net_list(const char *site, char ***out, struct error *err)
{
	AUTO_NL struct nl nl = { .sock = NULL };
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
