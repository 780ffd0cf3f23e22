/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_LINK_H
#define NETNS_LINK_H

/*
 * Links of the network namespace that a struct nl was opened in: read one or
 * all, and requests that make and change them. Requests go into a batch, so that
 * a whole network is a handful of system calls; they name links by index, as a
 * name may change and an index never does.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "netns/nl.h"
#include "netns/plan.h"

enum {
	LINK_LOOPBACK = 1,		/* the index that every namespace gives to lo */
	/* Of a zone's first interface inside, if it is no pair: above those that the kernel gives
	 * by itself to what some modules put into every namespace (tunl0, sit0, ...). */
	LINK_ZONE_FIRST = 100,
	LINK_KIND_MAX = 16, LINK_ALIAS_MAX = 128,
	LINK_LONG_NAME_MAX = 128,	/* a further name (ip-link(8), altname) */
};

struct link {
	int index;
	int master;			/* index of the bridge that it is a port of, or 0 */
	unsigned int flags;		/* IFF_UP, ... */
	uint32_t mtu;
	char name[IFNAMSIZ];
	char kind[LINK_KIND_MAX];	/* "veth", "bridge", ...; "" for hardware */
	char alias[LINK_ALIAS_MAX];	/* "" without one, and for one that is longer */
	uint8_t mac[NET_MAC_LEN];
	uint8_t permanent_mac[NET_MAC_LEN];	/* of hardware; all 0 where there is none */
	bool is_operational;		/* packets pass: carrier and queues are there */
	bool is_forwarding4;
	bool is_shaped;			/* it has a rate (shape.h) */
	/* Of IPv6 on it; all 0 where it is off. */
	struct link_inet6 {
		bool is_on, is_forwarding, is_answering_proxies;
		uint32_t accept_ra, accept_redirects;
	} inet6;
};

/* Reads one by its name or one of its further names. ERR_NOT_FOUND: "no interface 'eth7'". */
int link_find(struct nl *nl, const char *name, struct link *out, struct error *err);
int link_find_index(struct nl *nl, int index, struct link *out, struct error *err);
/* All links, in an array that the caller owns. A veth costs the kernel some 5 to 20 us, with the
 * number of network namespaces that there are (__peernet2id()). */
int link_list(struct nl *nl, struct link **out, size_t *out_n, struct error *err);
/* Only those of a kind, NULL: of every kind; with a master other than 0 its ports. */
int link_list_of(struct nl *nl, const char *kind, int master, struct link **out, size_t *out_n,
		 struct error *err);
/* A message of an answer; false when it is no link. */
bool link_parse(const struct nlmsghdr *msg, struct link *out);
/* Raises a link by its index. */
int link_set_up(struct nl *nl, int index, struct error *err);
/* Takes all its further names away. */
int link_remove_names(struct nl *nl, int index, struct error *err);
/* Removes it; one that is gone is no failure. About 22 ms, as the kernel waits for readers. */
int link_remove(struct nl *nl, int index, struct error *err);

/* Both ends of a veth pair, whose indexes the kernel chooses. */
struct link_pair {
	const char *host, *zone;	/* names */
	const uint8_t *host_mac, *zone_mac;
	int zone_netns_fd;
	uint32_t mtu;			/* 0: the kernel's */
};

/* What follows adds requests to a batch. */
void link_add_pair(struct nl_batch *b, const struct link_pair *pair);
/* As its zone's end, under this index there, of the link parent of this namespace; host and
 * host_mac are not looked at. */
void link_add_macvlan(struct nl_batch *b, int parent, int index, const struct link_pair *end);
/* With a MAC of its own: by default it is the lowest of its ports', and changes with them. */
void link_add_bridge(struct nl_batch *b, const char *name, const uint8_t *mac);
/* A link whose packets leave at the rate that shape.h gives it. */
void link_add_funnel(struct nl_batch *b, const char *name);
/* Asks for a link by name, so that the answer tells its index. */
void link_add_question(struct nl_batch *b, const char *name);
/* Asks for n links by their (further) names at once. Those that are there are in the new list
 * *out, in that order, the caller's; each of out_numbers says which name it was. */
int link_find_these(struct nl *nl, char *const *names, size_t n, struct link **out,
		    size_t *out_numbers, size_t *out_n, struct error *err);

/* With index 0 it is the link of this name. So what a request of the same batch makes carries its
 * alias from the first moment on, as the kernel takes none with the making. */
struct link_change {
	int index;
	const char *name, *alias;	/* NULL: as it is; "" takes the alias away */
	const uint8_t *mac;
	uint32_t mtu;
	int master;			/* 0: as it is, -1: of no bridge any more */
	bool is_up, is_down;
	bool is_host_end;		/* of a routed pair: IPv4 strict, and forwarded */
	bool has_no_address;		/* makes no link-local address by itself (IPv6) */
};

void link_add_change(struct nl_batch *b, const struct link_change *change);
/* Gives the link of this name, or with index other than 0 that one, a further name. */
void link_add_name(struct nl_batch *b, int index, const char *name, const char *further);
/* Makes a port of a bridge one that learns nothing: mac is behind it, and nothing else. */
void link_add_port(struct nl_batch *b, int index, const uint8_t *mac, bool is_isolated);
/* Moves it into another namespace, given by descriptor or, if that is -1, that of this process;
 * name and index are those over there, and 0 leaves the kernel the choice of the index. */
void link_add_move(struct nl_batch *b, int index, int netns_fd, const char *name, int new_index);

#endif
