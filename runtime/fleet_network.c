/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/address.h"
#include "runtime/addresses.h"
#include "runtime/fleet_parts.h"
#include "runtime/net_config.h"
#include "runtime/ports.h"

/* An address that a group gives to its zone by name. */
struct fixed {
	const struct fleet_group *group;	/* borrowed */
	struct net_addr addr;
};

/* What the groups of a fleet ask of the network. */
struct wants {
	struct fleet *f;
	struct net_config *nets;	/* of each group; owned */
	struct fixed *fixed;		/* owned */
	size_t n_fixed;
};

static bool is_live(const struct fleet_group *g)
{
	return g->n_zones > 0 && g->state != FLEET_ABSENT;
}

/* Where the group says so itself, else the group: it has it from a plan or another. */
static const struct json *place_of(const struct fleet_group *g, const char *property)
{
	const struct json *value = json_get(json_get(g->at, "properties"), property);

	return value ? value : g->at;
}

static void add_fixed(struct wants *w, const struct fleet_group *g, const struct net_addr *a)
{
	w->fixed = xreallocarray(w->fixed, w->n_fixed + 1, sizeof(*w->fixed));
	w->fixed[w->n_fixed++] = (struct fixed){ .group = g, .addr = *a };
}

static void read_wants(struct wants *w)
{
	struct fleet *f = w->f;

	w->nets = xcalloc(f->n_groups + 1, sizeof(*w->nets));
	for (size_t i = 0; i < f->n_groups; i++) {
		struct error told = { 0 };
		struct net_config *n = &w->nets[i];

		if (!is_live(&f->groups[i]) ||
		    net_config_read(n, &f->groups[i].config, &told) < 0)
			continue;
		for (size_t k = 0; k < n->n_nics; k++)
			for (size_t m = 0; m < n->nics[k].n_ips; m++)
				if (n->nics[k].ips[m].addr.family)
					add_fixed(w, &f->groups[i], &n->nics[k].ips[m].addr);
	}
}

static void wants_clear(struct wants *w)
{
	for (size_t i = 0; i < w->f->n_groups; i++)
		net_config_clear(&w->nets[i]);
	free(w->nets);
	free(w->fixed);
}

/*
 * Between zones of the fleet
 */

/* What one zone only can have is of no use to a group of several. */
static void check_several(struct wants *w, size_t i)
{
	const struct fleet_group *g = &w->f->groups[i];
	bool has_fixed = false;

	if (g->n_zones < 2)
		return;
	for (size_t k = 0; k < w->n_fixed; k++)
		has_fixed |= w->fixed[k].group == g;
	if (has_fixed)
		fleet_fault(w->f, place_of(g, "ip"), "an address is one zone's, and there are %zu "
			    "in this group (a pool gives each its own)", g->n_zones);
	if (w->nets[i].n_publish > 0)
		fleet_fault(w->f, place_of(g, "publish"),
			    "a port leads to one zone, and there are %zu in this group",
			    g->n_zones);
	if (g->config.mac)
		fleet_fault(w->f, place_of(g, "mac"),
			    "a hardware address is one zone's, and there are %zu in this group",
			    g->n_zones);
}

static int compare_fixed(const void *a, const void *b)
{
	const struct fixed *x = a, *y = b;
	int order = memcmp(x->addr.ip, y->addr.ip, sizeof(x->addr.ip));

	if (order == 0)
		order = (int)x->addr.family - (int)y->addr.family;
	if (order == 0)
		order = (x->group > y->group) - (x->group < y->group);
	return order;
}

static void check_fixed_twice(struct wants *w)
{
	if (w->n_fixed > 0)
		qsort(w->fixed, w->n_fixed, sizeof(*w->fixed), compare_fixed);
	for (size_t i = 1; i < w->n_fixed; i++) {
		const struct fixed *a = &w->fixed[i], *before = a - 1;
		char text[ADDRESS_TEXT_MAX];

		if (address_equal(&a->addr, &before->addr))
			fleet_fault(w->f, place_of(a->group, "ip"), "%s is in group \"%s\" too",
				    address_text(&a->addr, text), before->group->at->key);
	}
}

/* Of two groups; a port twice in one is a fault of its properties. */
static void check_ports_twice(struct wants *w, size_t i, size_t before)
{
	const struct net_config *n = &w->nets[i], *other = &w->nets[before];

	for (size_t k = 0; k < n->n_publish; k++)
		for (size_t m = 0; m < other->n_publish; m++) {
			AUTO_FREE char *name = NULL;

			if (!net_publish_overlaps(&n->publish[k], &other->publish[m]))
				continue;
			name = net_publish_name(&n->publish[k]);
			fleet_fault(w->f, place_of(&w->f->groups[i], "publish"),
				    "%s, which group \"%s\" has too", name,
				    w->f->groups[before].at->key);
		}
}

/*
 * With zones beside it
 */

/* Zones of the fleet are compared by what they are to be; those that are to go are gone first. */
static bool is_ours(const void *arg, const char *zone)
{
	return fleet_find(arg, zone) != NULL;
}

