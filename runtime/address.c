/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { BITS4 = 32, BITS6 = 128 };

unsigned int address_bits(const struct net_addr *a)
{
	return a->family == AF_INET ? BITS4 : a->family == AF_INET6 ? BITS6 : 0;
}

static int parse_prefix(const char *text, struct net_addr *a, struct error *err)
{
	struct error why = { 0 };
	uint64_t prefix;

	if (num_u64(text, 1, address_bits(a), &prefix, &why) < 0 || *text == '0')
		return error_set(err, ERR_USAGE, "'/%s' is no prefix length (1 to %u)", text,
				 address_bits(a));
	a->prefix = (uint8_t)prefix;
	return 0;
}

int address_parse(const char *text, bool is_prefix_ok, struct net_addr *out, struct error *err)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct net_addr a = { 0 };
	char alone[ADDRESS_TEXT_MAX];

	if (slash && !is_prefix_ok)
		return error_set(err, ERR_USAGE, "'%s' has a prefix length, where none belongs",
				 text);
	if (n < sizeof(alone)) {
		memcpy(alone, text, n);
		alone[n] = '\0';
		if (inet_pton(AF_INET, alone, a.ip) == 1)
			a.family = AF_INET;
		else if (!strchr(alone, '.') && inet_pton(AF_INET6, alone, a.ip) == 1)
			a.family = AF_INET6;
	}
	if (!a.family)
		return error_set(err, ERR_USAGE,
				 "'%s' is no IP address (as 10.1.0.5 or 2001:db8::5)", text);
	a.prefix = (uint8_t)address_bits(&a);
	if (slash && parse_prefix(slash + 1, &a, err) < 0)
		return -1;
	*out = a;
	return 0;
}

char *address_text(const struct net_addr *a, char buf[ADDRESS_TEXT_MAX])
{
	buf[0] = '\0';
	if (a->family)
		(void)inet_ntop(a->family, a->ip, buf, ADDRESS_TEXT_MAX); /* it fits */
	return buf;
}

char *address_prefix_text(const struct net_addr *a, char buf[ADDRESS_TEXT_MAX])
{
	size_t n = strlen(address_text(a, buf));

	if (a->family)
		snprintf(buf + n, ADDRESS_TEXT_MAX - n, "/%u", a->prefix);
	return buf;
}

bool address_equal(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, address_bits(a) / 8) == 0;
}

/* The bits of byte i that belong to the network. */
static uint8_t net_mask(const struct net_addr *net, unsigned int i)
{
	unsigned int bits = net->prefix > i * 8 ? net->prefix - i * 8 : 0;

	return bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
}

bool address_in(const struct net_addr *a, const struct net_addr *net)
{
	if (a->family != net->family || !a->family)
		return false;
	for (unsigned int i = 0; i < address_bits(a) / 8; i++)
		if ((a->ip[i] ^ net->ip[i]) & net_mask(net, i))
			return false;
	return true;
}

struct net_addr address_at(const struct net_addr *net, uint64_t n)
{
	struct net_addr a = *net;

	for (unsigned int i = address_bits(net) / 8; i-- > 0; n >>= 8)
		a.ip[i] = (uint8_t)((net->ip[i] & net_mask(net, i)) | (n & 0xff));
	return a;
}

uint64_t address_place(const struct net_addr *a, const struct net_addr *net)
{
	unsigned int size = address_bits(a) / 8;
	uint64_t place = 0;

	for (unsigned int i = size > 8 ? size - 8 : 0; i < size; i++)
		place = place << 8 | (a->ip[i] & (uint8_t)~net_mask(net, i));
	return place;
}

/* What a zone may not call itself (RFC 6890), and why. */
static const struct reserved {
	struct net_addr net;
	const char *what;
} reserved[] = {
	{ { AF_INET, 8, { 0 } }, "of this network" },
	{ { AF_INET, 8, { 127 } }, "of a loopback" },
	{ { AF_INET, 16, { 169, 254 } }, "link-local" },
	{ { AF_INET, 4, { 224 } }, "multicast" },
	{ { AF_INET, 4, { 240 } }, "reserved" },
	{ { AF_INET6, 127, { 0 } }, "of a loopback" },
	{ { AF_INET6, 96, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } }, "IPv4 inside IPv6" },
	{ { AF_INET6, 10, { 0xfe, 0x80 } }, "link-local" },
	{ { AF_INET6, 8, { 0xff } }, "multicast" },
};

static const struct net_addr private_nets[] = {
	{ AF_INET, 8, { 10 } },
	{ AF_INET, 12, { 172, 16 } },
	{ AF_INET, 16, { 192, 168 } },
	{ AF_INET, 10, { 100, 64 } },
	{ AF_INET6, 7, { 0xfc } },
};

int address_check_host(const struct net_addr *a, struct error *err)
{
	unsigned int host_bits = address_bits(a) - a->prefix;
	char text[ADDRESS_TEXT_MAX];
	uint64_t place;

	for (size_t i = 0; i < N_ROWS(reserved); i++)
		if (address_in(a, &reserved[i].net))
			return error_set(err, ERR_USAGE, "%s is %s, which no zone can have",
					 address_text(a, text), reserved[i].what);
	/* Two addresses have no broadcast (RFC 3021), and IPv6 has none at all. */
	if (a->family != AF_INET || host_bits < 2)
		return 0;
	place = address_place(a, a);
	if (place == 0 || place == ((uint64_t)1 << host_bits) - 1)
		return error_set(err, ERR_USAGE, "%s is the %s address of its network",
				 address_prefix_text(a, text), place ? "broadcast" : "first");
	return 0;
}

bool address_is_private(const struct net_addr *a)
{
	for (size_t i = 0; i < N_ROWS(private_nets); i++)
		if (address_in(a, &private_nets[i]))
			return true;
	return false;
}

int address_mac_parse(const char *text, uint8_t out[NET_MAC_LEN], struct error *err)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	uint8_t mac[NET_MAC_LEN];
	bool is_mac = strlen(text) == MAC_TEXT_MAX - 1;

	for (size_t i = 0; is_mac && i < MAC_TEXT_MAX - 1; i++)
		is_mac = i % 3 == 2 ? text[i] == ':' : strchr(digits, text[i]) != NULL;
	if (!is_mac)
		return error_set(err, ERR_USAGE, "'%s' is no MAC address (as 02:00:00:00:00:01)",
				 text);
	(void)sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2],
		     &mac[3], &mac[4], &mac[5]);	/* all are digits */
	if (mac[0] & 1)
		return error_set(err, ERR_USAGE, "%s is a group's MAC address", text);
	if (memcmp(mac, (uint8_t[NET_MAC_LEN]){ 0 }, NET_MAC_LEN) == 0)
		return error_set(err, ERR_USAGE, "%s is no device's MAC address", text);
	memcpy(out, mac, NET_MAC_LEN);
	return 0;
}

char *address_mac_text(const uint8_t mac[NET_MAC_LEN], char buf[MAC_TEXT_MAX])
{
	snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return buf;
}
