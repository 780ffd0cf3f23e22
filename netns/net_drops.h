/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NET_DROPS_H
#define NETNS_NET_DROPS_H

/* What the rates of zones' links dropped. For netns/net*.c; net_drops_all() is in net.h. */

#include "netns/link.h"
#include "netns/nl.h"
#include "netns/plan.h"

/* Adds what the rate of a zone's link dropped, if it has one: its host's end or its ifb. */
void net_drops_add(struct nl *nl, const struct link *link, struct net_stats *sum);

#endif
