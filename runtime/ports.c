/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/ports.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"
#include "netns/listener.h"
#include "runtime/address.h"
#include "runtime/claims.h"

enum { PORT_TEXT_MAX = ADDRESS_TEXT_MAX + 16 };

static void port_text(const struct net_publish *p, uint16_t i, char buf[PORT_TEXT_MAX])
{
	char address[ADDRESS_TEXT_MAX];

	snprintf(buf, PORT_TEXT_MAX, "%s:%u@%s", p->protocol == IPPROTO_UDP ? "udp" : "tcp",
		 p->host_port + i, p->address.family ? address_text(&p->address, address) : "any");
}

/* The claim as one published port; -1 when it is no claim of ours. */
static int parse_port(const char *text, struct net_publish *out)
{
	struct net_publish p = { .protocol = IPPROTO_TCP, .count = 1 };
	const char *at = strchr(text, '@');
	struct error ignored;
	char number[8] = "";
	uint64_t port;

	if (str_starts(text, "udp:"))
		p.protocol = IPPROTO_UDP;
	else if (!str_starts(text, "tcp:"))
		return -1;
	if (!at || (size_t)(at - text - 4) >= sizeof(number))
		return -1;
	memcpy(number, text + 4, (size_t)(at - text - 4));
	if (num_u64(number, 1, UINT16_MAX, &port, &ignored) < 0)
		return -1;
	p.host_port = (uint16_t)port;
	if (strcmp(at + 1, "any") != 0 && address_parse(at + 1, false, &p.address, &ignored) < 0)
		return -1;
	*out = p;
	return 0;
}

static char **claimed(const struct net_config *n)
{
	char **list = NULL;

	for (size_t i = 0; i < n->n_publish; i++)
		for (uint16_t k = 0; k < n->publish[i].count; k++) {
			char text[PORT_TEXT_MAX];

			port_text(&n->publish[i], k, text);
			strv_add(&list, text);
		}
	return list;
}

char **ports_claimed(const struct zone_config *c)
{
	struct error ignored = { 0 };
	struct net_config n;
	char **list;

	if (!c || !c->publish || net_config_read(&n, c, &ignored) < 0)
		return NULL;
	list = claimed(&n);
	net_config_clear(&n);
	return list;
}

static bool is_claimed(const struct zone_config *c, const char *claim)
{
	AUTO_STRV char **list = ports_claimed(c);

	return strv_has(list, claim);
}

static int ports_open(struct claims *out, struct site *site, struct error *err)
{
	if (claims_open(out, site, "ports", err) < 0)
		return -1;
	out->is_in = is_claimed;
	return 0;
}

struct taking {
	struct claims claims;
	const char *zone;
	const struct net_config *n;
	char **new;			/* owned */
};

static const struct net_publish *overlapped(const struct net_config *n,
					    const struct net_publish *port)
{
	for (size_t i = 0; i < n->n_publish; i++)
		if (net_publish_overlaps(&n->publish[i], port))
			return &n->publish[i];
	return NULL;
}

/* A program of the host's would not hear of its port any more. Ports that are the zone's already
 * are not asked for again. */
static int check_listeners(const struct net_publish *p, struct error *err)
{
	struct listener l = { 0 };
	struct net_publish port = *p;
	AUTO_FREE char *name = NULL;
	int found = listener_find(p, &l, err);

	if (found <= 0)
		return found;
	port.host_port = l.port;
	port.count = 1;
	name = net_publish_name(&port);
	if (l.pid == 0)
		return error_set(err, ERR_EXISTS, "publish: %s is taken on this host", name);
	return error_set(err, ERR_EXISTS, "publish: %s is taken by '%s', process %d of this host",
			 name, l.comm, (int)l.pid);
}

/* One claim of anybody's: in the way, or not, or left over. */
static int look_at(void *arg, const char *claim, struct error *err)
{
	struct taking *t = arg;
	char owner[ZONE_NAME_MAX + 1];
	struct net_publish port;
	AUTO_FREE char *name = NULL;

	if (parse_port(claim, &port) < 0 || !overlapped(t->n, &port))
		return 0;
	claim_owner(&t->claims, claim, owner);
	if (strcmp(owner, t->zone) == 0)
		return 0;
	if (!claim_is_held(&t->claims, claim, owner))
		return claim_drop(&t->claims, claim, err);
	name = net_publish_name(&port);
	return error_set(err, ERR_EXISTS, "publish: %s leads to zone \"%s\"", name, owner);
}

