/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/table_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"

enum { PARTS_MAX = 1024 };		/* more than any record has */

static const unsigned int families[TABLE_FAMILIES] = { IN_INET, IN_BRIDGE, IN_ARP };

unsigned int table_family_bit(size_t index)
{
	return families[index];
}

void table_close(struct table *t)
{
	nft_close(&t->nft);
	nft_close(&t->look);
}

int table_wrap(const struct table *t, struct error *err)
{
	return error_wrap(err, "nft table '%s'", t->name);
}

int table_open(struct table *t, const char *site, struct error *err)
{
	*t = (struct table){ 0 };
	if ((size_t)snprintf(t->name, sizeof(t->name), "zonectl%s%s", *site ? "-" : "", site) >=
	    sizeof(t->name))
		return error_set(err, ERR_USAGE, "site '%s': the id is too long", site);
	return nft_open(&t->nft, t->name, err) < 0 ? table_wrap(t, err) : 0;
}

int table_missing(struct table *t, unsigned int wanted, unsigned int *out, struct error *err)
{
	*out = 0;
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		bool is_there = true;

		if ((wanted & families[f]) &&
		    nft_has_table(&t->nft, table_family(families[f]), &is_there, err) < 0)
			return -1;
		if (!is_there)
			*out |= families[f];
	}
	return 0;
}

/*
 * The record of a zone
 */

struct record {
	struct str bytes;
	bool is_there;			/* some element of the zone's name is */
};

static int take_part(const struct nft_found *found, void *arg, struct error *err)
{
	struct record *r = arg;
	size_t len = 0;
	const uint8_t *part = nft_note_find(found->note, found->note_len, NFT_NOTE_RECORD, &len);

	(void)err;	/* a part without its bytes shows when the whole is parsed */
	r->is_there = true;
	if (part)
		str_addn(&r->bytes, (const char *)part, len);
	return 0;
}

/* The parts until the first one that is missing. */
static int read_parts(struct table *t, const char *zone, struct record *r, struct error *err)
{
	struct nft_taker taker = { .take = take_part, .arg = r };

	for (uint32_t part = 0; part < PARTS_MAX; part++) {
		struct nft_element key;
		struct error why = { 0 };

		table_zone_key(zone, part, &key);
		if (nft_find(&t->nft, table_family(IN_INET), table_set(SET_ZONES)->name, &key,
			     &taker, &why) == 0)
			continue;
		if (why.sys == ENOENT)
			return 0;
		*err = why;
		return -1;
	}
	return 0;
}

int table_read(struct table *t, const char *zone, struct table_zone *out, enum table_has *out_has,
	       struct error *err)
{
	struct record r = { .is_there = false };
	struct error why = { 0 };
	int rc = read_parts(t, zone, &r, err);

	*out_has = r.is_there ? TABLE_HAS_STRAY : TABLE_HAS_NONE;
	/* Whoever saves all rules with nft(8) and loads them again, loads elements without records:
	 * they are then found by their comments. */
	if (rc == 0 && r.is_there && table_zone_parse(out, zone, &r.bytes, &why) == 0)
		*out_has = TABLE_HAS_ZONE;
	str_clear(&r.bytes);
	return rc;
}

/*
 * Names
 */

static int take_name(const struct nft_found *found, void *arg, struct error *err)
{
	char name[TABLE_NAME_MAX + 1];

	(void)err;	/* what has no name is nobody's */
	/* The name is in each part of a record; the first one counts. */
	table_zone_name(found, name);
	if (table_zone_part(found->key, found->key_len) == 0 && *name)
		strv_add(arg, name);
	return 0;
}

static void restart_names(void *arg)
{
	strv_clear(arg);
}

int table_names(struct table *t, char ***out, struct error *err)
{
	AUTO_STRV char **names = NULL;
	struct nft_taker taker = { take_name, restart_names, &names };
	struct error why = { 0 };

	if (nft_list(&t->nft, table_family(IN_INET), table_set(SET_ZONES)->name, &taker,
		     &why) < 0 && why.sys != ENOENT) {
		*err = why;
		return -1;
	}
	*out = TAKE_PTR(names);
	return 0;
}

struct others {
	const char *zone;
	bool has_any;
};

/* An element without a name is somebody's too. */
static int take_other(const struct nft_found *found, void *arg, struct error *err)
{
	struct others *others = arg;
	char name[TABLE_NAME_MAX + 1];

	(void)err;	/* that there is one is enough */
	table_zone_name(found, name);
	others->has_any |= strcmp(name, others->zone) != 0;
	return 0;
}

/* To close a socket is to wait for what anybody just removed (nft_rcv_nl_event()): so this one is
 * closed with the other. */
static int look(struct table *t, const struct nft_taker *taker, struct error *err)
{
	nft_close(&t->look);
	if (nft_open(&t->look, t->name, err) < 0)
		return -1;
	return nft_list_some(&t->look, table_family(IN_INET), table_set(SET_ZONES)->name, taker,
			     err);
}

int table_has_others(struct table *t, const char *zone, bool *out, struct error *err)
{
	struct others others = { .zone = zone };
	struct nft_taker taker = { .take = take_other, .arg = &others };
	struct error why = { 0 };
	/* The first piece of the list mostly tells, at the same cost with any number of zones; all
	 * of that may be this zone's. */
	int rc = look(t, &taker, &why);

	if (rc == 0 && !others.has_any)
		rc = nft_list(&t->nft, table_family(IN_INET), table_set(SET_ZONES)->name, &taker,
			      &why);
	*out = others.has_any;
	if (rc == 0 || why.sys == ENOENT)
		return 0;
	*err = why;
	return -1;
}
