/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/net_spec.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/address.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

enum { SEARCH_MAX = 253, PUBLISH_SPAN_MAX = 4096 };

/* In order of enum net_mode. */
static const struct mode_row {
	const char *name;
	bool has_device;
} modes[] = {
	[NET_ROUTED] = { "routed", false }, [NET_BRIDGE] = { "bridge", true },
	[NET_MACVLAN] = { "macvlan", true }, [NET_PHYS] = { "phys", true },
	[NET_NONE] = { "none", false }, [NET_HOST] = { "host", false },
};

int net_device_check(const char *name, struct error *err)
{
	size_t n = strspn(name, LETTERS DIGITS "._-");

	if (n == 0 || name[n] || n >= IFNAMSIZ || !strchr(LETTERS DIGITS, name[0]))
		return error_set(err, ERR_USAGE,
				 "'%s' is no device's name (letters, digits, '.', '_' and '-', "
				 "at most %d)",
				 name, IFNAMSIZ - 1);
	return 0;
}

int net_pool_name_check(const char *name, struct error *err)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz" DIGITS "._-");

	if (n == 0 || name[n] || n > POOL_NAME_MAX)
		return error_set(err, ERR_USAGE,
				 "'%s' is no pool's name (a-z, 0-9, '.', '_' and '-', at most %d)",
				 name, POOL_NAME_MAX);
	return 0;
}

int net_mode_parse(const char *text, struct net_mode_spec *out, struct error *err)
{
	const char *value = text ? text : "routed";
	size_t n = strcspn(value, ":");
	struct net_mode_spec spec = { 0 };

	for (size_t i = 0; i < N_ROWS(modes); i++) {
		if (strlen(modes[i].name) != n || memcmp(modes[i].name, value, n) != 0)
			continue;
		if (modes[i].has_device != (value[n] == ':'))
			break;
		spec.mode = (enum net_mode)i;
		if (modes[i].has_device && net_device_check(value + n + 1, err) < 0)
			return -1;
		if (modes[i].has_device)
			strcpy(spec.device, value + n + 1);
		*out = spec;
		return 0;
	}
	return error_set(err, ERR_USAGE,
			 "no '%s' (there are routed, bridge:BRIDGE, macvlan:DEVICE, phys:DEVICE, "
			 "none, host)",
			 value);
}

int net_ip_parse(const char *text, struct net_ip_spec *out, struct error *err)
{
	struct net_ip_spec spec = { 0 };

	spec.is_auto = strcmp(text, "auto") == 0 || str_starts(text, "auto:");
	spec.is_none = strcmp(text, "none") == 0;
	if (spec.is_auto && text[4]) {
		if (net_pool_name_check(text + 5, err) < 0)
			return -1;
		strcpy(spec.pool, text + 5);
	}
	if (!spec.is_auto && !spec.is_none) {
		if (address_parse(text, true, &spec.addr, err) < 0 ||
		    address_check_host(&spec.addr, err) < 0)
			return -1;
		spec.has_prefix = strchr(text, '/');
	}
	*out = spec;
	return 0;
}

/* Where a nic takes a gateway, one of each family. */
static int set_gateway(struct net_addr *gateway4, struct net_addr *gateway6, const char *text,
		       struct error *err)
{
	struct net_addr a, *field;
	char shown[ADDRESS_TEXT_MAX];

	if (address_parse(text, false, &a, err) < 0)
		return -1;
	field = a.family == AF_INET ? gateway4 : gateway6;
	if (field->family)
		return error_set(err, ERR_USAGE, "two gateways of one family: %s and %s",
				 address_text(field, shown), text);
	*field = a;
	return 0;
}

static int nic_name(struct net_nic_spec *nic, const char *value, struct error *err)
{
	if (net_device_check(value, err) < 0)
		return -1;
	if (strcmp(value, "lo") == 0 || strcmp(value, "eth0") == 0)
		return error_set(err, ERR_USAGE, "'%s' is another interface's name", value);
	strcpy(nic->name, value);
	return 0;
}

