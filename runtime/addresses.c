/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/addresses.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "netns/addr.h"
#include "netns/probe.h"
#include "runtime/address.h"
#include "runtime/holdings.h"
#include "runtime/pools.h"
#include "runtime/ports.h"

enum { PLACES_MAX = 1 << 24, PROBE_MS = 300 };

/* The claims of one taking, so that it can be undone. */
struct taking {
	struct claims claims;
	struct site *site;
	const struct zone_config *c;
	char **new;			/* owned: what was not the zone's before */
	char **auto_ip;			/* owned: what c->auto_ip becomes */
};

/*
 * What a configuration claims
 */

/* "eth0=10.1.0.5" is that nic's. */
static const char *auto_of(const char *member, const char *nic)
{
	size_t n = strlen(nic);

	return strncmp(member, nic, n) == 0 && member[n] == '=' ? member + n + 1 : NULL;
}

static void add_given(char ***list, const struct zone_config *c)
{
	struct error ignored = { 0 };
	struct net_config n;
	char text[ADDRESS_TEXT_MAX];

	/* What can't be parsed claims nothing; verify says what is wrong with it. */
	if (net_config_read(&n, c, &ignored) < 0)
		return;
	for (size_t i = 0; i < n.n_nics; i++)
		for (size_t k = 0; k < n.nics[i].n_ips; k++)
			if (n.nics[i].ips[k].addr.family)
				strv_add(list, address_text(&n.nics[i].ips[k].addr, text));
	net_config_clear(&n);
}

/* As a strv that the caller owns. */
static char **claimed(const struct zone_config *c)
{
	char **list = NULL;

	add_given(&list, c);
	for (char *const *a = c->auto_ip; a && *a; a++)
		strv_add(&list, strchr(*a, '=') + 1);
	for (char *const *a = c->held_ip; a && *a; a++)
		strv_add(&list, *a);
	return list;
}

char **addresses_claims(const struct zone_config *c)
{
	AUTO_STRV char **addresses = claimed(c);
	AUTO_STRV char **ports = ports_claimed(c);
	char **list = NULL;

	for (char **a = addresses; a && *a; a++)
		strv_addf(&list, "addresses/%s", *a);
	for (char **port = ports; port && *port; port++)
		strv_addf(&list, "ports/%s", *port);
	return list;
}

static bool is_claimed(const struct zone_config *c, const char *claim)
{
	AUTO_STRV char **list = claimed(c);

	return strv_has(list, claim);
}

int addresses_open(struct claims *out, struct site *site, struct error *err)
{
	if (claims_open(out, site, "addresses", err) < 0)
		return -1;
	out->is_in = is_claimed;
	return 0;
}

/*
 * Taking
 */

static void note_new(struct taking *t, int taken, const char *text)
{
	if (taken == 1)
		strv_add(&t->new, text);
}

/* A zone with an address of the host's would take the host's traffic for itself. */
static int check_not_ours(const struct net_addr *a, const char *text, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };

	if (nl_open(&nl, NETLINK_ROUTE, err) < 0)
		return -1;
	if (addr_is_served(&nl, 0, a))
		return error_set(err, ERR_USAGE, "ip: %s is this host's own", text);
	return 0;
}

/* 1 if a machine on the bridge or device has it. */
static int ask_link(const struct net_nic_spec *nic, const struct net_addr *a, const char *text,
		    struct error *err)
{
	uint8_t mac[NET_MAC_LEN];
	char shown[MAC_TEXT_MAX];
	int answered;

	if (!*nic->net.device)
		return 0;
	answered = probe_address(nic->net.device, a, PROBE_MS, mac, err);
	if (answered > 0)
		(void)error_set(err, ERR_EXISTS, "ip: %s is had on %s, by %s", text,
				nic->net.device, address_mac_text(mac, shown));
	return answered;
}

