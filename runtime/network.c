/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/network.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/strv.h"
#include "netns/device.h"
#include "runtime/address.h"
#include "runtime/addresses.h"
#include "runtime/counters.h"
#include "runtime/flows.h"
#include "runtime/net_config.h"
#include "runtime/resolver.h"

enum {
	LOCK_WAIT_MS = 60000,	/* a thousand zones may be ending */
	/* Of tracked connections, as a host of 1 GiB has 65,536 (nf_conntrack_init_start()). */
	CONNECTIONS_SHARE = 4, CONNECTIONS_MIN = 16384,
};

/* One network being compiled. */
struct compiling {
	struct network *out;
	const struct zone *z;
	struct net_config config;
	size_t n_addrs;
	bool has_ipv6;			/* of the host */
	bool has_lost_ipv6;		/* an address was left out for that */
};

static enum nic_kind kind_of(enum net_mode mode)
{
	switch (mode) {
	case NET_BRIDGE:
		return NIC_BRIDGE;
	case NET_MACVLAN:
		return NIC_MACVLAN;
	case NET_PHYS:
		return NIC_PHYS;
	case NET_ROUTED:
	case NET_NONE:
	case NET_HOST:
		break;
	}
	return NIC_ROUTED;
}

/* The same at each boot and after a reinstall, and another for each zone and interface: locally
 * administered. */
static void make_mac(const struct zone *z, const char *nic, uint8_t out[NET_MAC_LEN])
{
	const char *uuid = *z->config.mac_uuid ? z->config.mac_uuid : z->config.uuid;
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, uuid, strlen(uuid));
	sha256_add(&sum, nic, strlen(nic));
	sha256_end(&sum, digest);
	memcpy(out, digest, NET_MAC_LEN);
	out[0] = (uint8_t)((out[0] & 0xfc) | 0x02);
}

/* An address that was asked for is had, or the boot fails; one of a pool is left out. */
static int keep_address(struct compiling *k, const struct net_nic_spec *spec,
			const struct net_addr *a, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	if (a->family != AF_INET6 || k->has_ipv6)
		return 1;
	for (size_t i = 0; i < spec->n_ips; i++)
		if (address_equal(&spec->ips[i].addr, a))
			return error_set(err, ERR_UNSUPPORTED, "ip: %s: this host has no IPv6",
					 address_text(a, text));
	k->has_lost_ipv6 = true;
	return 0;
}

static int add_addresses(struct compiling *k, const struct net_nic_spec *spec, struct nic *nic,
			 struct error *err)
{
	struct net_addr list[2 * NIC_ADDRS_MAX];
	size_t n = addresses_of_nic(k->z->site, &k->z->config, spec, list, N_ROWS(list));
	struct net_addr *out = &k->out->addrs[k->n_addrs];

	for (size_t i = 0; i < n; i++) {
		int keep = keep_address(k, spec, &list[i], err);

		if (keep < 0)
			return -1;
		if (keep)
			out[nic->n_addrs++] = list[i];
	}
	nic->addrs = out;
	k->n_addrs += nic->n_addrs;
	if (nic->kind == NIC_ROUTED && nic->n_addrs == 0)
		return error_set(err, ERR_UNSUPPORTED, "%s: this host has no IPv6, and no pool "
				 "IPv4", spec->name);
	return 0;
}

/* What the pools of its addresses say; without a pool what is safe. */
static void ask_pools(struct compiling *k, struct nic *nic)
{
	const struct net_pools *pools = &k->z->site->config.pools;

	nic->is_isolated = nic->kind == NIC_BRIDGE;
	for (size_t i = 0; i < nic->n_addrs; i++) {
		const struct net_pool *pool = pools_of(pools, &nic->addrs[i]);

		if (!pool) {
			/* Given by hand, and reached through the uplinks: nobody else would. */
			nic->is_announced |= !address_is_private(&nic->addrs[i]);
			continue;
		}
		nic->is_announced |= pool->is_announced;
		nic->is_unmasked |= pool->is_unmasked;
		if (nic->kind == NIC_ROUTED)
			k->out->plan.is_isolated |= pool->is_isolated;
		else
			nic->is_isolated = pool->is_isolated;
		if (nic->kind != NIC_ROUTED && !nic->gateway4.family)
			nic->gateway4 = pool->gateway4;
		if (nic->kind != NIC_ROUTED && !nic->gateway6.family && k->has_ipv6)
			nic->gateway6 = pool->gateway6;
	}
}

