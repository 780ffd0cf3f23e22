/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/network_list.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/link.h"
#include "netns/net_name.h"
#include "runtime/address.h"

int network_links(const struct site *site, struct network_link **out, size_t *out_n,
		  struct error *err)
{
	AUTO_FREE struct link *links = NULL;
	struct network_link *list;
	size_t n_links, n = 0;
	struct nl nl;
	int status;

	if (nl_open(&nl, NETLINK_ROUTE, err) < 0)
		return -1;
	status = link_list(&nl, &links, &n_links, err);
	nl_close(&nl);
	if (status < 0)
		return -1;
	list = xcalloc(n_links + 1, sizeof(*list));
	for (size_t i = 0; i < n_links; i++) {
		char zone[LINK_ALIAS_MAX], device[IFNAMSIZ];
		int nic = net_name_nic(links[i].name);

		if (strcmp(links[i].kind, "veth") != 0 || nic < 0 ||
		    !net_alias_parse(links[i].alias, site->id, zone, device) ||
		    strlen(zone) > ZONE_NAME_MAX)
			continue;
		strcpy(list[n].zone, zone);
		strcpy(list[n].name, links[i].name);
		list[n++].nic = (unsigned int)nic;
	}
	*out = list;
	*out_n = n;
	return 0;
}

struct gathering {
	struct claims claims;
	const struct net_pool *pool;
	struct network_holder *list;	/* owned */
	size_t n, room;
};

static int take_holder(void *arg, const char *claim, struct error *err)
{
	struct gathering *g = arg;
	struct error ignored = { 0 };
	struct net_addr a;

	(void)err;	/* what is no claim of ours is passed over */
	if (address_parse(claim, false, &a, &ignored) < 0 ||
	    (!address_in(&a, &g->pool->net4) && !address_in(&a, &g->pool->net6)))
		return 0;
	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 64;
		g->list = xreallocarray(g->list, g->room, sizeof(*g->list));
	}
	g->list[g->n].addr = a;
	claim_owner(&g->claims, claim, g->list[g->n].zone);
	g->n += *g->list[g->n].zone != '\0';
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct network_holder *x = a, *y = b;

	if (x->addr.family != y->addr.family)
		return x->addr.family == AF_INET ? -1 : 1;
	return memcmp(x->addr.ip, y->addr.ip, sizeof(x->addr.ip));
}

int network_holders(struct site *site, const struct net_pool *pool, struct network_holder **out,
		    size_t *out_n, struct error *err)
{
	struct gathering g = { .pool = pool };
	int status;

	if (addresses_open(&g.claims, site, err) < 0)
		return -1;
	status = claims_each(&g.claims, take_holder, &g, err);
	claims_close(&g.claims);
	if (status < 0) {
		free(g.list);
		return -1;
	}
	if (g.n > 0)
		qsort(g.list, g.n, sizeof(*g.list), compare);
	*out = g.list;
	*out_n = g.n;
	return 0;
}
