/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_PROBE_H
#define NETNS_PROBE_H

/* Whether anybody on a link has an address already: asked as RFC 5227 (ARP) and RFC 4862 (ND) have
 * it, from no address, so that nobody's tables change. */

#include <stdbool.h>

#include "base/error.h"
#include "netns/plan.h"

/* Asks once on the link device of this namespace and waits for wait_ms: 1 if somebody answered,
 * whose MAC is in mac then, 0 if not, or if the link is not there or not up: then nobody can be
 * asked. */
int probe_address(const char *device, const struct net_addr *a, int wait_ms,
		  uint8_t mac[NET_MAC_LEN], struct error *err);

#endif