static int add_nic(struct compiling *k, size_t i, struct error *err)
{
	static const uint8_t none[NET_MAC_LEN];
	const struct net_nic_spec *spec = &k->config.nics[i];
	struct network *out = k->out;
	struct nic *nic = &out->nics[i];

	nic->kind = kind_of(spec->net.mode);
	strcpy(nic->name, spec->name);
	strcpy(nic->device, spec->net.device);
	memcpy(nic->mac, spec->mac, NET_MAC_LEN);
	if (nic->kind != NIC_PHYS && memcmp(spec->mac, none, NET_MAC_LEN) == 0)
		make_mac(k->z, spec->name, nic->mac);
	if (nic->kind == NIC_ROUTED || nic->kind == NIC_BRIDGE)
		net_host_name(out->site, k->z->config.uid_base / ZONE_IDS, (unsigned int)i,
			      nic->host);
	nic->mtu = spec->mtu;
	nic->gateway4 = spec->gateway4;
	nic->gateway6 = spec->gateway6;
	if (strcmp(spec->name, NET_MAIN_NAME) == 0) {
		nic->rate_in = k->z->config.net_in;
		nic->rate_out = k->z->config.net_out;
	}
	if (add_addresses(k, spec, nic, err) < 0)
		return -1;
	ask_pools(k, nic);
	return 0;
}

/* A zone that opens connections without end can't take those of others. */
static uint32_t share_of_connections(void)
{
	char text[24] = "";
	struct error ignored = { 0 };
	unsigned long most;

	/* Missing until the first table asks for it. */
	(void)fd_read_control(AT_FDCWD, "/proc/sys/net/netfilter/nf_conntrack_max", text,
			      sizeof(text), &ignored);
	most = strtoul(text, NULL, 10) / CONNECTIONS_SHARE;
	return most > CONNECTIONS_MIN && most < UINT32_MAX ? (uint32_t)most : CONNECTIONS_MIN;
}

static int compile_all(struct compiling *k, struct error *err)
{
	struct network *out = k->out;
	const struct net_config *c = &k->config;

	out->site = xstrdup(k->z->site->id);
	out->zone = xstrdup(k->z->name);
	out->addrs = xcalloc(NET_NICS_MAX * 2 * NIC_ADDRS_MAX, sizeof(*out->addrs));
	out->publish = xcalloc(c->n_publish + 1, sizeof(*out->publish));
	memcpy(out->publish, c->publish, c->n_publish * sizeof(*out->publish));
	out->is_host = c->mode == NET_HOST;
	for (size_t i = 0; i < c->n_nics; i++)
		if (add_nic(k, i, err) < 0)
			return -1;
	out->plan.site = out->site;
	out->plan.zone = out->zone;
	out->plan.nics = out->nics;
	out->plan.n_nics = c->n_nics;
	out->plan.publish = out->publish;
	out->plan.n_publish = c->n_publish;
	if (c->n_nics > 0)
		out->plan.connections = share_of_connections();
	if (k->has_lost_ipv6)
		strv_add(&out->warnings, "this host has no IPv6: the zone has IPv4 alone");
	/* Where another gives the addresses it tells the name servers too. */
	resolver_compile(&k->z->config, k->n_addrs > 0, out->is_host, &out->nameservers,
			 &out->search);
	return 0;
}

static int check_host(const struct zone *z, const struct network *n, struct error *err)
{
	if (!n->is_host || z->site->config.allows_net_host)
		return 0;
	error_set(err, ERR_UNSUPPORTED, "net=host is not allowed here");
	return error_hint(err, "it takes \"allow-net-host\": true in zonectl.json");
}