static int take_given(struct taking *t, const struct net_nic_spec *nic, const struct net_addr *a,
		      struct error *err)
{
	const struct net_pool *pool = pools_of(&t->site->config.pools, a);
	char text[ADDRESS_TEXT_MAX], owner[ZONE_NAME_MAX + 1];
	int taken;

	address_text(a, text);
	if (pool && (address_equal(a, &pool->gateway4) || address_equal(a, &pool->gateway6)))
		return error_set(err, ERR_EXISTS, "ip: %s is the gateway of pool \"%s\"", text,
				 pool->name);
	taken = claim_take(&t->claims, text, t->c->name, owner, err);
	if (taken == 0)
		return error_set(err, ERR_EXISTS, "ip: %s is zone \"%s\"'s", text, owner);
	if (taken < 0)
		return -1;
	note_new(t, taken, text);
	if (taken != 1)
		return 0;
	return check_not_ours(a, text, err) < 0 || ask_link(nic, a, text, err) != 0 ? -1 : 0;
}

static void note_auto(struct taking *t, const struct net_nic_spec *nic, const char *text)
{
	strv_addf(&t->auto_ip, "%s=%s", nic->name, text);
}

/* True if a pool is one that this interface may take from. */
static bool is_fit(const struct net_pool *pool, const struct net_nic_spec *nic,
		   const struct net_ip_spec *ip)
{
	if (*ip->pool && strcmp(ip->pool, pool->name) != 0)
		return false;
	return strcmp(pool->device, nic->net.device) == 0;
}

/* Keeps what the interface has of the pool. 1: it has some. */
static int keep_auto(struct taking *t, const struct net_nic_spec *nic,
		     const struct net_pool *pool, struct error *err)
{
	int found = 0;

	for (char *const *member = t->c->auto_ip; member && *member; member++) {
		const char *text = auto_of(*member, nic->name);
		char owner[ZONE_NAME_MAX + 1];
		struct error ignored;
		struct net_addr a;
		int taken;

		if (!text || address_parse(text, false, &a, &ignored) < 0 ||
		    (!address_in(&a, &pool->net4) && !address_in(&a, &pool->net6)))
			continue;
		taken = claim_take(&t->claims, text, t->c->name, owner, err);
		if (taken < 0)
			return -1;
		if (taken == 0)
			continue;
		note_new(t, taken, text);
		note_auto(t, nic, text);
		found = 1;
	}
	return found;
}

/* How many places of the pool can be had: both of its networks have that many. */
static uint64_t count_places(const struct net_pool *pool)
{
	const struct net_addr *nets[] = { &pool->net4, &pool->net6 };
	uint64_t n = PLACES_MAX;

	for (size_t i = 0; i < N_ROWS(nets); i++) {
		unsigned int bits = address_bits(nets[i]) - nets[i]->prefix;

		if (nets[i]->family && bits < 24 && ((uint64_t)1 << bits) - 2 < n)
			n = ((uint64_t)1 << bits) - 2;
	}
	return n;
}

/* Whom a place of a pool is for. */
struct place {
	const struct net_nic_spec *nic;
	const struct net_pool *pool;
	uint64_t number;
	bool is_thorough;		/* a link that is there is looked into */
};

/* One address of a place: 1 taken, 0 not to be had. */
static int take_one(struct taking *t, const struct place *p, const struct net_addr *a,
		    const char *text, struct error *err)
{
	char owner[ZONE_NAME_MAX + 1];
	int taken, answered;

	if (address_equal(a, &p->pool->gateway4) || address_equal(a, &p->pool->gateway6))
		return 0;
	taken = p->is_thorough ? claim_take(&t->claims, text, t->c->name, owner, err)
			       : claim_try(&t->claims, text, t->c->name, err);
	/* Any that is the zone's already is one of another interface, or held. */
	if (taken != 1)
		return taken < 0 ? -1 : 0;
	answered = ask_link(p->nic, a, text, err);
	if (answered != 0)
		(void)claim_give(&t->claims, text, t->c->name, &(struct error){ 0 });
	return answered < 0 ? -1 : !answered;
}

