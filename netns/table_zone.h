/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_TABLE_ZONE_H
#define NETNS_TABLE_ZONE_H

/*
 * What one zone has in the table: compiled from its plan, written as a record
 * beside the zone's name into the set "zones", read back from there, and turned
 * into elements. So any process can take out what another one put in, without a
 * search through everybody's elements. For netns/table*.c.
 */

#include "base/str.h"
#include "netns/nft_read.h"
#include "netns/plan.h"
#include "netns/table_rules.h"

enum { TABLE_NAME_MAX = 63 };

struct table_nic {
	char host[IFNAMSIZ];
	uint8_t mac[NET_MAC_LEN];
	bool is_bridged, is_isolated, is_unmasked;
};

struct table_address {
	uint8_t nic;			/* index */
	struct net_addr addr;
};

struct table_zone {
	char name[TABLE_NAME_MAX + 1];
	struct table_nic nics[NET_NICS_MAX];
	size_t n_nics;
	struct table_address *addresses;	/* owned */
	size_t n_addresses;
	struct net_publish *ports;	/* owned; each of one family, which its target says */
	size_t n_ports;
	uint32_t connections;
};

void table_zone_clear(struct table_zone *z);
#define AUTO_TABLE_ZONE __attribute__((cleanup(table_zone_clear)))

/* Compiles it. n_nics is 0 when nothing of the plan passes through the host's tables. ERR_USAGE
 * for a plan that the table can't hold: ports of no routed interface, too many of them. */
int table_zone_init(struct table_zone *z, const struct net_plan *plan, struct error *err);
/* Everything but the ports. */
void table_zone_copy(struct table_zone *z, const struct table_zone *from);
/* Replaces the ports by those of the plan, whose interfaces are those of z. */
int table_zone_publish(struct table_zone *z, const struct net_plan *plan, struct error *err);

/* As bytes and back. What is read may have been written by another program: it is checked. */
void table_zone_pack(const struct table_zone *z, struct str *out);
int table_zone_parse(struct table_zone *z, const char *name, const struct str *bytes,
		     struct error *err);

/* Elements by family (TABLE_FAMILIES of them, as bits 1, 2, 4) and set. */
struct table_elements {
	struct nft_element *list[TABLE_FAMILIES][TABLE_SETS];	/* owned */
	size_t n[TABLE_FAMILIES][TABLE_SETS];
	uint8_t comment[NFT_NOTE_MAX];	/* the zone's name */
	size_t comment_len;
	uint8_t (*parts)[NFT_NOTE_MAX];	/* owned: the name and the record, in pieces */
};

/* All that the zone has; ports and record are among it. *out stays where it is: elements point
 * into it. */
void table_elements_init(struct table_elements *out, const struct table_zone *z);
void table_elements_clear(struct table_elements *e);
#define AUTO_TABLE_ELEMENTS __attribute__((cleanup(table_elements_clear)))

/* The key of a piece of a zone's record: a digest of its name, and the piece's number from 0. */
void table_zone_key(const char *name, uint32_t part, struct nft_element *out);
/* Which piece a key is of; UINT32_MAX for one that is no such key. */
uint32_t table_zone_part(const uint8_t *key, size_t len);
/* The name of the zone that an element belongs to, "" if it says none. */
void table_zone_name(const struct nft_found *found, char out[TABLE_NAME_MAX + 1]);

/* True for the sets that published ports are in. */
bool table_set_is_port(enum table_set which);

#endif