static bool is_new(const struct taking *t, const struct net_publish *p)
{
	char text[PORT_TEXT_MAX];

	for (uint16_t i = 0; i < p->count; i++) {
		port_text(p, i, text);
		if (strv_has(t->new, text))
			return true;
	}
	return false;
}

static int take_all(struct taking *t, struct error *err)
{
	AUTO_STRV char **list = claimed(t->n);

	/* Whatever has another address is another claim, so all of them are looked at. */
	if (claims_lock(&t->claims, err) < 0 ||
	    claims_each(&t->claims, look_at, t, err) < 0)
		return -1;
	for (char **claim = list; claim && *claim; claim++) {
		int taken = claim_try(&t->claims, *claim, t->zone, err);

		if (taken < 0)
			return -1;
		if (taken == 1)
			strv_add(&t->new, *claim);
	}
	for (size_t i = 0; t->new && i < t->n->n_publish; i++)
		if (is_new(t, &t->n->publish[i]) &&
		    check_listeners(&t->n->publish[i], err) < 0)
			return -1;
	return 0;
}

int ports_take(struct site *site, const char *zone, const struct net_config *n,
	       struct error *err)
{
	struct taking t = { .zone = zone, .n = n };
	int status;

	if (n->n_publish == 0)
		return 0;
	if (ports_open(&t.claims, site, err) < 0)
		return -1;
	status = take_all(&t, err);
	for (char **claim = t.new; status < 0 && claim && *claim; claim++)
		(void)claim_give(&t.claims, *claim, zone, &(struct error){ 0 });
	claims_close(&t.claims);
	strv_clear(&t.new);
	return status;
}

struct asking {
	struct claims claims;
	const struct net_config *n;
	bool (*is_passed)(const void *arg, const char *zone);
	const void *arg;
	char *owner;			/* borrowed */
};

static int ask(void *arg, const char *claim, struct error *err)
{
	struct asking *a = arg;
	struct net_publish port;

	(void)err;	/* what can't be read is in nobody's way */
	if (parse_port(claim, &port) < 0 || !overlapped(a->n, &port))
		return 0;
	claim_owner(&a->claims, claim, a->owner);
	return *a->owner && !a->is_passed(a->arg, a->owner) &&
	       claim_is_held(&a->claims, claim, a->owner);
}

int ports_holder(struct site *site, const struct net_config *n,
		 bool (*is_passed)(const void *arg, const char *zone), const void *arg,
		 char owner[ZONE_NAME_MAX + 1], struct error *err)
{
	struct asking a = { .n = n, .is_passed = is_passed, .arg = arg, .owner = owner };
	int found;

	if (n->n_publish == 0)
		return 0;
	if (ports_open(&a.claims, site, err) < 0)
		return -1;
	found = claims_each(&a.claims, ask, &a, err);
	claims_close(&a.claims);
	return found;
}

int ports_give(struct site *site, const struct zone_config *from, const struct zone_config *kept,
	       struct error *err)
{
	AUTO_STRV char **list = ports_claimed(from);
	AUTO_STRV char **stay = ports_claimed(kept);
	struct claims claims;
	int status = 0;

	if (!list)
		return 0;
	if (ports_open(&claims, site, err) < 0)
		return -1;
	for (char **claim = list; *claim && status == 0; claim++)
		if (!strv_has(stay, *claim))
			status = claim_give(&claims, *claim, from->name, err);
	claims_close(&claims);
	return status;
}

int ports_give_all(struct site *site, const char *zone, const struct zone_config *kept,
		   struct error *err)
{
	struct claims claims;
	int status;

	if (ports_open(&claims, site, err) < 0)
		return -1;
	status = claims_give_all(&claims, zone, kept, err);
	claims_close(&claims);
	return status;
}
