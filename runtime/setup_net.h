/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_NET_H
#define RUNTIME_SETUP_NET_H

/*
 * An interface in the words of the tools that a distribution configures its
 * network with. The host has set address and routes before init starts; what is
 * written says the same, so that those tools agree, bring it back after an ifdown,
 * ask no DHCP server, and wait for nothing. Text only; no system calls.
 */

#include <netinet/in.h>

#include "base/str.h"
#include "netns/plan.h"

/* True if the host configures it: one without addresses is the zone's own affair. */
bool setup_net_is_ours(const struct nic *nic);
/* The route out of the family, AF_INET or AF_INET6, as text; "" for none. */
const char *setup_net_gateway(const struct nic *nic, int family, char out[INET6_ADDRSTRLEN]);

/* Each adds the whole text for one interface. */
void setup_net_ifupdown(const struct nic *nic, struct str *out);
void setup_net_networkd(const struct nic *nic, struct str *out);
void setup_net_ifcfg(const struct nic *nic, struct str *out);
void setup_net_ifcfg_routes(const struct nic *nic, int family, struct str *out);
void setup_net_wicked(const struct nic *nic, struct str *out);
void setup_net_wicked_routes(const struct nic *nic, struct str *out);
void setup_net_netifrc(const struct nic *nic, struct str *out);
/* /etc/network/interfaces with every stanza of our interfaces turned into comments; text has none
 * of our own block. The caller owns it. */
char *setup_net_interfaces(const char *text, const struct net_plan *plan);

#endif
