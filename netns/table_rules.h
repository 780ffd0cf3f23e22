/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_TABLE_RULES_H
#define NETNS_TABLE_RULES_H

/*
 * What stands in the table before any zone is in it: its sets, chains and rules,
 * in each family, as tables of plain data. For netns/table*.c.
 */

#include "netns/nft.h"

/* The families of the table, bits of a column. */
enum { IN_INET = 1, IN_BRIDGE = 2, IN_ARP = 4, TABLE_FAMILIES = 3 };

/* The kernel's number (NFPROTO_...) of IN_INET, ... */
uint8_t table_family(unsigned int bit);

/* Sets by number, so that an element need not carry a name. */
enum table_set {
	SET_ZONES,		/* the zones' records, by name: table_record.h */
	SET_REFUSED,		/* what was dropped, by interface */
	SET_OUT4, SET_IN4,	/* what went through, by interface; OUT of bridged ones alone */
	SET_OUT6, SET_IN6,
	SET_OWN4, SET_OWN6,	/* interface, MAC, address: what a zone may send from; those of
				 * routed ones count what it sent, which saves a lookup */
	SET_GUESTS,		/* interface, MAC: bridged ones that get addresses elsewhere */
	SET_ISOLATED,		/* interfaces */
	SET_UNMASKED,
	SET_CONNECTIONS,		/* interfaces, each with its limit */
	SET_SHARES_4K, SET_SHARES_16K, SET_SHARES_64K, SET_SHARES_256K,
	SET_FLOWS,			/* what the rules themselves count for those */
	SET_ITSELF4, SET_ITSELF6,	/* interface, address: may meet its own published ports */
	SET_PORTS4, SET_PORTS6,		/* protocol, port: of every address of the host */
	SET_HOSTPORTS4, SET_HOSTPORTS6,	/* address, protocol, port */
	TABLE_SETS,
};

const struct nft_set *table_set(enum table_set which);
/* True if its elements count packets in this family. */
bool table_set_counts(enum table_set which, unsigned int family);

/* Puts the whole table of one family (IN_INET, ...) into the transaction. Interfaces of the site's
 * zones begin with prefix. */
void table_put_rules(struct nft *nft, unsigned int family, const char *prefix);

#endif