static int check_fixed_here(struct wants *w, struct error *err)
{
	struct claims claims;

	if (w->n_fixed == 0)
		return 0;
	if (addresses_open(&claims, w->f->site, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_fixed; i++) {
		char text[ADDRESS_TEXT_MAX], owner[ZONE_NAME_MAX + 1];

		claim_owner(&claims, address_text(&w->fixed[i].addr, text), owner);
		if (*owner && !is_ours(w->f, owner) && claim_is_held(&claims, text, owner))
			fleet_fault(w->f, place_of(w->fixed[i].group, "ip"), "%s is zone \"%s\"'s",
				    text, owner);
	}
	claims_close(&claims);
	return 0;
}

static int check_ports_here(struct wants *w, size_t i, struct error *err)
{
	char owner[ZONE_NAME_MAX + 1];
	const struct fleet_group *g = &w->f->groups[i];
	int found = 0;

	/* Of zones that stay as they are the ports are theirs. */
	if (g->n_new + g->n_changed > 0)
		found = ports_holder(w->f->site, &w->nets[i], is_ours, w->f, owner, err);
	if (found > 0)
		fleet_fault(w->f, place_of(g, "publish"),
			    "a port of these leads to zone \"%s\"", owner);
	return found < 0 ? -1 : 0;
}

int fleet_check_claims(struct fleet *f, struct error *err)
{
	struct wants w = { .f = f };
	int status;

	read_wants(&w);
	check_fixed_twice(&w);
	status = check_fixed_here(&w, err);
	for (size_t i = 0; i < f->n_groups && status == 0; i++) {
		check_several(&w, i);
		for (size_t k = 0; k < i && w.nets[i].n_publish > 0; k++)
			check_ports_twice(&w, i, k);
		status = check_ports_here(&w, i, err);
	}
	wants_clear(&w);
	return status;
}

bool fleet_is_fixed(const struct fleet *f, const struct net_addr *a)
{
	for (size_t i = 0; i < f->n_groups; i++) {
		char *const *ip = is_live(&f->groups[i]) ? f->groups[i].config.ip : NULL;

		for (; ip && *ip; ip++) {
			struct error ignored = { 0 };
			struct net_addr fixed;

			if (address_parse(*ip, true, &fixed, &ignored) == 0 &&
			    address_equal(&fixed, a))
				return true;
		}
	}
	return false;
}

/*
 * Pools of the host
 */

/* Interfaces that are to be given an address of the same pools. */
struct demand {
	const struct fleet_group *group;	/* the last that adds to it; borrowed */
	const struct net_nic_spec *nic;		/* one of them */
	const struct net_ip_spec *ip;		/* NULL: any pool for its device */
	uint64_t n;
};

struct demands {
	struct demand *list;			/* owned */
	size_t n;
};

static bool is_same(const struct demand *d, const struct net_nic_spec *nic,
		    const struct net_ip_spec *ip)
{
	return strcmp(d->nic->net.device, nic->net.device) == 0 &&
	       strcmp(d->ip ? d->ip->pool : "", ip ? ip->pool : "") == 0;
}

static void add_demand(struct demands *d, const struct fleet_group *g,
		       const struct net_nic_spec *nic, const struct net_ip_spec *ip)
{
	size_t i = 0;

	while (i < d->n && !is_same(&d->list[i], nic, ip))
		i++;
	if (i == d->n) {
		d->list = xreallocarray(d->list, ++d->n, sizeof(*d->list));
		d->list[i] = (struct demand){ .nic = nic, .ip = ip };
	}
	d->list[i].group = g;
	d->list[i].n += g->n_new;
}

static void add_nic(struct demands *d, const struct fleet_group *g,
		    const struct net_nic_spec *nic)
{
	bool is_pooled = g->pool && strcmp(nic->name, NET_MAIN_NAME) == 0;

	if (nic->n_ips == 0 && !is_pooled)
		add_demand(d, g, nic, NULL);
	for (size_t i = 0; i < nic->n_ips; i++)
		if (nic->ips[i].is_auto)
			add_demand(d, g, nic, &nic->ips[i]);
}

/* Zones that are removed first make room. */
static uint64_t count_removed(const struct fleet *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f->n_zones; i++)
		n += (f->zones[i].todo & FLEET_DESTROY) != 0;
	return n;
}

static int check_demand(struct fleet *f, const struct demand *d, struct error *err)
{
	const char *pool = d->ip ? d->ip->pool : "";
	uint64_t room = 0;

	if (addresses_room(f->site, d->nic, d->ip, &room, err) < 0)
		return -1;
	if (room >= d->n || room + count_removed(f) >= d->n)
		return 0;
	if (*pool)
		fleet_fault(f, place_of(d->group, "ip"), "pool \"%s\" of this host is too small: "
			    "%llu addresses are free, and %llu zones are to be made with one",
			    pool, (unsigned long long)room, (unsigned long long)d->n);
	else
		fleet_fault(f, place_of(d->group, "ip"), "the address-pools of this host are too "
			    "small: %llu addresses are free, and %llu zones are to be made with "
			    "one", (unsigned long long)room, (unsigned long long)d->n);
	return 0;
}

int fleet_check_room(struct fleet *f, struct error *err)
{
	struct wants w = { .f = f };
	struct demands d = { 0 };
	int status = 0;

	read_wants(&w);
	for (size_t i = 0; i < f->n_groups; i++)
		for (size_t k = 0; k < w.nets[i].n_nics && f->groups[i].n_new > 0; k++)
			add_nic(&d, &f->groups[i], &w.nets[i].nics[k]);
	for (size_t i = 0; i < d.n && status == 0; i++)
		status = check_demand(f, &d.list[i], err);
	free(d.list);
	wants_clear(&w);
	return status;
}
