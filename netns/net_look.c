/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "netns/device.h"
#include "netns/net.h"
#include "netns/net_name.h"
#include "netns/net_up.h"

static bool is_any_routed(const struct net_plan *plan, uint8_t family)
{
	for (size_t i = 0; i < plan->n_nics; i++) {
		if (plan->nics[i].kind == NIC_ROUTED && net_has_family(&plan->nics[i], family))
			return true;
	}
	return false;
}

static int find_bridge(struct up *u, const struct nic *nic, struct link *out, struct error *err)
{
	struct error inner = { 0 };
	int rc = link_find(&u->host, nic->device, out, &inner);

	if (rc < 0 && inner.kind == ERR_NOT_FOUND && net_name_is_bridge(nic->device))
		return 0;	/* make_bridge() */
	if (rc < 0) {
		*err = inner;
		return error_hint(err, "a bridge that zonectl makes itself has a name like zn-%.9s",
				  nic->device);
	}
	if (strcmp(out->kind, "bridge") != 0)
		return error_set(err, ERR_BUSY, "interface '%s' is no bridge", nic->device);
	return 0;
}

static int find_device(struct up *u, const struct nic *nic, struct link *out, struct error *err)
{
	switch (nic->kind) {
	case NIC_ROUTED:
		return 0;
	case NIC_BRIDGE:
		return find_bridge(u, nic, out, err);
	case NIC_MACVLAN:
		return link_find(&u->host, nic->device, out, err);
	case NIC_PHYS:
		if (link_find(&u->host, nic->device, out, err) < 0)
			return error_hint(err, "another zone may have it: zonectl net list");
		return device_check_unused(&u->host, out, err);
	}
	return error_set(err, ERR_USAGE, "unknown kind of interface");
}

/* Without a way to the world a zone still reaches the host and the other zones. */
static int find_uplinks(struct up *u, struct error *err)
{
	struct error none = { 0 };
	bool has4 = is_any_routed(u->plan, AF_INET), has6 = is_any_routed(u->plan, AF_INET6);

	if (has4 && device_uplink(&u->host, AF_INET, &u->uplink4, &none) == 0 &&
	    device_forward(&u->host, AF_INET, &u->uplink4, u->changed, err) < 0)
		return -1;
	if (has6)
		(void)device_uplink(&u->host, AF_INET6, &u->uplink6, &none);	/* as above */
	return has6 ? device_forward(&u->host, AF_INET6, NULL, u->changed, err) : 0;
}

static int check_rates(const struct nic *nic, struct error *err)
{
	uint64_t in = nic->rate_in, out = nic->rate_out;

	if ((in == 0 && out == 0) || net_has_pair(nic))
		return 0;
	error_set(err, ERR_UNSUPPORTED, "a rate has no hold on this kind of interface");
	return error_hint(err, "net-in and net-out are for net=routed and net=bridge:NAME");
}

static uint32_t mtu_of(const struct up *u, const struct nic *nic, const struct link *device)
{
	if (nic->mtu != 0 || nic->kind == NIC_MACVLAN || nic->kind == NIC_PHYS)
		return nic->mtu;
	if (nic->kind == NIC_BRIDGE)
		return device->mtu;
	return u->uplink4.index > 0 ? u->uplink4.mtu : u->uplink6.mtu;
}

/* Before the table, whose elements go by the link's name. */
static int check_name(struct up *u, const struct nic *nic, struct error *err)
{
	struct error inner = { 0 };
	struct link link;

	if (!net_has_pair(nic))
		return 0;
	if (link_find(&u->host, nic->host, &link, &inner) == 0)
		return error_set(err, ERR_EXISTS, "the host has an interface '%s'", nic->host);
	if (inner.kind == ERR_NOT_FOUND)
		return 0;
	*err = inner;
	return -1;
}

static bool has_part(const struct nic *nic, enum net_part part)
{
	switch (part) {
	case NET_PART_PAIR:
		return net_has_pair(nic);
	case NET_PART_FUNNEL:
		return nic->rate_out != 0;
	case NET_PART_HARDWARE:
		return nic->kind == NIC_PHYS;
	case NET_PARTS:
		break;
	}
	return false;
}

static bool is_left(struct up *u, size_t i, enum net_part part)
{
	char name[LINK_LONG_NAME_MAX];
	struct error ignored = { 0 };
	struct link link;

	net_further_name(u->plan->site, u->plan->zone, i, part, name);
	return has_part(&u->plan->nics[i], part) && link_find(&u->host, name, &link, &ignored) == 0;
}

/* A run that was killed with all that watched it may have left links under the further names: they
 * go, and hardware gets its own name back, before it is looked for. */
static int clear_leftovers(struct up *u, struct error *err)
{
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		for (enum net_part part = 0; part < NET_PARTS; part++) {
			if (is_left(u, i, part))
				return net_down(u->plan->site, u->plan->zone, NULL, err);
		}
	}
	return 0;
}

int net_look(struct up *u, struct error *err)
{
	if (clear_leftovers(u, err) < 0)
		return -1;
	if (find_uplinks(u, err) < 0)
		return -1;
	for (size_t i = 0; i < u->plan->n_nics; i++) {
		const struct nic *nic = &u->plan->nics[i];
		struct end *end = &u->ends[i];

		if (check_rates(nic, err) < 0 || check_name(u, nic, err) < 0 ||
		    find_device(u, nic, &end->device, err) < 0)
			return error_wrap(err, "%s", nic->name);
		end->mtu = mtu_of(u, nic, &end->device);
		if (nic->rate_out != 0)
			net_name_funnel(nic->host, end->funnel_name);
	}
	return 0;
}

