/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/table_state.h"

enum { PREFIX_LEN = 5 };	/* "zn" and three characters of the site: net_host_name() */

/* A transaction that adds: which of its messages are what, to tell what a failure means. */
struct adding {
	struct table *t;
	const char *zone;
	const struct table_elements *elements;
	unsigned int wanted;		/* families that the zone needs */
	unsigned int missing;		/* of them, those to be made */
	char prefix[PREFIX_LEN + 1];
	size_t first_element, first_port, after_ports;
	size_t failed;			/* which message did */
};

/*
 * Published ports that somebody has
 */

static int take_holder(const struct nft_found *found, void *arg, struct error *err)
{
	(void)err;	/* an element of nobody has the name "" */
	table_zone_name(found, arg);
	return 0;
}

/* "port 80/tcp" of an element of a set of ports; the address stands before it, if it has one. */
static void port_name(enum table_set set, const struct nft_element *e, struct str *out)
{
	size_t at = set == SET_HOSTPORTS4 ? 4 : set == SET_HOSTPORTS6 ? 16 : 0;
	unsigned int port = (unsigned int)e->key[at + 4] << 8 | e->key[at + 5];

	str_addf(out, "port %u/%s", port, e->key[at] == IPPROTO_TCP ? "tcp" : "udp");
}

/* Fails for the first of our ports in a set that another zone has. */
static int find_holder(const struct adding *a, enum table_set set, struct error *err)
{
	const struct table_elements *e = a->elements;

	for (size_t i = 0; i < e->n[0][set]; i++) {
		char holder[TABLE_NAME_MAX + 1] = "";
		struct nft_taker taker = { .take = take_holder, .arg = holder };
		AUTO_STR struct str port = { 0 };
		struct error why = { 0 };

		if (nft_find(&a->t->nft, table_family(IN_INET), table_set(set)->name,
			     &e->list[0][set][i], &taker, &why) < 0 || strcmp(holder, a->zone) == 0)
			continue;
		port_name(set, &e->list[0][set][i], &port);
		error_set(err, ERR_EXISTS, "%s is published by zone '%s'", port.data, holder);
		return error_hint(err, "zonectl net info %s", holder);
	}
	return 0;
}

static int explain_ports(const struct adding *a, struct error *err)
{
	for (enum table_set s = SET_PORTS4; s <= SET_HOSTPORTS6; s++)
		if (find_holder(a, s, err) < 0)
			return -1;
	return error_set(err, ERR_EXISTS, "zone '%s' publishes one port twice", a->zone);
}

/*
 * A zone that comes
 */

static void put_elements(struct adding *a)
{
	struct nft *nft = &a->t->nft;

	a->first_element = nft_puts(nft);
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		uint8_t family = table_family(table_family_bit(f));

		for (enum table_set s = 0; s < TABLE_SETS; s++) {
			bool is_new = s == SET_ZONES || s >= SET_PORTS4;

			if (table_family_bit(f) == IN_INET && s == SET_PORTS4)
				a->first_port = nft_puts(nft);
			nft_put_elements(nft, family, table_set(s)->name, a->elements->list[f][s],
					 a->elements->n[f][s], is_new);
		}
		if (table_family_bit(f) == IN_INET)
			a->after_ports = nft_puts(nft);
	}
}

static int add_once(struct adding *a, struct error *err)
{
	nft_begin(&a->t->nft, 0);
	for (size_t f = 0; f < TABLE_FAMILIES; f++)
		if (a->missing & table_family_bit(f))
			table_put_rules(&a->t->nft, table_family_bit(f), a->prefix);
	put_elements(a);
	return nft_commit(&a->t->nft, &a->failed, err);
}