static int nic_net(struct net_nic_spec *nic, const char *value, struct error *err)
{
	if (net_mode_parse(value, &nic->net, err) < 0)
		return -1;
	if (nic->net.mode == NET_NONE || nic->net.mode == NET_HOST)
		return error_set(err, ERR_USAGE, "net=%s makes no interface", value);
	return 0;
}

static int nic_ip(struct net_nic_spec *nic, const char *value, struct error *err)
{
	if (nic->n_ips == NIC_ADDRS_MAX)
		return error_set(err, ERR_USAGE, "more than %d addresses", NIC_ADDRS_MAX);
	return net_ip_parse(value, &nic->ips[nic->n_ips++], err);
}

static int nic_mac(struct net_nic_spec *nic, const char *value, struct error *err)
{
	return address_mac_parse(value, nic->mac, err);
}

static int nic_mtu(struct net_nic_spec *nic, const char *value, struct error *err)
{
	uint64_t mtu;

	if (num_u64(value, NET_MTU_MIN, NET_MTU_MAX, &mtu, err) < 0)
		return -1;
	nic->mtu = (uint32_t)mtu;
	return 0;
}

static int nic_gateway(struct net_nic_spec *nic, const char *value, struct error *err)
{
	return set_gateway(&nic->gateway4, &nic->gateway6, value, err);
}

static const struct nic_key {
	const char *name;
	int (*set)(struct net_nic_spec *nic, const char *value, struct error *err);
	bool may_repeat;
} nic_keys[] = {
	{ "name", nic_name, false }, { "net", nic_net, false },
	{ "ip", nic_ip, true }, { "mac", nic_mac, false },
	{ "mtu", nic_mtu, false }, { "gateway", nic_gateway, true },
};

/* seen has a bit for each key that stood there. */
static int nic_part(struct net_nic_spec *nic, const char *part, unsigned int *seen,
		    struct error *err)
{
	size_t n = strcspn(part, "=");

	for (size_t i = 0; part[n] && i < N_ROWS(nic_keys); i++) {
		const struct nic_key *key = &nic_keys[i];

		if (strlen(key->name) != n || memcmp(key->name, part, n) != 0)
			continue;
		if (*seen & (1u << i) && !key->may_repeat)
			return error_set(err, ERR_USAGE, "%s: there twice", key->name);
		*seen |= 1u << i;
		return key->set(nic, part + n + 1, err) < 0 ? error_wrap(err, "%s", key->name) : 0;
	}
	return error_set(err, ERR_USAGE,
			 "no '%s' (there are name=, net=, ip=, mac=, mtu= and gateway=)", part);
}

int net_nic_parse(const char *text, struct net_nic_spec *out, struct error *err)
{
	AUTO_STRV char **parts = strv_split(text, ",");
	struct net_nic_spec nic = { 0 };
	unsigned int seen = 0;

	for (char **part = parts; part && *part; part++)
		if (nic_part(&nic, *part, &seen, err) < 0)
			return -1;
	if (!*nic.name || !(seen & 2))
		return error_set(err, ERR_USAGE, "'%s' has no %s= (as name=eth1,net=bridge:lan)",
				 text, *nic.name ? "net" : "name");
	if (nic.net.mode == NET_ROUTED && (nic.gateway4.family || nic.gateway6.family))
		return error_set(err, ERR_USAGE, "gateway: net=routed has one of its own");
	*out = nic;
	return 0;
}

/* "80" or "5000-5010"; *out_n ports. */
static int parse_ports(const char *text, uint16_t *out, uint16_t *out_n, struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *end = strchr(copy, '-');
	uint64_t first, last;

	if (end)
		*end++ = '\0';
	if (num_u64(copy, 1, UINT16_MAX, &first, err) < 0)
		return -1;
	last = first;
	if (end && num_u64(end, first, UINT16_MAX, &last, err) < 0)
		return -1;
	if (last - first >= PUBLISH_SPAN_MAX)
		return error_set(err, ERR_USAGE, "%s: more than %d ports", text, PUBLISH_SPAN_MAX);
	*out = (uint16_t)first;
	*out_n = (uint16_t)(last - first + 1);
	return 0;
}

