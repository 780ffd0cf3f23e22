/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/table.h"
#include "netns/table_state.h"

struct entries {
	struct net_zone_stats *list;	/* owned */
	size_t n, room, restart;	/* restart: what the sets before this one gave */
};

static struct net_zone_stats *new_entry(struct entries *e)
{
	if (e->n == e->room) {
		e->room = e->room ? 2 * e->room : 64;
		e->list = xreallocarray(e->list, e->room, sizeof(*e->list));
	}
	e->list[e->n] = (struct net_zone_stats){ .zone = "" };
	return &e->list[e->n++];
}

static int take_element(const struct nft_found *found, void *arg, struct error *err)
{
	struct entries *e = arg;
	char zone[TABLE_NAME_MAX + 1];
	struct net_zone_stats *entry;

	(void)err;	/* what says no name is of nobody who is asked for */
	table_zone_name(found, zone);
	if (!*zone)
		return 0;
	entry = new_entry(e);
	memcpy(entry->zone, zone, sizeof(zone));
	table_count(&entry->stats, found);
	return 0;
}

static void restart_set(void *arg)
{
	struct entries *e = arg;

	e->n = e->restart;
}

/* A family that no zone is in has no table. */
static int read_set(struct table *t, unsigned int family, enum table_set set, struct entries *e,
		    struct error *err)
{
	struct nft_taker taker = { take_element, restart_set, e };
	struct error why = { 0 };

	e->restart = e->n;
	if (nft_list(&t->nft, table_family(family), table_set(set)->name, &taker, &why) == 0 ||
	    why.sys == ENOENT)
		return 0;
	*err = why;
	return -1;
}

static int by_name(const void *a, const void *b)
{
	const struct net_zone_stats *x = a, *y = b;

	return strcmp(x->zone, y->zone);
}

static void add(struct net_count *sum, const struct net_count *more)
{
	sum->bytes += more->bytes;
	sum->packets += more->packets;
}

/* One entry for each zone, in order of the names. */
static void merge(struct entries *e)
{
	size_t n = 0;

	if (e->n == 0)
		return;
	qsort(e->list, e->n, sizeof(*e->list), by_name);
	for (size_t i = 1; i < e->n; i++) {
		struct net_stats *sum = &e->list[n].stats;
		const struct net_stats *more = &e->list[i].stats;

		if (strcmp(e->list[i].zone, e->list[n].zone) != 0) {
			e->list[++n] = e->list[i];
			continue;
		}
		add(&sum->in4, &more->in4);
		add(&sum->out4, &more->out4);
		add(&sum->in6, &more->in6);
		add(&sum->out6, &more->out6);
		sum->dropped += more->dropped;
	}
	e->n = n + 1;
}

static int read_all(struct table *t, struct entries *e, struct error *err)
{
	/* The table of inet is there as soon as any zone is; the others mostly not. */
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		unsigned int family = table_family_bit(f);
		bool is_there;

		if (nft_has_table(&t->nft, table_family(family), &is_there, err) < 0)
			return -1;
		for (enum table_set s = 0; is_there && s < TABLE_SETS; s++)
			if (table_set_counts(s, family) && read_set(t, family, s, e, err) < 0)
				return -1;
	}
	return 0;
}

int table_stats_all(const char *site, struct net_zone_stats **out, size_t *out_n,
		    struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct entries e = { .list = NULL };
	struct error why = { 0 };

	*out = NULL;
	*out_n = 0;
	if (table_open(&t, site, &why) == 0 && read_all(&t, &e, &why) < 0)
		table_wrap(&t, &why);
	if (why.kind != ERR_NONE && why.kind != ERR_UNSUPPORTED) {
		free(e.list);
		*err = why;
		return -1;
	}
	merge(&e);
	*out = e.list;
	*out_n = e.n;
	return 0;
}