/* Does what a transaction that failed asks for before the next try; -1 when none would help. */
static int mend(struct adding *a, const struct error *why, struct error *err)
{
	bool is_rules = a->failed > 0 && a->failed < a->first_element;
	bool is_port = a->failed >= a->first_port && a->failed < a->after_ports;

	if (why->sys == EEXIST && is_port)
		return explain_ports(a, err);
	/* What an earlier boot left, which somebody killed. */
	if (why->sys == EEXIST && !is_rules)
		return table_take_out(a->t, a->zone, err);
	/* It is not the table that is not found, but what a rule of it needs. */
	if (why->sys == ENOENT && is_rules) {
		*err = *why;
		err->kind = ERR_UNSUPPORTED;
		return error_hint(err, "the kernel lacks a part of nf_tables (CONFIG_NFT_...)");
	}
	if (why->sys == ENOENT || why->sys == EEXIST)
		return 0;
	*err = *why;
	return -1;
}

static int add_all(struct adding *a, struct error *err)
{
	struct error why = { 0 };

	for (int i = 0; i < TABLE_RACES_MAX; i++) {
		why = (struct error){ 0 };
		/* Asked for first: a transaction that fails waits for a grace period of the
		 * kernel's (__nf_tables_abort()), some 10 ms. */
		if (table_missing(a->t, a->wanted, &a->missing, err) < 0)
			return -1;
		if (add_once(a, &why) == 0)
			return 0;
		if (mend(a, &why, err) < 0)
			return -1;
	}
	*err = why;
	return error_hint(err, "if another version of zonectl made it, halt all zones first");
}

/* The prefix of the interfaces' names, and which families the zone needs. */
static int plan_adding(struct adding *a, const struct table_zone *z, struct error *err)
{
	for (size_t i = 0; i < z->n_nics; i++) {
		const char *host = z->nics[i].host;

		if (strncmp(host, "zn", 2) != 0 || strlen(host) < PREFIX_LEN ||
		    strncmp(host, z->nics[0].host, PREFIX_LEN) != 0)
			return error_set(err, ERR_USAGE, "interface '%s' has no name of this site",
					 host);
		a->wanted |= z->nics[i].is_bridged ? IN_BRIDGE : IN_ARP;
	}
	a->wanted |= IN_INET;
	memcpy(a->prefix, z->nics[0].host, PREFIX_LEN);
	return 0;
}

int table_put_in(struct table *t, const struct table_zone *z, struct error *err)
{
	AUTO_TABLE_ELEMENTS struct table_elements elements = { 0 };
	struct adding a = { .t = t, .zone = z->name, .elements = &elements };

	if (plan_adding(&a, z, err) < 0)
		return -1;
	table_elements_init(&elements, z);
	return add_all(&a, err);
}

/*
 * Other ports
 */

static bool is_about_ports(enum table_set set)
{
	return set == SET_ZONES || table_set_is_port(set);
}

int table_replace_ports(struct table *t, const struct table_zone *before,
			const struct table_zone *z, struct error *err)
{
	AUTO_TABLE_ELEMENTS struct table_elements old = { 0 };
	AUTO_TABLE_ELEMENTS struct table_elements new = { 0 };
	struct adding a = { .t = t, .zone = z->name, .elements = &new };
	const uint8_t inet = table_family(IN_INET);
	struct error why = { 0 };

	table_elements_init(&old, before);
	table_elements_init(&new, z);
	nft_begin(&t->nft, 0);
	for (enum table_set s = 0; s < TABLE_SETS; s++)
		if (is_about_ports(s))
			nft_put_no_elements(&t->nft, inet, table_set(s)->name, old.list[0][s],
					    old.n[0][s]);
	a.first_port = nft_puts(&t->nft);
	for (enum table_set s = 0; s < TABLE_SETS; s++)
		if (is_about_ports(s))
			nft_put_elements(&t->nft, inet, table_set(s)->name, new.list[0][s],
					 new.n[0][s], true);
	if (nft_commit(&t->nft, &a.failed, &why) == 0)
		return 0;
	if (why.sys == EEXIST && a.failed >= a.first_port)
		return explain_ports(&a, err);
	*err = why;
	return -1;
}
