/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_POOLS_H
#define RUNTIME_POOLS_H

/*
 * Networks that zones get their addresses from: "address-pools" of zonectl.json.
 *
 *   [{"name": "lan", "ipv4": "10.1.0.0/16", "ipv6": "fd00:1::/64", "isolate": true,
 *     "names": false, "masquerade": true, "announce": false, "device": "br0",
 *     "gateway": ["10.1.0.1"]}]
 *
 * Without that key there is one, "default", for net=routed: a private /16 and a
 * ULA /64 that differ from site to site.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "netns/plan.h"
#include "runtime/net_spec.h"

struct net_pool {
	char name[POOL_NAME_MAX + 1];
	struct net_addr net4, net6;	/* with their prefixes; family 0: none of it */
	char device[IFNAMSIZ];		/* bridge or device whose zones it is for; "": net=routed */
	struct net_addr gateway4, gateway6;	/* with a device only */
	bool is_isolated; /* its zones can't reach each other; by default those on a device */
	bool has_no_names;		/* its addresses are not named to zones; as is_isolated */
	bool is_unmasked;		/* private addresses leave the host as they are */
	bool is_announced;		/* the host answers for its addresses on its uplinks */
};

struct net_pools {
	struct net_pool *list;		/* owned */
	size_t n;
	bool is_set;			/* the key was there: no default */
};

/* The value of the key; name is the file's, for errors. On failure *out is as it was. */
int pools_read(struct net_pools *out, const struct json *value, const char *name,
	       struct error *err);
/* One network of a pool, "10.1.0.0/16" or, unless is4, "fd00:1::/64". */
int pools_read_net(struct net_addr *out, const struct json *value, bool is4, const char *name,
		   struct error *err);
void pools_clear(struct net_pools *p);
/* What a site without the key has, by its id. */
void pools_default(struct net_pools *out, const char *site_id);
/* The pool of that name, or NULL. Borrowed. */
const struct net_pool *pools_find(const struct net_pools *p, const char *name);
/* The pool that holds the address, or NULL. Borrowed. */
const struct net_pool *pools_of(const struct net_pools *p, const struct net_addr *a);

#endif
