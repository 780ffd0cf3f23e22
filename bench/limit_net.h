/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_LIMIT_NET_H
#define BENCH_LIMIT_NET_H

/*
 * The bare limit of a routed zone's network: the kernel objects that net_up() makes of an address
 * of each family, by the fewest netlink messages. Indexes are chosen, so that nothing is asked;
 * nothing is looked up or waited for. Elements of the nft table are bytes that somebody recorded.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LIMIT_MAC_LEN = 6, LIMIT_TAPE_MAX = 65536,
	LIMIT_ALONE = 256,		/* numbers of those that bring the table with them */
};

struct limit_nic {
	unsigned int number;		/* everything else is made of it */
	char name[16], host[IFNAMSIZ];	/* the zone's, and of the host's end */
	uint8_t mac[LIMIT_MAC_LEN];
	uint8_t ip4[4], ip6[16];
};

/* One transaction of nf_tables, as it is sent. */
struct limit_tape {
	char data[LIMIT_TAPE_MAX];
	size_t len;
};

/* number is below 65,536. */
void limit_nic_init(struct limit_nic *nic, unsigned int number);
/* A socket of the netlink protocol bus in the caller's network namespace. */
int limit_net_socket(int bus);
/* Sends the tape over a socket of NETLINK_NETFILTER. False if the kernel refused it. */
bool limit_net_play(int tablefd, const struct limit_tape *tape);
/* Makes the pair, with all that is on both ends: hostfd and zonefd are sockets of NETLINK_ROUTE on
 * the host's side and in the zone's namespace, which netnsfd is. False if the kernel refused it. */
bool limit_net_up(const struct limit_nic *nic, int hostfd, int zonefd, int netnsfd);

#endif
