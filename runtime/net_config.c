/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/net_config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/address.h"

static int read_gateways(struct net_nic_spec *nic, char *const *list, struct error *err)
{
	for (; list && *list; list++) {
		struct net_addr a, *field;

		if (address_parse(*list, false, &a, err) < 0)
			return -1;
		field = a.family == AF_INET ? &nic->gateway4 : &nic->gateway6;
		if (field->family)
			return error_set(err, ERR_USAGE, "gateway: two of one family");
		*field = a;
	}
	return 0;
}

static int read_main(struct net_nic_spec *nic, const struct zone_config *c, struct error *err)
{
	strcpy(nic->name, NET_MAIN_NAME);
	if (strv_len(c->ip) > NIC_ADDRS_MAX)
		return error_set(err, ERR_USAGE, "ip: more than %d addresses", NIC_ADDRS_MAX);
	for (char *const *ip = c->ip; ip && *ip; ip++)
		if (net_ip_parse(*ip, &nic->ips[nic->n_ips++], err) < 0)
			return error_wrap(err, "ip");
	if (c->mac && address_mac_parse(c->mac, nic->mac, err) < 0)
		return error_wrap(err, "mac");
	nic->mtu = (uint32_t)c->mtu;
	return read_gateways(nic, c->gateway, err);
}

static int read_all(struct net_config *n, const struct zone_config *c, struct error *err)
{
	struct net_mode_spec mode;

	if (net_mode_parse(c->net, &mode, err) < 0)
		return error_wrap(err, "net");
	n->mode = mode.mode;
	if (mode.mode != NET_NONE && mode.mode != NET_HOST) {
		n->nics[0].net = mode;
		if (read_main(&n->nics[n->n_nics++], c, err) < 0)
			return -1;
	}
	if (strv_len(c->nics) > NET_NICS_MAX - 1)
		return error_set(err, ERR_USAGE, "nic: more than %d", NET_NICS_MAX - 1);
	for (char *const *nic = c->nics; nic && *nic; nic++)
		if (net_nic_parse(*nic, &n->nics[n->n_nics++], err) < 0)
			return error_wrap(err, "nic");
	n->publish = xcalloc(strv_len(c->publish) + 1, sizeof(*n->publish));
	for (char *const *p = c->publish; p && *p; p++)
		if (net_publish_parse(*p, &n->publish[n->n_publish++], err) < 0)
			return error_wrap(err, "publish");
	return 0;
}

int net_config_read(struct net_config *out, const struct zone_config *c, struct error *err)
{
	*out = (struct net_config){ 0 };
	if (read_all(out, c, err) == 0)
		return 0;
	net_config_clear(out);
	return -1;
}

void net_config_clear(struct net_config *n)
{
	free(n->publish);
	*n = (struct net_config){ 0 };
}

const struct net_nic_spec *net_config_routed(const struct net_config *n)
{
	for (size_t i = 0; i < n->n_nics; i++)
		if (n->nics[i].net.mode == NET_ROUTED)
			return &n->nics[i];
	return NULL;
}

/* What a zone without an interface of this kind can't have, by the property's name. */
static int check_mode(const struct net_config *n, const struct zone_config *c, struct error *err)
{
	bool has_main = n->mode != NET_NONE && n->mode != NET_HOST;
	bool has_shape = n->mode == NET_ROUTED || n->mode == NET_BRIDGE;
	const struct rule {
		const char *name;
		bool is_set, may_be;
		const char *needs;
	} rules[] = {
		{ "ip", c->ip, has_main, "an interface (net is none or host)" },
		{ "gateway", c->gateway, has_main && n->mode != NET_ROUTED,
		  "net=bridge:, macvlan: or phys:" },
		{ "mac", c->mac, has_main, "an interface (net is none or host)" },
		{ "mtu", c->mtu, has_main, "an interface (net is none or host)" },
		{ "publish", c->publish, net_config_routed(n), "a routed interface" },
		{ "net-in", c->net_in, has_shape, "net=routed or bridge:" },
		{ "net-out", c->net_out, has_shape, "net=routed or bridge:" },
		{ "nic", c->nics, n->mode != NET_HOST, "another net than host" },
	};

	for (size_t i = 0; i < N_ROWS(rules); i++)
		if (rules[i].is_set && !rules[i].may_be)
			return error_set(err, ERR_USAGE, "%s: needs %s", rules[i].name,
					 rules[i].needs);
	return 0;
}

static int check_nic(const struct net_nic_spec *nic, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < nic->n_ips; i++) {
		const struct net_ip_spec *ip = &nic->ips[i];

		if (ip->is_none && nic->n_ips > 1)
			return error_set(err, ERR_USAGE, "ip: none beside an address");
		if (!ip->is_auto && !ip->is_none && !ip->has_prefix && nic->net.mode != NET_ROUTED)
			return error_set(err, ERR_USAGE,
					 "ip: %s needs its network's prefix length there, as %s/24",
					 address_text(&ip->addr, text), text);
	}
	if (nic->net.mode == NET_ROUTED && nic->n_ips == 1 && nic->ips[0].is_none)
		return error_set(err, ERR_USAGE, "ip: net=routed needs an address");
	return 0;
}

static int check_twice(const struct net_ip_spec *a, const struct net_ip_spec *b, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	if (!a->addr.family || !address_equal(&a->addr, &b->addr))
		return 0;
	return error_set(err, ERR_USAGE, "ip: %s is there twice", address_text(&a->addr, text));
}

static int check_addresses(const struct net_config *n, struct error *err)
{
	for (size_t i = 0; i < n->n_nics; i++)
		for (size_t k = 0; k < n->nics[i].n_ips; k++)
			for (size_t j = 0; j <= i; j++)
				for (size_t l = 0; l < (j < i ? n->nics[j].n_ips : k); l++)
					if (check_twice(&n->nics[i].ips[k], &n->nics[j].ips[l],
							err) < 0)
						return -1;
	return 0;
}

static int check_publish(const struct net_config *n, struct error *err)
{
	for (size_t i = 0; i < n->n_publish; i++)
		for (size_t k = 0; k < i; k++) {
			AUTO_FREE char *name = NULL;

			if (!net_publish_overlaps(&n->publish[i], &n->publish[k]))
				continue;
			name = net_publish_name(&n->publish[i]);
			return error_set(err, ERR_USAGE, "publish: %s is there twice", name);
		}
	return 0;
}

static int check_all(const struct net_config *n, const struct zone_config *c, struct error *err)
{
	if (check_mode(n, c, err) < 0)
		return -1;
	for (size_t i = 0; i < n->n_nics; i++)
		if (check_nic(&n->nics[i], err) < 0)
			return -1;
	return check_addresses(n, err) < 0 ? -1 : check_publish(n, err);
}

int net_config_check(const struct zone_config *c, struct error *err)
{
	struct net_config n;
	int status;

	if (net_config_read(&n, c, err) < 0)
		return -1;
	status = check_all(&n, c, err);
	net_config_clear(&n);
	return status;
}