int network_compile(struct network *out, const struct zone *z, struct error *err)
{
	struct compiling k = { .out = out, .z = z };
	int status;

	*out = (struct network){ 0 };
	if (net_config_read(&k.config, &z->config, err) < 0)
		return -1;
	k.has_ipv6 = k.config.n_nics > 0 && device_has_ipv6();
	status = compile_all(&k, err);
	net_config_clear(&k.config);
	if (status == 0 && check_host(z, out, err) == 0)
		return 0;
	network_clear(out);
	return -1;
}

void network_clear(struct network *n)
{
	free(n->addrs);
	free(n->publish);
	free(n->site);
	free(n->zone);
	strv_clear(&n->nameservers);
	strv_clear(&n->search);
	strv_clear(&n->warnings);
	*n = (struct network){ 0 };
}

struct network *network_take(struct network *n)
{
	struct network *taken = xcalloc(1, sizeof(*taken));

	*taken = *n;
	taken->plan.nics = taken->nics;
	*n = (struct network){ 0 };
	return taken;
}

void network_free(struct network *n)
{
	if (n)
		network_clear(n);
	free(n);
}

bool network_has_phys(const struct network *n)
{
	for (size_t i = 0; i < n->plan.n_nics; i++)
		if (n->nics[i].kind == NIC_PHYS)
			return true;
	return false;
}

/* The last zone takes the table with it, so that one may not come just then (net.h). */
static int lock_site(const struct zone *z, enum lock_mode mode, struct error *err)
{
	AUTO_CLOSE int fd = openat(z->site->runfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open 'run/zonectl'");
	if (lock_take(fd, mode, LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "run/zonectl");
	return TAKE_FD(fd);
}

int network_up(const struct zone *z, const struct network *n, struct nl *zone_nl, int netnsfd,
	       char ***warnings, struct error *err)
{
	AUTO_CLOSE int lockfd = -1;
	AUTO_STR struct str changed = { 0 };
	AUTO_STRV char **lines = NULL;
	struct error why = { 0 };

	for (char *const *line = n->warnings; line && *line; line++)
		strv_add(warnings, *line);
	if (n->plan.n_nics == 0)
		return 0;
	if (flows_forget(z, n, &why) < 0)
		strv_addf(warnings, "flows of another zone may reach it: %s", why.text);
	lockfd = lock_site(z, LOCK_SHARED, err);
	if (lockfd < 0 || net_up(&n->plan, zone_nl, netnsfd, &changed, err) < 0)
		return -1;
	lines = strv_split(str_text(&changed), "\n");
	for (char **line = lines; line && *line; line++)
		strv_add(warnings, *line);
	return 0;
}

int network_down(struct zone *z, struct error *err)
{
	AUTO_CLOSE int lockfd = lock_site(z, LOCK_ALONE, err);
	struct net_stats last = { 0 };

	nl_rest_close(&z->net_rest);
	if (lockfd < 0 || net_leave(z->site->id, z->name, &last, &z->net_rest, err) < 0)
		return -1;
	return z->config.is_ephemeral ? 0 : counters_add_net(z, &last, err);
}

int network_change(const struct zone *z, struct error *err)
{
	AUTO_CLOSE int lockfd = -1;
	struct network n;
	int status = 0;

	if (network_compile(&n, z, err) < 0)
		return -1;
	if (n.plan.n_nics > 0) {
		lockfd = lock_site(z, LOCK_SHARED, err);
		status = lockfd < 0 ? -1 : net_change(&n.plan, err);
	}
	network_clear(&n);
	return status;
}

int network_stats(const struct zone *z, bool is_up, struct net_stats *out, struct error *err)
{
	struct net_stats now = { 0 };
	struct counters before;

	if (counters_read(z->dirfd, &before, err) < 0)
		return -1;
	*out = before.net;
	if (!is_up)
		return 0;
	if (net_stats(z->site->id, z->name, &now, err) < 0)
		return -1;
	counters_sum_net(out, &now);
	return 0;
}
