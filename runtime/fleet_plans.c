/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/address.h"
#include "runtime/fleet_parts.h"
#include "runtime/net_spec.h"
#include "templates/store.h"

#define EXTENDS "extends"
#define DESCRIPTION "description"

/*
 * Names for templates
 */

static void check_file_member(struct fleet *f, const struct json *j)
{
	static const char prefix[] = "sha256:", digits[] = "0123456789abcdef";
	bool is_digest = strcmp(j->key, "digest") == 0;
	const size_t len = strlen(prefix) + SHA256_HEX_SIZE - 1;
	const char *text;

	if (!is_digest && strcmp(j->key, "file") != 0) {
		fleet_fault(f, j, "no such key (there are file and digest)");
		return;
	}
	text = fleet_text(f, j);
	if (text && !*text)
		fleet_fault(f, j, "is empty");
	else if (text && is_digest &&
		 (!str_starts(text, prefix) || strlen(text) != len ||
		  strspn(text + strlen(prefix), digits) != SHA256_HEX_SIZE - 1))
		fleet_fault(f, j, "expected sha256: and 64 hexadecimal digits");
}

static void check_file(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	for (const struct json *j = value->first; j; j = j->next)
		check_file_member(f, j);
	if (!json_get(value, "file"))
		fleet_fault(f, value, "no key \"file\"");
}

/* "web": "debian-12:3", or "app": {"file": "app.tar.zst", "digest": "sha256:..."} */
void fleet_check_templates(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	f->templates = value;
	for (const struct json *j = value->first; j; j = j->next) {
		struct error why = { 0 };

		if (template_name_check(j->key, &why) < 0)
			fleet_fault(f, j, "%s", why.text);
		else if (j->type != JSON_STRING)
			check_file(f, j);
		else if (!*j->text)
			fleet_fault(f, j, "names no template");
	}
}

/*
 * Pools
 */

static void read_pool_member(struct fleet *f, struct net_pool *pool, const struct json *j)
{
	bool is4 = strcmp(j->key, "ipv4") == 0;
	struct net_addr *net = is4 ? &pool->net4 : &pool->net6;
	struct error why = { 0 };

	if (!is4 && strcmp(j->key, "ipv6") != 0)
		fleet_fault(f, j, "no such key (there are ipv4 and ipv6)");
	else if (pools_read_net(net, j, is4, f->file, &why) < 0)
		fleet_fault_known(f, j, &why);
}

static bool is_one_net(const struct net_addr *a, const struct net_addr *b)
{
	return a->family && b->family && (address_in(a, b) || address_in(b, a));
}

static void check_overlaps(struct fleet *f, const struct fleet_pool *pool)
{
	for (const struct fleet_pool *p = f->pools; p < pool; p++)
		if (is_one_net(&p->net.net4, &pool->net.net4) ||
		    is_one_net(&p->net.net6, &pool->net.net6))
			fleet_fault(f, pool->at, "has addresses of pool \"%s\"", p->at->key);
}

static void read_pool(struct fleet *f, struct fleet_pool *pool, const struct json *value)
{
	struct error why = { 0 };

	pool->at = value;
	pool->next = 1;
	if (net_pool_name_check(value->key, &why) < 0)
		fleet_fault(f, value, "%s", why.text);
	if (!fleet_is_object(f, value))
		return;
	for (const struct json *j = value->first; j; j = j->next)
		read_pool_member(f, &pool->net, j);
	if (!json_get(value, "ipv4") && !json_get(value, "ipv6"))
		fleet_fault(f, value, "has neither ipv4 nor ipv6");
	check_overlaps(f, pool);
}

/* "front": {"ipv4": "203.0.113.0/26"} */
void fleet_read_pools(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	f->pools = xcalloc(json_len(value) + 1, sizeof(*f->pools));
	for (const struct json *j = value->first; j; j = j->next)
		read_pool(f, &f->pools[f->n_pools++], j);
}

/*
 * Properties
 */

/* As property_from_json(), and what set takes too: a list as one text, true and false for yes and
 * no. */
static int take_value(const struct property *p, struct zone_config *c, const struct json *value,
		      const char *file, struct error *err)
{
	bool is_list = p->type == PROPERTY_LIST || p->type == PROPERTY_FLAGS;
	struct error why = { 0 };
	const char *text = NULL;

	if (is_list && value->type == JSON_STRING)
		text = value->text;
	if (p->type == PROPERTY_ENUM && value->type == JSON_BOOL)
		text = value->truth ? "yes" : "no";
	if (!text)
		return property_from_json(p, c, value, file, err);
	if (property_apply(p, c, PROPERTY_SET, text, &why) == 0)
		return 0;
	/* The path has the property's name already. */
	return json_error(value, file, err, "%s", why.text + strlen(p->name) + strlen(": "));
}

static void check_property(struct fleet *f, const struct json *value, struct zone_config *scratch)
{
	struct error why = { 0 };
	const struct property *p = property_find(value->key, &why);

	if (!p)
		fleet_fault(f, value, "no such property%s%s%s", *why.hint ? " (" : "", why.hint,
			    *why.hint ? ")" : "");
	else if (take_value(p, scratch, value, f->file, &why) < 0)
		fleet_fault_known(f, value, &why);
}

