/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "runtime/address.h"
#include "runtime/addresses.h"
#include "runtime/fleet_parts.h"
#include "runtime/net_config.h"

enum { NETS = 2 };		/* IPv4, then IPv6 */

static const struct net_addr *net_of(const struct fleet_pool *pool, int i)
{
	return i == 0 ? &pool->net.net4 : &pool->net.net6;
}

/* As property ip is written: what lies on a link with others has their prefix. */
static void add_ip(struct fleet_zone *z, const struct net_addr *net, const struct net_addr *a)
{
	struct error ignored = { 0 };
	char text[ADDRESS_TEXT_MAX];
	struct net_mode_spec mode;
	struct net_addr address = *a;

	address.prefix = net->prefix;
	if (net_mode_parse(z->group->config.net, &mode, &ignored) == 0 && mode.mode == NET_ROUTED)
		address_text(&address, text);
	else
		address_prefix_text(&address, text);
	strv_add(&z->ip, text);
}

void fleet_keep_ip(struct fleet_zone *z, const struct zone_config *present)
{
	for (int i = 0; i < NETS; i++) {
		const struct net_addr *net = net_of(z->group->pool, i);

		for (char *const *ip = present->ip; net->family && ip && *ip; ip++) {
			struct error ignored = { 0 };
			struct net_addr a;

			if (address_parse(*ip, true, &a, &ignored) < 0 || !address_in(&a, net))
				continue;
			add_ip(z, net, &a);
			break;
		}
	}
}

static bool has_of(const struct fleet_zone *z, const struct net_addr *net)
{
	for (char *const *ip = z->ip; ip && *ip; ip++) {
		struct error ignored = { 0 };
		struct net_addr a;

		if (address_parse(*ip, true, &a, &ignored) == 0 && address_in(&a, net))
			return true;
	}
	return false;
}

/* Places 1 to this are for zones: the first is the network's own, the last its broadcast. */
static uint64_t last_place(const struct fleet_pool *pool)
{
	uint64_t last = UINT64_MAX;

	for (int i = 0; i < NETS; i++) {
		const struct net_addr *net = net_of(pool, i);
		unsigned int bits = address_bits(net) - net->prefix;

		if (net->family && bits < 32 && ((uint64_t)1 << bits) - 2 < last)
			last = ((uint64_t)1 << bits) - 2;
	}
	return last;
}

/* True if nobody has it: no zone, and none of the fleet by name. */
static bool is_free(struct fleet *f, struct claims *claims, const struct net_addr *a)
{
	char text[ADDRESS_TEXT_MAX], owner[ZONE_NAME_MAX + 1];

	claim_owner(claims, address_text(a, text), owner);
	return (!*owner || !claim_is_held(claims, text, owner)) && !fleet_is_fixed(f, a);
}

/* The next place whose addresses are all free, or 0. */
static uint64_t next_place(struct fleet *f, struct claims *claims, struct fleet_pool *pool)
{
	uint64_t last = last_place(pool);

	for (; pool->next <= last; pool->next++) {
		bool can_be_had = true;

		for (int i = 0; i < NETS && can_be_had; i++) {
			struct net_addr a = address_at(net_of(pool, i), pool->next);

			can_be_had = !net_of(pool, i)->family || is_free(f, claims, &a);
		}
		if (can_be_had)
			return pool->next++;
	}
	return 0;
}

static bool lacks_some(const struct fleet_zone *z)
{
	for (int i = 0; i < NETS; i++)
		if (net_of(z->group->pool, i)->family && !has_of(z, net_of(z->group->pool, i)))
			return true;
	return false;
}

static void give(struct fleet *f, struct claims *claims, struct fleet_zone *z)
{
	struct fleet_pool *pool = z->group->pool;
	uint64_t place = next_place(f, claims, pool);

	for (int i = 0; i < NETS && place > 0; i++) {
		const struct net_addr *net = net_of(pool, i);
		struct net_addr a = address_at(net, place);

		if (net->family && !has_of(z, net))
			add_ip(z, net, &a);
	}
}

static size_t count_wanting(const struct fleet *f, const struct fleet_pool *pool)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_zones; i++) {
		const struct fleet_zone *z = &f->zones[i];

		n += z->group && z->group->pool == pool && z->group->state != FLEET_ABSENT;
	}
	return n;
}

static void check_given(struct fleet *f, const struct fleet_pool *pool, size_t n_lacking)
{
	if (n_lacking > 0)
		fleet_fault(f, pool->at, "too small: %zu of the %zu zones that take from it get "
			    "no address", n_lacking, count_wanting(f, pool));
}

int fleet_give_ip(struct fleet *f, struct error *err)
{
	struct claims claims;

	if (f->n_pools == 0)
		return 0;
	if (addresses_open(&claims, f->site, err) < 0)
		return -1;
	for (size_t p = 0; p < f->n_pools; p++) {
		size_t n_lacking = 0;

		for (size_t i = 0; i < f->n_zones; i++) {
			struct fleet_zone *z = &f->zones[i];

			if (!z->group || z->group->pool != &f->pools[p] ||
			    z->group->state == FLEET_ABSENT || !lacks_some(z))
				continue;
			give(f, &claims, z);
			n_lacking += lacks_some(z);
		}
		check_given(f, &f->pools[p], n_lacking);
	}
	claims_close(&claims);
	return 0;
}
