/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "netns/table_zone.h"

enum {
	PART_MAX = 160,			/* of a record, in one element's note beside the name */
	DIGEST_LEN = 16,
	INET = 0, BRIDGE = 1, ARP = 2,	/* indexes of struct table_elements */
};

/*
 * Keys are concatenations: each part begins at a word of 4 bytes
 */

static void key_add(struct nft_element *e, const void *part, size_t len)
{
	memcpy(e->key + e->key_len, part, len);
	e->key_len += (uint32_t)(len + 3) & ~3U;
}

static void key_name(struct nft_element *e, const char host[IFNAMSIZ])
{
	char name[IFNAMSIZ] = "";

	memcpy(name, host, strnlen(host, IFNAMSIZ));
	key_add(e, name, sizeof(name));
}

static void key_address(struct nft_element *e, const struct net_addr *addr)
{
	key_add(e, addr->ip, addr->family == AF_INET ? 4 : 16);
}

void table_zone_key(const char *name, uint32_t part, struct nft_element *out)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, name, strlen(name));
	sha256_end(&sum, digest);
	*out = (struct nft_element){ 0 };
	key_add(out, digest, DIGEST_LEN);
	key_add(out, &part, sizeof(part));
}

uint32_t table_zone_part(const uint8_t *key, size_t len)
{
	uint32_t part = UINT32_MAX;

	if (len == DIGEST_LEN + sizeof(part))
		memcpy(&part, key + DIGEST_LEN, sizeof(part));
	return part;
}

void table_zone_name(const struct nft_found *found, char out[TABLE_NAME_MAX + 1])
{
	size_t len = 0;
	const uint8_t *name = nft_note_find(found->note, found->note_len, NFT_NOTE_COMMENT, &len);

	memset(out, 0, TABLE_NAME_MAX + 1);
	if (name && len > 0 && len <= TABLE_NAME_MAX + 1 && name[len - 1] == '\0')
		memcpy(out, name, len);
}

bool table_set_is_port(enum table_set which)
{
	return which >= SET_ITSELF4 && which <= SET_HOSTPORTS6;
}

/*
 * The elements of a zone
 */

static struct nft_element *add(struct table_elements *e, int family, enum table_set set)
{
	size_t n = e->n[family][set]++;
	struct nft_element *list = e->list[family][set];

	/* Doubled each time that it is full: at the powers of two. */
	if ((n & (n - 1)) == 0)
		list = xreallocarray(list, n ? 2 * n : 1, sizeof(*list));
	e->list[family][set] = list;
	list[n] = (struct nft_element){ .note = e->comment, .note_len = e->comment_len };
	return &list[n];
}

static void add_name(struct table_elements *e, int family, enum table_set set, const char *host)
{
	key_name(add(e, family, set), host);
}

/* An address that the plan has twice is one element. */
static void add_own(struct table_elements *e, int family, const struct table_nic *nic,
		    const struct net_addr *addr)
{
	enum table_set set = addr->family == AF_INET ? SET_OWN4 : SET_OWN6;
	struct nft_element own = { 0 };

	key_name(&own, nic->host);
	key_add(&own, nic->mac, sizeof(nic->mac));
	key_address(&own, addr);
	for (size_t i = 0; i < e->n[family][set]; i++)
		if (memcmp(e->list[family][set][i].key, own.key, sizeof(own.key)) == 0)
			return;
	own.note = e->comment;
	own.note_len = e->comment_len;
	*add(e, family, set) = own;
}

/* The link-local address that a kernel makes from a MAC (RFC 4291, appendix A): ND needs it. */
static void add_link_local(struct table_elements *e, int family, const struct table_nic *nic)
{
	const uint8_t *m = nic->mac;
	struct net_addr addr = { .family = AF_INET6, .ip = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5],
	} };

	add_own(e, family, nic, &addr);
}

static bool has_family(const struct table_zone *z, size_t nic, uint8_t family)
{
	for (size_t i = 0; i < z->n_addresses; i++)
		if (z->addresses[i].nic == nic && z->addresses[i].addr.family == family)
			return true;
	return false;
}

/* Few connections are counted together; of many the limit is rounded down to a class. */
static void add_limit(struct table_elements *e, const struct table_nic *nic, uint32_t limit)
{
	static const struct {
		uint32_t least;
		enum table_set set;
	} classes[] = {
		{ 262144, SET_SHARES_256K }, { 65536, SET_SHARES_64K },
		{ 16384, SET_SHARES_16K },	  { 4096, SET_SHARES_4K },
	};
	struct nft_element *exact;

	for (size_t i = 0; i < N_ROWS(classes); i++) {
		if (limit < classes[i].least)
			continue;
		add_name(e, INET, classes[i].set, nic->host);
		return;
	}
	exact = add(e, INET, SET_CONNECTIONS);
	key_name(exact, nic->host);
	exact->limit = limit;
}

static void add_guest(struct table_elements *e, const struct table_nic *nic)
{
	struct nft_element *guest = add(e, BRIDGE, SET_GUESTS);

	key_name(guest, nic->host);
	key_add(guest, nic->mac, sizeof(nic->mac));
}