/* 1 taken, 0 not to be had. */
static int take_place(struct taking *t, const struct place *p, char texts[2][ADDRESS_TEXT_MAX],
		      struct error *err)
{
	const struct net_addr *nets[] = { &p->pool->net4, &p->pool->net6 };

	for (size_t i = 0; i < N_ROWS(nets); i++) {
		struct net_addr a = address_at(nets[i], p->number);
		int taken;

		address_text(&a, texts[i]);
		if (!nets[i]->family)
			continue;
		taken = take_one(t, p, &a, texts[i], err);
		if (taken == 1)
			continue;
		if (i == 1 && nets[0]->family)
			(void)claim_give(&t->claims, texts[0], t->c->name, &(struct error){ 0 });
		return taken < 0 ? -1 : 0;
	}
	return 1;
}

/* Zones begin their search at places that differ as their uids do, so that the first one is free
 * however many there are. */
static int take_new(struct taking *t, const struct net_nic_spec *nic, const struct net_pool *pool,
		    struct error *err)
{
	uint64_t n = count_places(pool);
	uint64_t first_slot = ((uint64_t)t->site->config.uid_start + ZONE_IDS - 1) / ZONE_IDS;
	uint64_t slot = t->c->uid_base / ZONE_IDS;
	uint64_t start = slot > first_slot ? slot - first_slot : 0;
	char texts[2][ADDRESS_TEXT_MAX];

	for (int thorough = 0; thorough < 2; thorough++)
		for (uint64_t i = 0; i < n; i++) {
			const struct place place = { nic, pool, 1 + (start + i) % n, thorough };
			int taken = take_place(t, &place, texts, err);

			if (taken < 0)
				return -1;
			for (int k = 0; taken > 0 && k < 2; k++)
				if (*texts[k]) {
					note_new(t, 1, texts[k]);
					note_auto(t, nic, texts[k]);
				}
			if (taken > 0)
				return 1;
		}
	return 0;
}

static int no_address(const struct net_nic_spec *nic, const struct net_ip_spec *ip, bool has_pool,
		      struct error *err)
{
	const char *quote = *ip->pool ? "\"" : "", *space = *ip->pool ? " " : "";

	if (has_pool)
		error_set(err, ERR_RESOURCE, "ip: no free address: the pool%s%s%s%s is exhausted",
			  space, quote, ip->pool, quote);
	else
		error_set(err, *ip->pool ? ERR_USAGE : ERR_RESOURCE,
			  "ip: no pool%s%s%s%s of addresses for %s", space, quote, ip->pool, quote,
			  *nic->net.device ? nic->net.device : "net=routed");
	return error_hint(err, "see address-pools in zonectl.json");
}

static int take_auto(struct taking *t, const struct net_nic_spec *nic,
		     const struct net_ip_spec *ip, struct error *err)
{
	const struct net_pools *pools = &t->site->config.pools;
	bool has_pool = false;
	int taken = 0;

	for (size_t i = 0; i < pools->n && taken == 0; i++)
		if (is_fit(&pools->list[i], nic, ip))
			taken = keep_auto(t, nic, &pools->list[i], err);
	for (size_t i = 0; i < pools->n && taken == 0; i++)
		if (is_fit(&pools->list[i], nic, ip)) {
			has_pool = true;
			taken = take_new(t, nic, &pools->list[i], err);
		}
	if (taken != 0)
		return taken < 0 ? -1 : 0;
	/* On somebody's bridge an address is a matter between the guest and its DHCP server. */
	if (!has_pool && *nic->net.device && !ip->is_auto)
		return 0;
	return no_address(nic, ip, has_pool, err);
}

static int take_nic(struct taking *t, const struct net_nic_spec *nic, struct error *err)
{
	static const struct net_ip_spec by_default = { 0 };

	if (nic->n_ips == 0)
		return take_auto(t, nic, &by_default, err);
	for (size_t i = 0; i < nic->n_ips; i++) {
		const struct net_ip_spec *ip = &nic->ips[i];

		if (ip->is_auto && take_auto(t, nic, ip, err) < 0)
			return -1;
		if (ip->addr.family && take_given(t, nic, &ip->addr, err) < 0)
			return -1;
	}
	return 0;
}

