/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/pools.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "runtime/address.h"

enum { PREFIX4_MIN = 8, PREFIX4_MAX = 30, PREFIX6_MIN = 16, PREFIX6_MAX = 126 };

/* A pool that is being read. */
struct reading {
	struct net_pool *pool;
	const char *file;
};

static int read_str(const struct reading *r, const struct json *value, const char **out,
		    int (*check)(const char *text, struct error *err), struct error *err)
{
	struct error why = { 0 };

	if (json_str(value, r->file, out, err) < 0)
		return -1;
	if (strlen(*out) != value->len || check(*out, &why) < 0)
		return json_error(value, r->file, err, "%s", *why.text ? why.text : "holds a NUL");
	return 0;
}

static int read_name(struct reading *r, const struct json *value, struct error *err)
{
	const char *text;

	if (read_str(r, value, &text, net_pool_name_check, err) < 0)
		return -1;
	strcpy(r->pool->name, text);
	return 0;
}

static int read_device(struct reading *r, const struct json *value, struct error *err)
{
	const char *text;

	if (read_str(r, value, &text, net_device_check, err) < 0)
		return -1;
	strcpy(r->pool->device, text);
	return 0;
}

int pools_read_net(struct net_addr *out, const struct json *value, bool is4, const char *name,
		   struct error *err)
{
	struct error why = { 0 };
	struct net_addr a, first;
	const char *text;

	if (json_str(value, name, &text, err) < 0)
		return -1;
	if (address_parse(text, true, &a, &why) < 0)
		return json_error(value, name, err, "%s", why.text);
	if (a.family != (is4 ? AF_INET : AF_INET6))
		return json_error(value, name, err, "expected an address of IPv%d", is4 ? 4 : 6);
	if (a.prefix < (is4 ? PREFIX4_MIN : PREFIX6_MIN) ||
	    a.prefix > (is4 ? PREFIX4_MAX : PREFIX6_MAX))
		return json_error(value, name, err, "a prefix length from %d to %d is wanted",
				  is4 ? PREFIX4_MIN : PREFIX6_MIN, is4 ? PREFIX4_MAX : PREFIX6_MAX);
	first = address_at(&a, 0);
	if (!address_equal(&a, &first))
		return json_error(value, name, err, "has bits set behind its prefix");
	first = address_at(&a, 1);
	first.prefix = (uint8_t)address_bits(&first);
	if (address_check_host(&first, &why) < 0)
		return json_error(value, name, err, "%s", why.text);
	*out = a;
	return 0;
}

static int read_net4(struct reading *r, const struct json *value, struct error *err)
{
	return pools_read_net(&r->pool->net4, value, true, r->file, err);
}

static int read_net6(struct reading *r, const struct json *value, struct error *err)
{
	return pools_read_net(&r->pool->net6, value, false, r->file, err);
}

static int read_isolate(struct reading *r, const struct json *value, struct error *err)
{
	return json_bool(value, r->file, &r->pool->is_isolated, err);
}

static int read_names(struct reading *r, const struct json *value, struct error *err)
{
	bool has_names;

	if (json_bool(value, r->file, &has_names, err) < 0)
		return -1;
	r->pool->has_no_names = !has_names;
	return 0;
}

static int read_masquerade(struct reading *r, const struct json *value, struct error *err)
{
	bool is_masked;

	if (json_bool(value, r->file, &is_masked, err) < 0)
		return -1;
	r->pool->is_unmasked = !is_masked;
	return 0;
}

static int read_announce(struct reading *r, const struct json *value, struct error *err)
{
	return json_bool(value, r->file, &r->pool->is_announced, err);
}

static int read_gateway(struct reading *r, const struct json *value, struct error *err)
{
	if (value->type != JSON_ARRAY)
		return json_error(value, r->file, err, "expected an array of addresses");
	for (const struct json *j = value->first; j; j = j->next) {
		struct error why = { 0 };
		struct net_addr a, *field;
		const char *text;

		if (json_str(j, r->file, &text, err) < 0)
			return -1;
		if (address_parse(text, false, &a, &why) < 0)
			return json_error(j, r->file, err, "%s", why.text);
		field = a.family == AF_INET ? &r->pool->gateway4 : &r->pool->gateway6;
		if (field->family)
			return json_error(j, r->file, err, "a second one of its family");
		*field = a;
	}
	return 0;
}