static void add_nic(struct table_elements *e, const struct table_zone *z, size_t i, uint32_t limit)
{
	const struct table_nic *nic = &z->nics[i];
	int family = nic->is_bridged ? BRIDGE : INET;

	add_name(e, family, SET_REFUSED, nic->host);
	add_name(e, family, SET_IN4, nic->host);
	add_name(e, family, SET_IN6, nic->host);
	if (nic->is_bridged) {
		add_name(e, family, SET_OUT4, nic->host);
		add_name(e, family, SET_OUT6, nic->host);
		if (!has_family(z, i, AF_INET) && !has_family(z, i, AF_INET6))
			add_guest(e, nic);
	}
	if (has_family(z, i, AF_INET6))
		add_link_local(e, family, nic);
	if (nic->is_bridged)
		return;
	add_name(e, ARP, SET_REFUSED, nic->host);
	if (nic->is_isolated)
		add_name(e, INET, SET_ISOLATED, nic->host);
	if (nic->is_unmasked)
		add_name(e, INET, SET_UNMASKED, nic->host);
	if (limit > 0)
		add_limit(e, nic, limit);
}

static void add_address(struct table_elements *e, const struct table_zone *z,
			const struct table_address *a)
{
	const struct table_nic *nic = &z->nics[a->nic];

	add_own(e, nic->is_bridged ? BRIDGE : INET, nic, &a->addr);
	if (!nic->is_bridged && a->addr.family == AF_INET)
		add_own(e, ARP, nic, &a->addr);
}

/* What a zone may have of connections is shared out among its routed interfaces, so that all of
 * them together have no more. */
static uint32_t share(const struct table_zone *z)
{
	uint32_t n = 0;

	for (size_t i = 0; i < z->n_nics; i++)
		n += !z->nics[i].is_bridged;
	if (n == 0 || z->connections == 0)
		return 0;
	return z->connections < n ? 1 : z->connections / n;
}

static void add_port(struct table_elements *e, const struct net_publish *p, uint16_t offset)
{
	bool is_v4 = p->target.family == AF_INET;
	enum table_set any = is_v4 ? SET_PORTS4 : SET_PORTS6;
	enum table_set one = is_v4 ? SET_HOSTPORTS4 : SET_HOSTPORTS6;
	struct nft_element *port = add(e, INET, p->address.family ? one : any);
	uint16_t from = htons(p->host_port + offset), to = htons(p->zone_port + offset);
	size_t len = is_v4 ? 4 : 16;

	if (p->address.family)
		key_address(port, &p->address);
	key_add(port, &p->protocol, sizeof(p->protocol));
	key_add(port, &from, sizeof(from));
	memcpy(port->data, p->target.ip, len);
	memcpy(port->data + len, &to, sizeof(to));
	port->data_len = (uint32_t)len + 4;
}

/* Each address that ports lead to, once. */
static void add_itself(struct table_elements *e, const struct table_zone *z,
		       const struct table_address *a)
{
	size_t len = a->addr.family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < z->n_ports; i++) {
		const struct net_addr *target = &z->ports[i].target;
		struct nft_element *itself;

		if (target->family != a->addr.family || memcmp(target->ip, a->addr.ip, len) != 0)
			continue;
		itself = add(e, INET, len == 4 ? SET_ITSELF4 : SET_ITSELF6);
		key_name(itself, z->nics[a->nic].host);
		key_address(itself, &a->addr);
		return;
	}
}

static void add_record(struct table_elements *e, const struct table_zone *z)
{
	AUTO_STR struct str record = { 0 };
	size_t n;

	table_zone_pack(z, &record);
	n = (record.len + PART_MAX - 1) / PART_MAX;
	e->parts = xcalloc(n, sizeof(*e->parts));
	for (size_t i = 0; i < n; i++) {
		size_t left = record.len - i * PART_MAX;
		struct nft_element *part = add(e, INET, SET_ZONES);

		table_zone_key(z->name, (uint32_t)i, part);
		memcpy(e->parts[i], e->comment, e->comment_len);
		part->note = e->parts[i];
		part->note_len = e->comment_len +
				 nft_note(NFT_NOTE_RECORD, record.data + i * PART_MAX,
					  left < PART_MAX ? left : PART_MAX,
					  e->parts[i] + e->comment_len);
	}
}

void table_elements_init(struct table_elements *out, const struct table_zone *z)
{
	uint32_t limit = share(z);

	*out = (struct table_elements){ 0 };
	out->comment_len = nft_note(NFT_NOTE_COMMENT, z->name, strlen(z->name) + 1, out->comment);
	add_record(out, z);
	for (size_t i = 0; i < z->n_nics; i++)
		add_nic(out, z, i, limit);
	for (size_t i = 0; i < z->n_addresses; i++)
		add_address(out, z, &z->addresses[i]);
	for (size_t i = 0; i < z->n_addresses && z->n_ports > 0; i++)
		if (!z->nics[z->addresses[i].nic].is_bridged)
			add_itself(out, z, &z->addresses[i]);
	for (size_t i = 0; i < z->n_ports; i++)
		for (uint16_t k = 0; k < z->ports[i].count; k++)
			add_port(out, &z->ports[i], k);
}

void table_elements_clear(struct table_elements *e)
{
	for (size_t f = 0; f < TABLE_FAMILIES; f++)
		for (size_t s = 0; s < TABLE_SETS; s++)
			free(e->list[f][s]);
	free(e->parts);
	*e = (struct table_elements){ 0 };
}
