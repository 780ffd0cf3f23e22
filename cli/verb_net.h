/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_NET_H
#define CLI_VERB_NET_H

/* The network verbs, and what they share: all that is known of one zone's network. */

#include "base/str.h"
#include "cli/verb.h"
#include "runtime/network.h"
#include "runtime/network_list.h"

extern const struct opt net_list_options[];
int verb_net_list(struct cli *cli, struct error *err);
int verb_net_info(struct cli *cli, struct error *err);	/* verb_net_info.c */

struct net_facts {
	struct zone zone;
	struct network network;
	bool is_up, has_stats;
	struct net_stats stats;
	const struct network_link *links;	/* borrowed: of all zones */
	size_t n_links;
};

int net_facts_read(struct net_facts *f, struct cli *cli, const char *name, struct error *err);
void net_facts_clear(struct net_facts *f);
/* "bridge:lan" */
void net_facts_kind(const struct nic *nic, struct str *out);
/* As a strv that the caller owns. */
char **net_facts_addresses(const struct nic *nic);
/* What stands for interface number nic on the host; NULL while there is nothing. Borrowed. */
const char *net_facts_link(const struct net_facts *f, size_t nic);

#endif
