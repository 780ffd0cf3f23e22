/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_NETWORK_LIST_H
#define RUNTIME_NETWORK_LIST_H

/* What zones have of this host's network, for those who show it. */

#include <net/if.h>

#include "base/error.h"
#include "runtime/addresses.h"
#include "runtime/config.h"
#include "runtime/pools.h"
#include "runtime/site.h"

/* The host's end of a running zone's interface. */
struct network_link {
	char zone[ZONE_NAME_MAX + 1];
	unsigned int nic;		/* number of the interface, from 0 */
	char name[IFNAMSIZ];
};

/* Those of all zones of the site, in an array that the caller owns. */
int network_links(const struct site *site, struct network_link **out, size_t *out_n,
		  struct error *err);

/* An address of a pool that a zone has. */
struct network_holder {
	struct net_addr addr;
	char zone[ZONE_NAME_MAX + 1];
};

/* Who has what of the pool, IPv4 first, in order; an array that the caller owns. */
int network_holders(struct site *site, const struct net_pool *pool, struct network_holder **out,
		    size_t *out_n, struct error *err);

#endif