static const struct pool_key {
	const char *name;
	int (*read)(struct reading *r, const struct json *value, struct error *err);
} keys[] = {
	{ "name", read_name },       { "ipv4", read_net4 },         { "ipv6", read_net6 },
	{ "device", read_device },   { "gateway", read_gateway },   { "isolate", read_isolate },
	{ "announce", read_announce }, { "masquerade", read_masquerade }, { "names", read_names },
};

static int read_member(struct reading *r, const struct json *member, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(keys); i++)
		if (strcmp(keys[i].name, member->key) == 0)
			return keys[i].read(r, member, err);
	return json_error(member, r->file, err, "no such key");
}

static int read_pool(struct reading *r, const struct json *value, struct error *err)
{
	const struct net_pool *p = r->pool;

	if (value->type != JSON_OBJECT)
		return json_error(value, r->file, err, "expected an object");
	for (const struct json *j = value->first; j; j = j->next)
		if (read_member(r, j, err) < 0)
			return -1;
	if (!*p->name)
		return json_error(value, r->file, err, "no key \"name\"");
	if (!p->net4.family && !p->net6.family)
		return json_error(value, r->file, err, "no key \"ipv4\" or \"ipv6\"");
	if (!*p->device && (p->gateway4.family || p->gateway6.family))
		return json_error(value, r->file, err, "a gateway needs a device to be behind");
	if (!json_get(value, "isolate"))
		r->pool->is_isolated = *p->device;
	/* Whom zones can't reach they need not know of: they may be another customer's. */
	if (!json_get(value, "names"))
		r->pool->has_no_names = p->is_isolated;
	return 0;
}

static bool overlap(const struct net_addr *a, const struct net_addr *b)
{
	return address_in(a, b) || address_in(b, a);
}

/* Against the pools before it. */
static int check_pool(const struct net_pools *p, const struct reading *r,
		      const struct json *value, struct error *err)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->list[i].name, r->pool->name) == 0)
			return json_error(value, r->file, err, "a second pool \"%s\"",
					  r->pool->name);
		if (overlap(&p->list[i].net4, &r->pool->net4) ||
		    overlap(&p->list[i].net6, &r->pool->net6))
			return json_error(value, r->file, err, "overlaps pool \"%s\"",
					  p->list[i].name);
	}
	return 0;
}

int pools_read(struct net_pools *out, const struct json *value, const char *name,
	       struct error *err)
{
	struct net_pools p = { .is_set = true };
	int status = 0;

	if (value->type != JSON_ARRAY)
		return json_error(value, name, err, "expected an array of pools");
	p.list = xcalloc(json_len(value) + 1, sizeof(*p.list));
	for (const struct json *j = value->first; j && status == 0; j = j->next) {
		struct reading r = { .pool = &p.list[p.n], .file = name };

		status = read_pool(&r, j, err);
		if (status == 0)
			status = check_pool(&p, &r, j, err);
		p.n++;
	}
	if (status < 0) {
		pools_clear(&p);
		return -1;
	}
	pools_clear(out);
	*out = p;
	return 0;
}

void pools_clear(struct net_pools *p)
{
	free(p->list);
	*p = (struct net_pools){ 0 };
}

/* 10.209.0.0/16 and fd5a:6f6e:6563::/64 of the default site; of another one 10.64.0.0/16 to
 * 10.191.0.0/16 and a /64 by 40 bits of its id, as RFC 4193 wants them. */
void pools_default(struct net_pools *out, const char *site_id)
{
	static const struct net_pool fixed = {
		.name = "default",
		.net4 = { AF_INET, 16, { 10, 209 } },
		.net6 = { AF_INET6, 64, { 0xfd, 0x5a, 0x6f, 0x6e, 0x65, 0x63 } },
	};
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;

	*out = (struct net_pools){ .list = xcalloc(1, sizeof(*out->list)), .n = 1 };
	out->list[0] = fixed;
	if (!*site_id)
		return;
	sha256_init(&sum);
	sha256_add(&sum, "network/", 8);
	sha256_add(&sum, site_id, strlen(site_id));
	sha256_end(&sum, digest);
	out->list[0].net4.ip[1] = (uint8_t)(64 + digest[0] % 128);
	memcpy(&out->list[0].net6.ip[1], digest + 1, 5);
}

const struct net_pool *pools_find(const struct net_pools *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}

const struct net_pool *pools_of(const struct net_pools *p, const struct net_addr *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (address_in(a, &p->list[i].net4) || address_in(a, &p->list[i].net6))
			return &p->list[i];
	return NULL;
}
