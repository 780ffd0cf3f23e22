/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NET_NAME_H
#define NETNS_NET_NAME_H

/*
 * How the links of zones are told from others on the host: by their alias, which
 * is "zonectl ZONE" or, of a site other than the default one, "zonectl-ID ZONE".
 * For netns/net*.c. An alias of what was inside a zone is the zone's own word.
 */

#include <stdbool.h>

#include "base/error.h"
#include "netns/link.h"

/* Of a bridge that zones made; and of a link that only waits for its namespace's end. */
#define NET_BRIDGE_ALIAS "zonectl: bridge of zones"
#define NET_ENDED_ALIAS "zonectl: of a zone that ended"

int net_alias(const char *site, const char *zone, char out[LINK_ALIAS_MAX], struct error *err);
/* The same of hardware, with the name that it had. */
void net_alias_phys(const char *alias, const char *device, char out[LINK_ALIAS_MAX]);
/* The zone that an alias of this site says, into zone, and hardware's old name, or "", into
 * device; false for all else. */
bool net_alias_parse(const char *alias, const char *site, char zone[LINK_ALIAS_MAX],
		     char device[IFNAMSIZ]);
/* The further name by which a zone's link is found at once: of a host's end, of its ifb, of
 * hardware that is in the zone. */
enum net_part { NET_PART_PAIR, NET_PART_FUNNEL, NET_PART_HARDWARE, NET_PARTS };
void net_further_name(const char *site, const char *zone, size_t nic, enum net_part part,
		      char out[LINK_LONG_NAME_MAX]);
/* True for a bridge that zonectl makes and removes: "zn-...". */
bool net_name_is_bridge(const char *name);
/* The name of the ifb of a host's end: "zi..." for "zn...". */
void net_name_funnel(const char *host, char out[IFNAMSIZ]);
/* The number of the interface in the name of a host's end or ifb, -1 for another name. */
int net_name_nic(const char *name);
#endif