/* Cuts the address before the ports, "10.0.0.1:" or "[2001:db8::1]:", off *at. */
static int take_address(char **at, struct net_addr *out, struct error *err)
{
	char *text = *at, *colon = strchr(text, ':'), *end;

	*out = (struct net_addr){ 0 };
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || end[1] != ':')
			return error_set(err, ERR_USAGE, "no ']:' behind the address");
		*end = '\0';
		*at = end + 2;
		return address_parse(text + 1, false, out, err);
	}
	/* Two colons: the first ends an address. */
	if (!colon || !strchr(colon + 1, ':'))
		return 0;
	*colon = '\0';
	*at = colon + 1;
	return address_parse(text, false, out, err);
}

static int parse_protocol(char *text, uint8_t *out, struct error *err)
{
	char *slash = strchr(text, '/');

	*out = IPPROTO_TCP;
	if (!slash)
		return 0;
	*slash = '\0';
	if (strcmp(slash + 1, "udp") == 0)
		*out = IPPROTO_UDP;
	else if (strcmp(slash + 1, "tcp") != 0)
		return error_set(err, ERR_USAGE, "no '/%s' (there are /tcp and /udp)", slash + 1);
	return 0;
}

int net_publish_parse(const char *text, struct net_publish *out, struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *host = copy, *zone;
	struct net_publish p = { 0 };
	uint16_t n_zone;

	if (parse_protocol(copy, &p.protocol, err) < 0 || take_address(&host, &p.address, err) < 0)
		return -1;
	zone = strchr(host, ':');
	if (!zone)
		return error_set(err, ERR_USAGE,
				 "'%s' is no [ADDRESS:]PORT:PORT[/tcp|/udp] (of the host, of "
				 "the zone)",
				 text);
	*zone++ = '\0';
	if (parse_ports(host, &p.host_port, &p.count, err) < 0 ||
	    parse_ports(zone, &p.zone_port, &n_zone, err) < 0)
		return -1;
	if (p.count != n_zone)
		return error_set(err, ERR_USAGE, "%u ports of the host for %u of the zone", p.count,
				 n_zone);
	*out = p;
	return 0;
}

static void add_ports(struct str *s, uint16_t first, uint16_t count)
{
	str_addf(s, "%u", first);
	if (count > 1)
		str_addf(s, "-%u", first + count - 1);
}