/* True for what says something of a plan and nothing of its zones. */
static bool is_of_plan(const struct fleet *f, const struct json *value)
{
	return value->parent->parent == f->plans &&
	       (strcmp(value->key, EXTENDS) == 0 || strcmp(value->key, DESCRIPTION) == 0);
}

void fleet_check_properties(struct fleet *f, const struct json *object)
{
	struct zone_config scratch;

	if (!fleet_is_object(f, object))
		return;
	zone_config_init(&scratch);
	for (const struct json *j = object->first; j; j = j->next)
		if (!is_of_plan(f, j))
			check_property(f, j, &scratch);
	zone_config_clear(&scratch);
}

void fleet_apply_properties(const struct fleet *f, const struct json *object,
			    struct zone_config *c)
{
	for (const struct json *j = object->first; j; j = j->next) {
		struct error told = { 0 };
		const struct property *p = is_of_plan(f, j) ? NULL : property_find(j->key, &told);

		if (p)
			(void)take_value(p, c, j, f->file, &told);
	}
}

/*
 * What extends what
 */

static const struct json *extended(const struct json *section, const struct json *from)
{
	const struct json *name = json_get(from, EXTENDS);

	return name && name->type == JSON_STRING ? json_get(section, name->text) : NULL;
}

size_t fleet_chain(const struct json *section, const struct json *from,
		   const struct json *chain[FLEET_DEPTH_MAX])
{
	size_t n = 0;

	for (const struct json *at = from; at; at = extended(section, at)) {
		if (n == FLEET_DEPTH_MAX)
			return 0;
		chain[n++] = at;
	}
	for (size_t i = 0; i < n / 2; i++) {
		const struct json *swap = chain[i];

		chain[i] = chain[n - 1 - i];
		chain[n - 1 - i] = swap;
	}
	return n;
}

/* A circle is told where each of those that make it says whom it extends; who only leads to one is
 * right by itself. */
void fleet_check_chain(struct fleet *f, const struct json *section, const struct json *from)
{
	const struct json *at = extended(section, from);
	size_t left = json_len(section);

	while (at && at != from && left-- > 0)
		at = extended(section, at);
	if (at == from) {
		fleet_fault(f, json_get(from, EXTENDS), "\"%s\" extends itself%s", from->key,
			    extended(section, from) == from ? "" : ", by way of others");
		return;
	}
	if (!at) {
		const struct json *chain[FLEET_DEPTH_MAX];

		if (fleet_chain(section, from, chain) == 0)
			fleet_fault(f, json_get(from, EXTENDS), "more than %d extend each other",
				    FLEET_DEPTH_MAX);
	}
}

/*
 * Plans
 */

/* A plan of the host, read once; NULL when it can't be. */
static const struct plan *host_plan(struct fleet *f, const char *name, struct error *err)
{
	struct plan *plan;

	for (size_t i = 0; i < f->n_site_plans; i++)
		if (strcmp(f->site_plans[i].name, name) == 0)
			return &f->site_plans[i];
	f->site_plans = xreallocarray(f->site_plans, f->n_site_plans + 1, sizeof(*f->site_plans));
	plan = &f->site_plans[f->n_site_plans];
	if (plan_read(plan, f->site, name, err) < 0)
		return NULL;
	f->n_site_plans++;
	return plan;
}

static void apply_host_plan(struct fleet *f, const struct json *ref, struct zone_config *c)
{
	struct error why = { 0 };
	const struct plan *plan = host_plan(f, ref->text, &why);

	if (!plan || plan_apply(plan, c, &why) < 0)
		fleet_fault(f, ref, "%s", why.text);
}

void fleet_apply_plan(struct fleet *f, const struct json *ref, struct zone_config *c)
{
	const struct json *plan = json_get(f->plans, ref->text), *base;
	const struct json *chain[FLEET_DEPTH_MAX];
	size_t n = plan ? fleet_chain(f->plans, plan, chain) : 0;

	if (!plan) {
		apply_host_plan(f, ref, c);
		return;
	}
	/* The last of them may extend a plan of the host's. */
	base = n > 0 ? json_get(chain[0], EXTENDS) : NULL;
	if (base && base->type == JSON_STRING)
		apply_host_plan(f, base, c);
	for (size_t i = 0; i < n; i++)
		fleet_apply_properties(f, chain[i], c);
	free(c->plan);
	c->plan = xstrdup(ref->text);
}

static void check_plan(struct fleet *f, const struct json *plan)
{
	const struct json *base;
	struct error why = { 0 };

	if (zone_name_check(plan->key, &why) < 0)
		fleet_fault(f, plan, "%s", why.text);
	fleet_check_properties(f, plan);
	if (json_get(plan, DESCRIPTION))
		(void)fleet_text(f, json_get(plan, DESCRIPTION));	/* that it is a string */
	base = json_get(plan, EXTENDS);
	if (!base || !fleet_text(f, base))
		return;
	if (!json_get(f->plans, base->text) && !host_plan(f, base->text, &why))
		fleet_fault(f, base, "%s", why.text);
	fleet_check_chain(f, f->plans, plan);
}

/* "web": {"extends": "small", "memory": "1G"} */
void fleet_check_plans(struct fleet *f, const struct json *value)
{
	if (!fleet_is_object(f, value))
		return;
	f->plans = value;
	for (const struct json *j = value->first; j; j = j->next)
		check_plan(f, j);
}
