/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/table_state.h"

/*
 * Elements of one zone
 */

static void put_no_elements(struct table *t, const struct table_elements *e)
{
	for (size_t f = 0; f < TABLE_FAMILIES; f++)
		for (enum table_set s = 0; s < TABLE_SETS; s++)
			nft_put_no_elements(&t->nft, table_family(table_family_bit(f)),
					    table_set(s)->name, e->list[f][s], e->n[f][s]);
}

static int commit_removal(struct table *t, const struct table_elements *e, uint32_t generation,
			  struct error *err)
{
	nft_begin(&t->nft, generation);
	put_no_elements(t, e);
	return nft_commit(&t->nft, NULL, err);
}

/* A search for the elements whose comment is the zone's name, in one list after the other. */
struct sweep {
	const char *zone;
	struct nft_element *list;	/* owned by a struct table_elements */
	size_t n;
};

static int take_ours(const struct nft_found *found, void *arg, struct error *err)
{
	struct sweep *sweep = arg;
	struct nft_element *e;
	char name[TABLE_NAME_MAX + 1];

	(void)err;	/* others' elements are passed over */
	table_zone_name(found, name);
	if (strcmp(name, sweep->zone) != 0 || found->key_len > NFT_KEY_MAX)
		return 0;
	sweep->list = xreallocarray(sweep->list, sweep->n + 1, sizeof(*sweep->list));
	e = &sweep->list[sweep->n++];
	*e = (struct nft_element){ .key_len = (uint32_t)found->key_len };
	memcpy(e->key, found->key, found->key_len);
	return 0;
}

static void restart_sweep(void *arg)
{
	struct sweep *sweep = arg;

	sweep->n = 0;
}

/* The way that needs no record: it reads everybody's elements. */
static int find_by_comment(struct table *t, const char *zone, struct table_elements *out,
			   struct error *err)
{
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		for (enum table_set s = 0; s < TABLE_SETS; s++) {
			struct sweep sweep = { .zone = zone };
			struct nft_taker taker = { take_ours, restart_sweep, &sweep };
			struct error why = { 0 };
			int rc = nft_list(&t->nft, table_family(table_family_bit(f)),
					  table_set(s)->name, &taker, &why);

			out->list[f][s] = sweep.list;
			out->n[f][s] = sweep.n;
			if (rc < 0 && why.sys != ENOENT) {	/* not each set is in each family */
				*err = why;
				return -1;
			}
		}
	}
	return 0;
}

static int sweep_elements(struct table *t, const char *zone, uint32_t generation,
			  struct error *err)
{
	AUTO_TABLE_ELEMENTS struct table_elements e = { 0 };

	if (find_by_comment(t, zone, &e, err) < 0)
		return -1;
	return commit_removal(t, &e, generation, err);
}

static int remove_elements(struct table *t, const struct table_zone *z, uint32_t generation,
			   struct error *err)
{
	AUTO_TABLE_ELEMENTS struct table_elements e = { 0 };
	struct error why = { 0 };

	table_elements_init(&e, z);
	if (commit_removal(t, &e, generation, &why) == 0)
		return 0;
	/* Some are missing: the host's root took them out by hand. */
	if (why.sys == ENOENT)
		return sweep_elements(t, z->name, generation, err);
	*err = why;
	return -1;
}

/* Nothing there is success, also when another process was faster. */
static int remove_zone(struct table *t, const char *zone, uint32_t generation, struct error *err)
{
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	enum table_has has;

	if (table_read(t, zone, &z, &has, err) < 0)
		return -1;
	if (has == TABLE_HAS_STRAY)
		return sweep_elements(t, zone, generation, err);
	return has == TABLE_HAS_ZONE ? remove_elements(t, &z, generation, err) : 0;
}

/*
 * The table
 */

/* Removes the tables that are there. */
static int remove_tables(struct table *t, uint32_t generation, struct error *err)
{
	const unsigned int all = IN_INET | IN_BRIDGE | IN_ARP;
	unsigned int missing;

	if (table_missing(t, all, &missing, err) < 0)
		return -1;
	if (missing == all)
		return 0;
	nft_begin(&t->nft, generation);
	for (size_t f = 0; f < TABLE_FAMILIES; f++)
		if (!(missing & table_family_bit(f)))
			nft_put_no_table(&t->nft, table_family(table_family_bit(f)));
	return nft_commit(&t->nft, NULL, err);
}

/* The last zone takes the table with it, in the one transaction that it needs. The kernel refuses
 * that if anything changed since somebody looked, so that no lock is needed: of two zones that go
 * at once, one finds the other gone. */
static int take_out(struct table *t, const char *zone, struct error *err)
{
	uint32_t generation;
	bool has_others;

	if (nft_generation(&t->nft, &generation, err) < 0 ||
	    table_has_others(t, zone, &has_others, err) < 0)
		return -1;
	return has_others ? remove_zone(t, zone, generation, err) :
			    remove_tables(t, generation, err);
}

int table_take_out(struct table *t, const char *zone, struct error *err)
{
	struct error why = { 0 };

	for (int i = 0; i < TABLE_RACES_MAX; i++) {
		why = (struct error){ 0 };
		if (take_out(t, zone, &why) == 0)
			return 0;
		/* Others were faster: with a change, or with the very same removal. */
		if (why.sys != ERESTART && why.sys != ENOENT)
			break;
	}
	*err = why;
	return -1;
}
