/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_TABLE_STATE_H
#define NETNS_TABLE_STATE_H

/*
 * What the kernel has of a site's table: asked each time, never remembered; and
 * the two ways to change it, by a zone that comes and by one that goes. Any
 * number of processes may do so at once, without a lock. For netns/table.c.
 */

#include "netns/table_zone.h"

enum {
	TABLE_ID_MAX = 64,		/* "zonectl-" and the id of a site, with the NUL */
	/* How often another process may make or remove the table between two of our looks at it. */
	TABLE_RACES_MAX = 200,
};

struct table {
	struct nft nft;
	struct nft look;		/* of table_has_others(), open until the end: see there */
	char name[TABLE_ID_MAX];
};

/* *t stays where it is: its parts point to each other. */
int table_open(struct table *t, const char *site, struct error *err);
void table_close(struct table *t);
#define AUTO_TABLE __attribute__((cleanup(table_close)))
/* error_wrap() with the table's name. */
int table_wrap(const struct table *t, struct error *err);

/* The family of the first, second, ... list of struct table_elements, as a bit. */
unsigned int table_family_bit(size_t index);
/* Which of the families in wanted, bits, have no table. */
int table_missing(struct table *t, unsigned int wanted, unsigned int *out, struct error *err);

/* TABLE_HAS_STRAY: it has elements, but no record that says which. */
enum table_has { TABLE_HAS_NONE, TABLE_HAS_ZONE, TABLE_HAS_STRAY };
/* What the zone has; *out is for TABLE_HAS_ZONE. */
int table_read(struct table *t, const char *zone, struct table_zone *out, enum table_has *out_has,
	       struct error *err);
/* Names of all zones, as a strv that the caller owns. */
int table_names(struct table *t, char ***out, struct error *err);
/* True if any zone but this one is in the table. */
int table_has_others(struct table *t, const char *zone, bool *out, struct error *err);

/* Adds what an element counted of a set that counts (table_set_counts()). */
void table_count(struct net_stats *stats, const struct nft_found *found);

/* Puts the zone in, also over what an earlier boot of it left. */
int table_put_in(struct table *t, const struct table_zone *z, struct error *err);
/* Replaces before by z, which differ in their ports alone. */
int table_replace_ports(struct table *t, const struct table_zone *before,
			const struct table_zone *z, struct error *err);
/* Takes out all that the zone has, and the table if it was the last zone. Nothing there is
 * success. */
int table_take_out(struct table *t, const char *zone, struct error *err);

#endif
