/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_NETWORK_H
#define RUNTIME_NETWORK_H

/*
 * A zone's network, from its configuration to what netns/net.h makes of it, and
 * what is kept of it: zones/NAME/counters.json, bytes and packets of all boots
 * that are over.
 */

#include <stdbool.h>

#include "base/error.h"
#include "netns/net.h"
#include "netns/plan.h"
#include "runtime/zone.h"

/* A zone's plan, and what its files are to say. */
struct network {
	struct net_plan plan;		/* borrows from the rest */
	struct nic nics[NET_NICS_MAX];
	struct net_addr *addrs;		/* owned, of all nics */
	struct net_publish *publish;	/* owned */
	char **nameservers, **search;	/* owned; empty: as the zone has them */
	char *site, *zone;		/* owned */
	char **warnings;		/* owned: what is left out, as this host has it not */
	bool is_host;			/* net=host */
};

/* ERR_UNSUPPORTED for what this host does not do or does not allow. */
int network_compile(struct network *out, const struct zone *z, struct error *err);
void network_clear(struct network *n);
/* Moves it to the heap; network_free() accepts NULL. */
struct network *network_take(struct network *n);
void network_free(struct network *n);
/* True if a device of the host's moves in, which has to be brought back. */
bool network_has_phys(const struct network *n);

/* net_up() for a zone whose namespaces are there. Sentences for the operator go to *warnings. */
int network_up(const struct zone *z, const struct network *n, struct nl *zone_nl, int netnsfd,
	       char ***warnings, struct error *err);
/* net_leave(), with what was counted added to the zone's counters; zone_close() does the waiting.
 * Twice is fine. */
int network_down(struct zone *z, struct error *err);
/* Rates and published ports of the running zone become those of its configuration. */
int network_change(const struct zone *z, struct error *err);

/* All that was counted: of the boots that are over and, with is_up, of this one. */
int network_stats(const struct zone *z, bool is_up, struct net_stats *out, struct error *err);

#endif
