/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/table_zone.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

enum {
	PORTS_MAX = 16384,		/* of one zone: each is an element, 1.5 MiB of messages */
	ROWS_MAX = 512,			/* twice those of published ports, or of addresses */
	RECORD_VERSION = 1,
};

void table_zone_clear(struct table_zone *z)
{
	free(z->addresses);
	free(z->ports);
	*z = (struct table_zone){ 0 };
}

/*
 * From a plan
 */

static void add_address(struct table_zone *z, size_t nic, const struct net_addr *addr)
{
	z->addresses = xreallocarray(z->addresses, z->n_addresses + 1, sizeof(*z->addresses));
	z->addresses[z->n_addresses++] = (struct table_address){ (uint8_t)nic, *addr };
}

static void add_nic(struct table_zone *z, const struct net_plan *plan, const struct nic *nic)
{
	struct table_nic *n = &z->nics[z->n_nics];

	memcpy(n->host, nic->host, sizeof(n->host));
	memcpy(n->mac, nic->mac, sizeof(n->mac));
	n->is_bridged = nic->kind == NIC_BRIDGE;
	n->is_isolated = nic->kind == NIC_ROUTED && plan->is_isolated;
	n->is_unmasked = nic->kind == NIC_ROUTED && nic->is_unmasked;
	for (size_t i = 0; i < nic->n_addrs; i++)
		add_address(z, z->n_nics, &nic->addrs[i]);
	z->n_nics++;
}

int table_zone_init(struct table_zone *z, const struct net_plan *plan, struct error *err)
{
	*z = (struct table_zone){ .connections = plan->connections };
	if (strlen(plan->zone) >= sizeof(z->name) || plan->n_nics > NET_NICS_MAX)
		return error_set(err, ERR_USAGE, "zone '%s': too many interfaces",
				 plan->zone);
	strcpy(z->name, plan->zone);
	for (size_t i = 0; i < plan->n_nics; i++)
		if (plan->nics[i].kind == NIC_ROUTED || plan->nics[i].kind == NIC_BRIDGE)
			add_nic(z, plan, &plan->nics[i]);
	if (z->n_addresses > ROWS_MAX)
		return error_set(err, ERR_USAGE, "zone '%s' has more than %d addresses", z->name,
				 ROWS_MAX);
	return table_zone_publish(z, plan, err);
}

void table_zone_copy(struct table_zone *z, const struct table_zone *from)
{
	*z = *from;
	z->addresses = NULL;
	z->ports = NULL;
	z->n_addresses = z->n_ports = 0;
	for (size_t i = 0; i < from->n_addresses; i++)
		add_address(z, from->addresses[i].nic, &from->addresses[i].addr);
}

/*
 * Published ports
 */

/* The address that a port leads to: the one that is given, or the zone's first of the family. */
static const struct table_address *find_target(const struct table_zone *z, uint8_t family,
					       const struct net_addr *given)
{
	size_t len = family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < z->n_addresses; i++) {
		const struct table_address *a = &z->addresses[i];

		if (z->nics[a->nic].is_bridged || a->addr.family != family)
			continue;
		if (given->family == 0 || memcmp(a->addr.ip, given->ip, len) == 0)
			return a;
	}
	return NULL;
}

/* Adds the row for one family, if it has a target of that; returns true if it has. */
static bool add_port(struct table_zone *z, const struct net_publish *p, uint8_t family)
{
	const struct table_address *target = NULL;

	if ((p->address.family == 0 || p->address.family == family) &&
	    (p->target.family == 0 || p->target.family == family))
		target = find_target(z, family, &p->target);
	if (!target)
		return false;
	z->ports = xreallocarray(z->ports, z->n_ports + 1, sizeof(*z->ports));
	z->ports[z->n_ports] = *p;
	z->ports[z->n_ports++].target = target->addr;
	return true;
}

static int check_port(const struct net_publish *p, size_t *total, struct error *err)
{
	if ((p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP) || p->count == 0 ||
	    p->host_port == 0 || p->zone_port == 0 || p->host_port > UINT16_MAX - p->count + 1 ||
	    p->zone_port > UINT16_MAX - p->count + 1)
		return error_set(err, ERR_USAGE, "port %u: no such range of ports", p->host_port);
	*total += p->count;
	if (*total > PORTS_MAX)
		return error_set(err, ERR_USAGE, "more than %d ports are published", PORTS_MAX);
	return 0;
}

int table_zone_publish(struct table_zone *z, const struct net_plan *plan, struct error *err)
{
	size_t total = 0;

	if (plan->n_publish > ROWS_MAX / 2)
		return error_set(err, ERR_USAGE, "more than %d rows of ports are published",
				 ROWS_MAX / 2);
	z->n_ports = 0;
	for (size_t i = 0; i < plan->n_publish; i++) {
		const struct net_publish *p = &plan->publish[i];
		bool has_target = false;

		if (check_port(p, &total, err) < 0)
			return -1;
		has_target |= add_port(z, p, AF_INET);
		has_target |= add_port(z, p, AF_INET6);
		if (!has_target) {
			error_set(err, ERR_USAGE, "port %u: zone '%s' has no routed address for it",
				  p->host_port, z->name);
			return error_hint(err, "ports are published to net=routed");
		}
	}
	return 0;
}

/*
 * The record: a version, then items that begin with a letter
 */

