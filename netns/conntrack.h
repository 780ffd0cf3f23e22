/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_CONNTRACK_H
#define NETNS_CONNTRACK_H

/*
 * Tracked connections of addresses, of the caller's network namespace. The kernel
 * keeps them when the one who had an address goes: until they time out, or for as
 * long as the other side goes on sending, packets of an old flow are led to who
 * has the address next, through published ports that are no more.
 */

#include <stddef.h>

#include "base/error.h"
#include "netns/plan.h"

/* Removes those that one of the addresses is a side of; the prefix of an address is not looked at.
 * The kernel walks all that it tracks twice: 0.2 ms with little, 0.1 s with 100,000. Where nothing
 * is tracked that is not done. */
int conntrack_forget(const struct net_addr *addrs, size_t n, struct error *err);

#endif