static const char *protocol_name(const struct net_publish *p)
{
	return p->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

char *net_publish_name(const struct net_publish *p)
{
	struct str s = { 0 };
	char text[ADDRESS_TEXT_MAX];

	str_add(&s, p->count > 1 ? "ports " : "port ");
	add_ports(&s, p->host_port, p->count);
	str_addf(&s, "/%s", protocol_name(p));
	if (p->address.family)
		str_addf(&s, " of %s", address_text(&p->address, text));
	return str_take(&s);
}

bool net_publish_overlaps(const struct net_publish *a, const struct net_publish *b)
{
	bool is_apart = a->address.family && b->address.family &&
			!address_equal(&a->address, &b->address);

	return !is_apart && a->protocol == b->protocol &&
	       a->host_port < (uint32_t)b->host_port + b->count &&
	       b->host_port < (uint32_t)a->host_port + a->count;
}

/*
 * The property table's
 */

int net_mode_check(const char *value, struct error *err)
{
	struct net_mode_spec ignored;

	return net_mode_parse(value, &ignored, err);
}

int net_ip_check(const char *value, struct error *err)
{
	struct net_ip_spec ignored;

	return net_ip_parse(value, &ignored, err);
}

static char *ip_text(const struct net_ip_spec *ip)
{
	char text[ADDRESS_TEXT_MAX];

	if (ip->is_auto)
		return *ip->pool ? xasprintf("auto:%s", ip->pool) : xstrdup("auto");
	if (ip->is_none)
		return xstrdup("none");
	return xstrdup(ip->has_prefix ? address_prefix_text(&ip->addr, text) :
					address_text(&ip->addr, text));
}

char *net_ip_canonical(const char *value)
{
	struct net_ip_spec ip;
	struct error ignored;

	return net_ip_parse(value, &ip, &ignored) < 0 ? xstrdup(value) : ip_text(&ip);
}

int net_address_check(const char *value, struct error *err)
{
	struct net_addr ignored;

	return address_parse(value, false, &ignored, err);
}

char *net_address_canonical(const char *value)
{
	char text[ADDRESS_TEXT_MAX];
	struct error ignored;
	struct net_addr a;

	if (address_parse(value, false, &a, &ignored) < 0)
		return xstrdup(value);
	return xstrdup(address_text(&a, text));
}

/* A domain, as resolv.conf(5) takes it. */
int net_search_check(const char *value, struct error *err)
{
	size_t n = strlen(value);

	if (value[strspn(value, LETTERS DIGITS "._-")] || n > SEARCH_MAX ||
	    !strchr(LETTERS DIGITS "_", value[0]) || strstr(value, ".."))
		return error_set(err, ERR_USAGE, "'%s' is no domain", value);
	return 0;
}

int net_mac_check(const char *value, struct error *err)
{
	uint8_t ignored[NET_MAC_LEN];

	return address_mac_parse(value, ignored, err);
}

char *net_mac_canonical(const char *value)
{
	uint8_t mac[NET_MAC_LEN];
	char text[MAC_TEXT_MAX];
	struct error ignored;

	if (address_mac_parse(value, mac, &ignored) < 0)
		return xstrdup(value);
	return xstrdup(address_mac_text(mac, text));
}

int net_publish_check(const char *value, struct error *err)
{
	struct net_publish ignored;

	return net_publish_parse(value, &ignored, err);
}

char *net_publish_canonical(const char *value)
{
	struct net_publish p;
	struct str s = { 0 };
	struct error ignored;
	char text[ADDRESS_TEXT_MAX];

	if (net_publish_parse(value, &p, &ignored) < 0)
		return xstrdup(value);
	if (p.address.family)
		str_addf(&s, p.address.family == AF_INET ? "%s:" : "[%s]:",
			 address_text(&p.address, text));
	add_ports(&s, p.host_port, p.count);
	str_addc(&s, ':');
	add_ports(&s, p.zone_port, p.count);
	str_addf(&s, "/%s", protocol_name(&p));
	return str_take(&s);
}

int net_nic_check(const char *value, struct error *err)
{
	struct net_nic_spec ignored;

	return net_nic_parse(value, &ignored, err);
}

char *net_nic_canonical(const char *value)
{
	static const uint8_t none[NET_MAC_LEN];
	struct net_nic_spec nic;
	struct str s = { 0 };
	struct error ignored;
	char text[ADDRESS_TEXT_MAX];

	if (net_nic_parse(value, &nic, &ignored) < 0)
		return xstrdup(value);
	str_addf(&s, "name=%s,net=%s%s%s", nic.name, modes[nic.net.mode].name,
		 *nic.net.device ? ":" : "", nic.net.device);
	for (size_t i = 0; i < nic.n_ips; i++) {
		AUTO_FREE char *ip = ip_text(&nic.ips[i]);

		str_addf(&s, ",ip=%s", ip);
	}
	if (memcmp(nic.mac, none, NET_MAC_LEN) != 0)
		str_addf(&s, ",mac=%s", address_mac_text(nic.mac, text));
	if (nic.mtu)
		str_addf(&s, ",mtu=%u", nic.mtu);
	if (nic.gateway4.family)
		str_addf(&s, ",gateway=%s", address_text(&nic.gateway4, text));
	if (nic.gateway6.family)
		str_addf(&s, ",gateway=%s", address_text(&nic.gateway6, text));
	return str_take(&s);
}

size_t net_nic_key(const char *value, const char **out)
{
	const char *name = str_starts(value, "name=") ? value : strstr(value, ",name=");

	*out = value;
	if (!name)
		return strlen(value);
	*out = strchr(name, '=') + 1;
	return strcspn(*out, ",");
}