static void pack_u16(struct str *out, uint16_t value)
{
	value = htons(value);
	str_addn(out, (const char *)&value, sizeof(value));
}

/* Family 0: none. */
static void pack_address(struct str *out, const struct net_addr *addr)
{
	str_addc(out, addr->family == AF_INET ? '4' : addr->family == AF_INET6 ? '6' : '-');
	if (addr->family)
		str_addn(out, (const char *)addr->ip, addr->family == AF_INET ? 4 : 16);
}

static void pack_nic(struct str *out, const struct table_nic *nic)
{
	str_addc(out, 'n');
	str_addc(out, (char)(nic->is_bridged | nic->is_isolated << 1 | nic->is_unmasked << 2));
	str_addc(out, (char)strlen(nic->host));
	str_add(out, nic->host);
	str_addn(out, (const char *)nic->mac, sizeof(nic->mac));
}

static void pack_port(struct str *out, const struct net_publish *p)
{
	str_addc(out, 'p');
	str_addc(out, (char)p->protocol);
	pack_u16(out, p->host_port);
	pack_u16(out, p->zone_port);
	pack_u16(out, p->count);
	pack_address(out, &p->address);
	pack_address(out, &p->target);
}

void table_zone_pack(const struct table_zone *z, struct str *out)
{
	str_addc(out, RECORD_VERSION);
	str_addc(out, 'c');
	pack_u16(out, (uint16_t)(z->connections >> 16));
	pack_u16(out, (uint16_t)z->connections);
	for (size_t i = 0; i < z->n_nics; i++)
		pack_nic(out, &z->nics[i]);
	for (size_t i = 0; i < z->n_addresses; i++) {
		str_addc(out, 'a');
		str_addc(out, (char)z->addresses[i].nic);
		pack_address(out, &z->addresses[i].addr);
	}
	for (size_t i = 0; i < z->n_ports; i++)
		pack_port(out, &z->ports[i]);
}

/* What is left to read; is_bad once that was too short. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool is_bad;
};

static void take(struct reader *r, void *out, size_t len)
{
	memset(out, 0, len);
	if (len > r->left)
		r->is_bad = true;
	if (r->is_bad)
		return;
	memcpy(out, r->at, len);
	r->at += len;
	r->left -= len;
}

static uint8_t take_u8(struct reader *r)
{
	uint8_t value;

	take(r, &value, sizeof(value));
	return value;
}

static uint16_t take_u16(struct reader *r)
{
	uint16_t value;

	take(r, &value, sizeof(value));
	return ntohs(value);
}

static void take_address(struct reader *r, struct net_addr *out)
{
	uint8_t family = take_u8(r);

	*out = (struct net_addr){ 0 };
	if (family == '4')
		out->family = AF_INET;
	else if (family == '6')
		out->family = AF_INET6;
	else if (family != '-')
		r->is_bad = true;
	if (out->family)
		take(r, out->ip, out->family == AF_INET ? 4 : 16);
}

static void take_nic(struct reader *r, struct table_zone *z)
{
	uint8_t flags = take_u8(r), len = take_u8(r);
	struct table_nic nic = { { 0 }, { 0 }, flags & 1, flags & 2, flags & 4 };

	if (z->n_nics == NET_NICS_MAX || len >= sizeof(nic.host))
		r->is_bad = true;
	if (r->is_bad)
		return;
	take(r, nic.host, len);
	take(r, nic.mac, sizeof(nic.mac));
	z->nics[z->n_nics++] = nic;
}

static void take_owned(struct reader *r, struct table_zone *z)
{
	uint8_t nic = take_u8(r);
	struct net_addr addr;

	take_address(r, &addr);
	if (nic >= z->n_nics || addr.family == 0)
		r->is_bad = true;
	if (!r->is_bad)
		add_address(z, nic, &addr);
}

static void take_port(struct reader *r, struct table_zone *z)
{
	struct net_publish p = { .protocol = take_u8(r) };
	struct error err = { 0 };
	size_t total = 0;

	p.host_port = take_u16(r);
	p.zone_port = take_u16(r);
	p.count = take_u16(r);
	take_address(r, &p.address);
	take_address(r, &p.target);
	if (r->is_bad || check_port(&p, &total, &err) < 0 || !add_port(z, &p, p.target.family))
		r->is_bad = true;
}

static void take_item(struct reader *r, struct table_zone *z)
{
	switch (take_u8(r)) {
	case 'c':
		z->connections = (uint32_t)take_u16(r) << 16;
		z->connections |= take_u16(r);
		break;
	case 'n':
		take_nic(r, z);
		break;
	case 'a':
		take_owned(r, z);
		break;
	case 'p':
		take_port(r, z);
		break;
	default:
		r->is_bad = true;
	}
}

int table_zone_parse(struct table_zone *z, const char *name, const struct str *bytes,
		     struct error *err)
{
	struct reader r = { (const uint8_t *)str_text(bytes), bytes->len, false };

	*z = (struct table_zone){ 0 };
	strncpy(z->name, name, sizeof(z->name) - 1);
	if (take_u8(&r) != RECORD_VERSION)
		r.is_bad = true;
	while (r.left > 0 && !r.is_bad)
		take_item(&r, z);
	if (!r.is_bad)
		return 0;
	table_zone_clear(z);
	return error_set(err, ERR_FAILED, "zone '%s': its record in the nft table is not one",
			 name);
}
