/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/table.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/table_state.h"

/*
 * Counters
 */

static void add_count(struct net_count *sum, const struct nft_found *found)
{
	sum->bytes += found->bytes;
	sum->packets += found->packets;
}

void table_count(struct net_stats *stats, const struct nft_found *found)
{
	/* clang-format off */
	const struct {
		enum table_set set;
		struct net_count *sum;
	} sums[] = {
		{ SET_IN4, &stats->in4 }, { SET_OUT4, &stats->out4 },
		{ SET_IN6, &stats->in6 }, { SET_OUT6, &stats->out6 },
		{ SET_OWN4, &stats->out4 }, { SET_OWN6, &stats->out6 },
	};
	/* clang-format on */

	if (strcmp(found->set, table_set(SET_REFUSED)->name) == 0)
		stats->dropped += found->packets;
	for (size_t i = 0; i < N_ROWS(sums); i++)
		if (strcmp(found->set, table_set(sums[i].set)->name) == 0)
			add_count(sums[i].sum, found);
}

static int take_count(const struct nft_found *found, void *arg, struct error *err)
{
	(void)err;	/* other sets have no counters of ours */
	table_count(arg, found);
	return 0;
}

/* Wants the counters of all interfaces of the zone. */
static void want_counts(struct table *t, const struct table_elements *e)
{
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		unsigned int family = table_family_bit(f);

		for (enum table_set s = 0; s < TABLE_SETS; s++)
			for (size_t i = 0; table_set_counts(s, family) && i < e->n[f][s]; i++)
				nft_want(&t->nft, table_family(family), table_set(s)->name,
					 &e->list[f][s][i]);
	}
}

/* A host without nf_tables has nothing of any zone in it. */
static int nothing_there(const struct error *why, struct error *err)
{
	if (why->kind == ERR_UNSUPPORTED)
		return 0;
	*err = *why;
	return -1;
}

/* All 0 where the zone has nothing. */
static int read_stats(struct table *t, const char *zone, struct net_stats *out, struct error *err)
{
	AUTO_TABLE_ELEMENTS struct table_elements e = { 0 };
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	struct net_stats stats = { 0 };
	struct nft_taker taker = { .take = take_count, .arg = &stats };
	struct error why = { 0 };
	enum table_has has;

	if (table_read(t, zone, &z, &has, err) < 0)
		return -1;
	if (has == TABLE_HAS_ZONE)
		table_elements_init(&e, &z);
	want_counts(t, &e);
	/* An element that the host's root took out by hand counts nothing. */
	if (nft_read(&t->nft, &taker, &why) < 0 && why.sys != ENOENT) {
		*err = why;
		return -1;
	}
	*out = stats;
	return 0;
}

/*
 * What others call
 */

int table_add(const struct net_plan *plan, struct error *err)
{
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	AUTO_TABLE struct table t = { 0 };

	if (table_zone_init(&z, plan, err) < 0)
		return -1;
	if (z.n_nics == 0)
		return 0;
	if (table_open(&t, plan->site, err) < 0)
		return -1;
	return table_put_in(&t, &z, err) < 0 ? table_wrap(&t, err) : 0;
}

static int remove_zone(struct table *t, const char *zone, struct net_stats *last, struct error *err)
{
	struct net_stats stats = { 0 };

	if ((last && read_stats(t, zone, &stats, err) < 0) || table_take_out(t, zone, err) < 0)
		return table_wrap(t, err);
	if (last)
		*last = stats;
	return 0;
}

int table_leave(const char *site, const char *zone, struct net_stats *last, struct nl_rest *rest,
		struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct error why = { 0 };

	if (last)
		*last = (struct net_stats){ 0 };
	if (table_open(&t, site, &why) == 0)
		(void)remove_zone(&t, zone, last, &why);	/* below, by why */
	nl_leave(&t.nft.nl, rest);
	nl_leave(&t.look.nl, rest);
	return why.kind == ERR_NONE ? 0 : nothing_there(&why, err);
}

int table_remove(const char *site, const char *zone, struct net_stats *last, struct error *err)
{
	AUTO_NL_REST struct nl_rest rest = { .n = 0 };

	return table_leave(site, zone, last, &rest, err);
}

int table_publish(const struct net_plan *plan, struct error *err)
{
	AUTO_TABLE_ZONE struct table_zone before = { 0 };
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	AUTO_TABLE struct table t = { 0 };
	enum table_has has;

	if (table_open(&t, plan->site, err) < 0)
		return -1;
	if (table_read(&t, plan->zone, &before, &has, err) < 0)
		return table_wrap(&t, err);
	if (has != TABLE_HAS_ZONE && plan->n_publish == 0)
		return 0;
	if (has != TABLE_HAS_ZONE)
		return error_set(err, ERR_NOT_FOUND, "zone '%s' is not in nft table '%s'",
				 plan->zone, t.name);
	table_zone_copy(&z, &before);
	if (table_zone_publish(&z, plan, err) < 0)
		return -1;
	return table_replace_ports(&t, &before, &z, err) < 0 ? table_wrap(&t, err) : 0;
}

int table_stats(const char *site, const char *zone, struct net_stats *out, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct error why = { 0 };

	*out = (struct net_stats){ 0 };
	if (table_open(&t, site, &why) == 0 && read_stats(&t, zone, out, &why) < 0)
		table_wrap(&t, &why);
	return why.kind == ERR_NONE ? 0 : nothing_there(&why, err);
}

int table_list(const char *site, char ***out, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct error why = { 0 };

	*out = NULL;
	if (table_open(&t, site, &why) == 0 && table_names(&t, out, &why) < 0)
		table_wrap(&t, &why);
	return why.kind == ERR_NONE ? 0 : nothing_there(&why, err);
}
