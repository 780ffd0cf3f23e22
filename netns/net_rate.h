/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NET_RATE_H
#define NETNS_NET_RATE_H

/* The rates of one pair, whole: its own bucket and the funnel's (shape.h). For netns/net*.c. */

#include "netns/link.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Makes the ifb for the rate_out of interface number nic. */
void net_rate_add_funnel(struct nl_batch *b, const char *name, const struct net_plan *plan,
			 size_t nic);
/* Sets the rates where there were none. funnel is that ifb, or 0 without a rate_out. */
void net_rate_add(struct nl_batch *b, const struct nic *nic, const struct link *host, int funnel);

#endif
