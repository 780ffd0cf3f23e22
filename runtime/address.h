/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ADDRESS_H
#define RUNTIME_ADDRESS_H

/* IP and MAC addresses as people write them, strictly, and back in their one canonical form. */

#include <netinet/in.h>
#include <stdbool.h>

#include "base/error.h"
#include "netns/plan.h"

enum { ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN + 4, MAC_TEXT_MAX = 18 };

/* "10.1.0.5" or, with is_prefix_ok, also "10.1.0.5/24". Without a prefix out->prefix is that of the
 * whole address, 32 or 128. No leading zeros, zones ("%eth0") or IPv4 inside IPv6. */
int address_parse(const char *text, bool is_prefix_ok, struct net_addr *out, struct error *err);
/* The address alone, as inet_ntop(3) writes it. Returns buf. */
char *address_text(const struct net_addr *a, char buf[ADDRESS_TEXT_MAX]);
/* The same with "/PREFIX". Returns buf. */
char *address_prefix_text(const struct net_addr *a, char buf[ADDRESS_TEXT_MAX]);
bool address_equal(const struct net_addr *a, const struct net_addr *b);
/* True if a lies in the network that net's prefix is of. */
bool address_in(const struct net_addr *a, const struct net_addr *net);
/* Bits of the whole address: 32, 128, or 0 for none. */
unsigned int address_bits(const struct net_addr *a);
/* The network's address plus n; the caller knows that this stays within it. */
struct net_addr address_at(const struct net_addr *net, uint64_t n);
/* How far a is from the beginning of net, in which it lies; at most 2^64 - 1 is counted. */
uint64_t address_place(const struct net_addr *a, const struct net_addr *net);
/* ERR_USAGE for what no host can have: loopback, link-local, multicast, reserved, the address of
 * a network or of its broadcasts. */
int address_check_host(const struct net_addr *a, struct error *err);
/* True for addresses that no route of the internet leads to: RFC 1918, 6598 and 4193. */
bool address_is_private(const struct net_addr *a);

/* "02:00:5e:10:00:01": of one host, not all 0. */
int address_mac_parse(const char *text, uint8_t out[NET_MAC_LEN], struct error *err);
char *address_mac_text(const uint8_t mac[NET_MAC_LEN], char buf[MAC_TEXT_MAX]);

#endif