/* How much of a pool is claimed. */
struct count {
	const struct net_addr *net;
	uint64_t n;
};

static int count_claim(void *arg, const char *claim, struct error *err)
{
	struct count *count = arg;
	struct net_addr a;

	(void)err;	/* what is no address is not of a pool */
	if (address_parse(claim, false, &a, &(struct error){ 0 }) == 0)
		count->n += address_in(&a, count->net);
	return 0;
}

static int add_room(struct claims *claims, const struct net_pool *pool, uint64_t *room,
		    struct error *err)
{
	struct count count = { .net = pool->net4.family ? &pool->net4 : &pool->net6 };
	uint64_t places = count_places(pool);

	places -= pool->gateway4.family || pool->gateway6.family;
	if (claims_each(claims, count_claim, &count, err) < 0)
		return -1;
	*room += places > count.n ? places - count.n : 0;
	return 0;
}

int addresses_room(struct site *site, const struct net_nic_spec *nic, const struct net_ip_spec *ip,
		   uint64_t *out, struct error *err)
{
	static const struct net_ip_spec by_default = { 0 };
	const struct net_pools *pools = &site->config.pools;
	bool has_pool = false;
	struct claims claims;
	uint64_t room = 0;
	int status = 0;

	if (addresses_open(&claims, site, err) < 0)
		return -1;
	for (size_t i = 0; i < pools->n && status == 0; i++)
		if (is_fit(&pools->list[i], nic, ip ? ip : &by_default)) {
			has_pool = true;
			status = add_room(&claims, &pools->list[i], &room, err);
		}
	claims_close(&claims);
	/* As take_auto(): there its DHCP server is asked. */
	if (!has_pool && *nic->net.device && !(ip && ip->is_auto))
		room = UINT64_MAX;
	*out = room;
	return status;
}

static void undo(struct taking *t)
{
	for (char **claim = t->new; claim && *claim; claim++)
		(void)claim_give(&t->claims, *claim, t->c->name, &(struct error){ 0 });
}

static int take_all(struct taking *t, const struct net_config *n, struct error *err)
{
	for (size_t i = 0; i < n->n_nics; i++)
		if (take_nic(t, &n->nics[i], err) < 0) {
			undo(t);
			return -1;
		}
	if (ports_take(t->site, t->c->name, n, err) == 0)
		return 0;
	undo(t);
	return -1;
}

int addresses_take(struct site *site, struct zone_config *c, struct error *err)
{
	struct taking t = { .site = site, .c = c };
	struct net_config n;
	int status;

	if (net_config_read(&n, c, err) < 0)
		return -1;
	status = addresses_open(&t.claims, site, err);
	if (status == 0) {
		status = take_all(&t, &n, err);
		claims_close(&t.claims);
	}
	net_config_clear(&n);
	strv_clear(&t.new);
	if (status == 0) {
		strv_clear(&c->auto_ip);
		c->auto_ip = TAKE_PTR(t.auto_ip);
	}
	strv_clear(&t.auto_ip);
	return status;
}

/*
 * Giving back
 */

int addresses_give_all(struct site *site, const char *name, const struct zone_config *kept,
		       struct error *err)
{
	struct claims claims;
	int status;

	if (ports_give_all(site, name, kept, err) < 0 || addresses_open(&claims, site, err) < 0)
		return -1;
	status = claims_give_all(&claims, name, kept, err);
	claims_close(&claims);
	return status;
}

void addresses_hold(struct zone_config *c, const struct zone_config *old)
{
	AUTO_STRV char **had = claimed(old);
	AUTO_STRV char **has = claimed(c);

	for (char **claim = had; claim && *claim; claim++)
		if (!strv_has(has, *claim))
			strv_add(&c->held_ip, *claim);
}

