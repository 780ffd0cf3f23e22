/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_NET_SPEC_H
#define RUNTIME_NET_SPEC_H

/*
 * What the network properties of a zone say, each value by itself: parsed into
 * plain data, and written back in the one form that means the same. The
 * functions named check and canonical are for the property table.
 */

#include <net/if.h>
#include <stdbool.h>

#include "base/error.h"
#include "netns/plan.h"

enum net_mode { NET_ROUTED, NET_BRIDGE, NET_MACVLAN, NET_PHYS, NET_NONE, NET_HOST };

/* "routed", "bridge:lan", ... */
struct net_mode_spec {
	enum net_mode mode;
	char device[IFNAMSIZ];		/* behind the colon, or "" */
};

enum { POOL_NAME_MAX = 31, NIC_ADDRS_MAX = 16 };

/* "auto", "auto:POOL", "none", "10.1.0.5/24" */
struct net_ip_spec {
	bool is_auto, is_none;
	char pool[POOL_NAME_MAX + 1];	/* "": any pool of the zone's kind */
	struct net_addr addr;		/* neither of both; with the prefix that was given */
	bool has_prefix;
};

/* "name=eth1,net=bridge:lan,ip=10.1.0.5/24,mac=02:...,mtu=1400,gateway=10.1.0.1" */
struct net_nic_spec {
	char name[IFNAMSIZ];
	struct net_mode_spec net;
	struct net_ip_spec ips[NIC_ADDRS_MAX];
	size_t n_ips;
	struct net_addr gateway4, gateway6;
	uint8_t mac[NET_MAC_LEN];	/* all 0: not given */
	uint32_t mtu;			/* 0: not given */
};

enum { NET_MTU_MIN = 1280, NET_MTU_MAX = 65535 };	/* IPv6 needs 1280 (RFC 8200) */

/* text NULL: the default. */
int net_mode_parse(const char *text, struct net_mode_spec *out, struct error *err);
int net_ip_parse(const char *text, struct net_ip_spec *out, struct error *err);
int net_nic_parse(const char *text, struct net_nic_spec *out, struct error *err);
/* "2222:22", "203.0.113.5:80:8080/tcp", "[2001:db8::5]:5000-5010:5000-5010/udp". The target's
 * address is left empty. */
int net_publish_parse(const char *text, struct net_publish *out, struct error *err);
/* The host's side of it, as errors name it: "port 80/tcp of 203.0.113.5". The caller owns it. */
char *net_publish_name(const struct net_publish *p);
/* True if both would have the same port of the host. */
bool net_publish_overlaps(const struct net_publish *a, const struct net_publish *b);
/* The name of a pool of zonectl.json. */
int net_pool_name_check(const char *name, struct error *err);
/* A name of a link, which the kernel takes and no shell trips over. */
int net_device_check(const char *name, struct error *err);

/* Of the property table: one value each; canonical takes what check accepted, and what it returns
 * is the caller's. */
int net_mode_check(const char *value, struct error *err);
int net_ip_check(const char *value, struct error *err);
char *net_ip_canonical(const char *value);
int net_address_check(const char *value, struct error *err);
char *net_address_canonical(const char *value);
int net_search_check(const char *value, struct error *err);
int net_mac_check(const char *value, struct error *err);
char *net_mac_canonical(const char *value);
int net_publish_check(const char *value, struct error *err);
char *net_publish_canonical(const char *value);
int net_nic_check(const char *value, struct error *err);
char *net_nic_canonical(const char *value);
/* NAME in "name=NAME,...". */
size_t net_nic_key(const char *value, const char **out);

#endif
