/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_PLAN_H
#define NETNS_PLAN_H

/*
 * What one zone's network is to be, as plain data: netns/ makes it, runtime/
 * compiles it from the zone's properties. Nothing in it is looked up later.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_MAC_LEN = 6, NET_NICS_MAX = 16 };

/* An address with its prefix length; family 0: none. Bytes in network order, 4 of them or 16. */
struct net_addr {
	uint8_t family;			/* AF_INET, AF_INET6 or 0 */
	uint8_t prefix;
	uint8_t ip[16];
};

enum nic_kind {
	NIC_ROUTED,			/* veth; the host routes each address to its end */
	NIC_BRIDGE,			/* veth; the host's end is a port of device */
	NIC_MACVLAN,			/* a macvlan of device */
	NIC_PHYS,			/* device itself, which comes back when the zone ends */
};

struct nic {
	enum nic_kind kind;
	char name[IFNAMSIZ];		/* inside the zone: "eth0" */
	char host[IFNAMSIZ];		/* of the host's end, "zn..."; "" for macvlan and phys */
	char device[IFNAMSIZ];		/* bridge, parent or device; "" for routed */
	uint8_t mac[NET_MAC_LEN];	/* of the zone's end; all 0 only for phys: its own */
	uint32_t mtu;			/* 0: the kernel's, for routed and bridge the uplink's */
	const struct net_addr *addrs;	/* borrowed; none: of a bridge, held to its MAC alone */
	size_t n_addrs;
	struct net_addr gateway4, gateway6;	/* of bridge, macvlan, phys; routed has its own */
	uint64_t rate_in, rate_out;	/* bytes a second as the zone sees it, 0: no limit */
	bool is_isolated;		/* bridge: no frames between it and other isolated ports */
	bool is_unmasked;		/* routed: private addresses leave the host as they are */
	bool is_announced;		/* routed: answer ARP and ND for its addresses on uplinks */
};

/* One row of ports of the host that leads to as many ports of the zone. */
struct net_publish {
	uint8_t protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
	struct net_addr address;	/* of the host; family 0: every address of the host */
	struct net_addr target;		/* of the zone; same family as address, both if that is 0 */
	uint16_t host_port, zone_port, count;
};

struct net_plan {
	const char *site;		/* id of the site, "" for the default one */
	const char *zone;		/* name, for messages and the links' alias */
	const struct nic *nics;		/* borrowed; the first one is the zone's main one */
	size_t n_nics;
	const struct net_publish *publish;	/* borrowed */
	size_t n_publish;
	uint32_t connections;		/* tracked ones it may have, 0: no limit of its own; rounded
					 * down: 4,096, 16,384, 65,536, 262,144 or exact below */
	bool is_isolated;		/* routed: other zones by their published ports only */
};

/* Bytes and packets as the zone sees them. */
struct net_count {
	uint64_t bytes, packets;
};

struct net_stats {
	struct net_count in4, out4, in6, out6;
	uint64_t dropped;		/* packets that no address of the zone allows */
	uint64_t rate_in_drops, rate_out_drops;	/* packets that a full rate had no room for */
};

struct net_zone_stats {
	char zone[64];
	struct net_stats stats;
};

#endif