static int give_list(struct site *site, const char *zone, char *const *list, char *const *stay,
		     struct error *err)
{
	struct claims claims;
	int status = 0;

	if (!list)
		return 0;
	if (addresses_open(&claims, site, err) < 0)
		return -1;
	for (; *list && status == 0; list++)
		if (!strv_has(stay, *list))
			status = claim_give(&claims, *list, zone, err);
	claims_close(&claims);
	return status;
}

int addresses_give(struct site *site, const struct zone_config *from,
		   const struct zone_config *kept, struct error *err)
{
	AUTO_STRV char **list = claimed(from);
	AUTO_STRV char **stay = kept ? claimed(kept) : NULL;

	if (ports_give(site, from, kept, err) < 0)
		return -1;
	return give_list(site, from->name, list, stay, err);
}

static int settle(struct site *site, struct zone_config *c, bool *out_changed, struct error *err)
{
	AUTO_STRV char **had = claimed(c);
	AUTO_STRV char **old = strv_copy(c->auto_ip);
	AUTO_STRV char **has = NULL;

	*out_changed = c->held_ip;
	if (addresses_take(site, c, err) < 0)
		return -1;
	*out_changed |= strv_len(old) != strv_len(c->auto_ip);
	for (char **a = c->auto_ip; a && *a; a++)
		*out_changed |= !strv_has(old, *a);
	if (!*out_changed)
		return 0;
	strv_clear(&c->held_ip);
	has = claimed(c);
	return give_list(site, c->name, had, has, err);
}

int addresses_settle(struct site *site, struct zone_config *c, bool *out_changed,
		     struct error *err)
{
	bool are_known = holdings_are_known(site, c->name);

	if (settle(site, c, out_changed, err) < 0)
		return -1;
	if (!are_known || holdings_are_known(site, c->name))
		return 0;
	return holdings_write(site, c->name, c, err);
}

/*
 * Showing
 */

/* The network that the prefix of an address inside is of: the pool's, or none but itself. */
static uint8_t prefix_of(const struct site *site, const struct net_nic_spec *nic,
			 const struct net_addr *a)
{
	const struct net_pool *pool = pools_of(&site->config.pools, a);

	if (nic->net.mode == NET_ROUTED || !pool)
		return (uint8_t)address_bits(a);
	return a->family == AF_INET ? pool->net4.prefix : pool->net6.prefix;
}

size_t addresses_of_nic(const struct site *site, const struct zone_config *c,
			const struct net_nic_spec *nic, struct net_addr *out, size_t max)
{
	struct error ignored;
	size_t n = 0;

	for (size_t i = 0; i < nic->n_ips && n < max; i++) {
		if (!nic->ips[i].addr.family)
			continue;
		out[n] = nic->ips[i].addr;
		if (nic->net.mode == NET_ROUTED)
			out[n].prefix = (uint8_t)address_bits(&out[n]);
		n++;
	}
	for (char *const *member = c->auto_ip; member && *member && n < max; member++) {
		const char *text = auto_of(*member, nic->name);

		if (!text || address_parse(text, false, &out[n], &ignored) < 0)
			continue;
		out[n].prefix = prefix_of(site, nic, &out[n]);
		n++;
	}
	return n;
}

char **addresses_of(const struct site *site, const struct zone_config *c)
{
	struct error ignored = { 0 };
	struct net_config n;
	char **list = NULL;

	if (net_config_read(&n, c, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < n.n_nics; i++) {
		struct net_addr addrs[2 * NIC_ADDRS_MAX];
		size_t n_addrs = addresses_of_nic(site, c, &n.nics[i], addrs, N_ROWS(addrs));
		char text[ADDRESS_TEXT_MAX];

		for (size_t k = 0; k < n_addrs; k++)
			strv_add(&list, n.nics[i].net.mode == NET_ROUTED
						? address_text(&addrs[k], text)
						: address_prefix_text(&addrs[k], text));
	}
	net_config_clear(&n);
	return list;
}
