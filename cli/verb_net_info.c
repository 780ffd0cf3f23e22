/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb_net.h"
#include "runtime/address.h"

static void json_address(struct json_out *o, const char *key, const struct net_addr *a)
{
	char text[ADDRESS_TEXT_MAX];

	json_out_str(o, key, a->family ? address_prefix_text(a, text) : NULL);
}

/*
 * A zone
 */

/* "" for none. */
static const char *gateway_text(const struct nic *nic, uint8_t family, char buf[ADDRESS_TEXT_MAX])
{
	const struct net_addr *given = family == AF_INET ? &nic->gateway4 : &nic->gateway6;

	if (nic->kind != NIC_ROUTED)
		return address_text(given, buf);
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].family == family)
			return address_text(family == AF_INET ? &net_gateway4 : &net_gateway6, buf);
	return "";
}

static void json_gateway(struct json_out *o, const char *key, const struct nic *nic,
			 uint8_t family)
{
	char text[ADDRESS_TEXT_MAX];
	const char *gateway = gateway_text(nic, family, text);

	json_out_str(o, key, *gateway ? gateway : NULL);
}

static void json_nic(struct json_out *o, const struct net_facts *f, size_t i)
{
	const struct nic *nic = &f->network.nics[i];
	AUTO_STRV char **addresses = net_facts_addresses(nic);
	AUTO_STR struct str net = { 0 };
	char text[ADDRESS_TEXT_MAX];

	net_facts_kind(nic, &net);
	json_out_object(o, NULL);
	json_out_str(o, "interface", nic->name);
	json_out_str(o, "net", str_text(&net));
	json_out_strv(o, "addresses", addresses);
	json_out_str(o, "host_link", net_facts_link(f, i));
	json_out_str(o, "mac", address_mac_text(nic->mac, text));
	json_gateway(o, "gateway4", nic, AF_INET);
	json_gateway(o, "gateway6", nic, AF_INET6);
	json_out_u64(o, "net_in_bytes_per_second", nic->rate_in);
	json_out_u64(o, "net_out_bytes_per_second", nic->rate_out);
	json_out_end_object(o);
}

static void json_stats(struct json_out *o, const struct net_stats *s)
{
	json_out_object(o, "counters");
	json_out_u64(o, "in4_bytes", s->in4.bytes);
	json_out_u64(o, "in4_packets", s->in4.packets);
	json_out_u64(o, "out4_bytes", s->out4.bytes);
	json_out_u64(o, "out4_packets", s->out4.packets);
	json_out_u64(o, "in6_bytes", s->in6.bytes);
	json_out_u64(o, "in6_packets", s->in6.packets);
	json_out_u64(o, "out6_bytes", s->out6.bytes);
	json_out_u64(o, "out6_packets", s->out6.packets);
	json_out_u64(o, "dropped_packets", s->dropped);
	json_out_end_object(o);
}

static void json_zone(struct json_out *o, const struct net_facts *f)
{
	json_out_object(o, NULL);
	json_out_str(o, "zone", f->zone.name);
	json_out_bool(o, "running", f->is_up);
	json_out_array(o, "interfaces");
	for (size_t i = 0; i < f->network.plan.n_nics; i++)
		json_nic(o, f, i);
	json_out_end_array(o);
	json_out_strv(o, "publish", f->zone.config.publish);
	json_out_strv(o, "nameservers", f->network.nameservers);
	json_out_strv(o, "search", f->network.search);
	if (f->has_stats)
		json_stats(o, &f->stats);
	else
		json_out_null(o, "counters");
	json_out_end_object(o);
}

static void line(struct cli *cli, const char *key, const char *value)
{
	out_print(cli, "%-16s ", key);
	out_safe(cli, value && *value ? value : "-");
	out_print(cli, "\n");
}

static void list_line(struct cli *cli, const char *key, char *const *list)
{
	AUTO_FREE char *text = strv_join(list, " ");

	line(cli, key, text);
}

static void print_nic(struct cli *cli, const struct net_facts *f, size_t i)
{
	const struct nic *nic = &f->network.nics[i];
	AUTO_STRV char **addresses = net_facts_addresses(nic);
	AUTO_STR struct str net = { 0 };
	char text[ADDRESS_TEXT_MAX], rate[NUM_TEXT_MAX];

	out_print(cli, "\n%s\n", nic->name);
	net_facts_kind(nic, &net);
	line(cli, "  net", str_text(&net));
	list_line(cli, "  addresses", addresses);
	line(cli, "  mac", address_mac_text(nic->mac, text));
	line(cli, "  on the host", net_facts_link(f, i));
	line(cli, "  IPv4 gateway", gateway_text(nic, AF_INET, text));
	line(cli, "  IPv6 gateway", gateway_text(nic, AF_INET6, text));
	if (nic->rate_in)
		line(cli, "  net-in", num_rate_text(nic->rate_in, rate));
	if (nic->rate_out)
		line(cli, "  net-out", num_rate_text(nic->rate_out, rate));
}

static void count_line(struct cli *cli, const char *key, const struct net_count *c)
{
	char text[NUM_TEXT_MAX];

	out_print(cli, "%-16s %s in %llu packets\n", key, num_size_human(c->bytes, text),
		  (unsigned long long)c->packets);
}

static void print_zone(struct cli *cli, const struct net_facts *f)
{
	line(cli, "zone", f->zone.name);
	line(cli, "running", f->is_up ? "yes" : "no");
	list_line(cli, "publish", f->zone.config.publish);
	list_line(cli, "nameservers", f->network.nameservers);
	list_line(cli, "search", f->network.search);
	if (f->has_stats) {
		count_line(cli, "in, IPv4", &f->stats.in4);
		count_line(cli, "out, IPv4", &f->stats.out4);
		count_line(cli, "in, IPv6", &f->stats.in6);
		count_line(cli, "out, IPv6", &f->stats.out6);
		out_print(cli, "%-16s %llu packets\n", "dropped",
			  (unsigned long long)f->stats.dropped);
	}
	for (size_t i = 0; i < f->network.plan.n_nics; i++)
		print_nic(cli, f, i);
}

static int show_zone(struct cli *cli, const char *name, struct error *err)
{
	struct network_link *links = NULL;
	struct net_facts f = { 0 };
	size_t n = 0;
	int status = network_links(&cli->site, &links, &n, err);

	f.links = links;
	f.n_links = n;
	if (status == 0)
		status = net_facts_read(&f, cli, name, err);
	if (status == 0 && cli->is_json)
		json_zone(&cli->json, &f);
	else if (status == 0)
		print_zone(cli, &f);
	if (status == 0)
		net_facts_clear(&f);
	free(links);
	return status;
}

/*
 * A pool
 */

static void json_pool(struct json_out *o, const struct net_pool *p,
		      const struct network_holder *list, size_t n)
{
	char text[ADDRESS_TEXT_MAX];

	json_out_object(o, NULL);
	json_out_str(o, "pool", p->name);
	json_address(o, "ipv4", &p->net4);
	json_address(o, "ipv6", &p->net6);
	json_out_str(o, "device", *p->device ? p->device : NULL);
	json_out_bool(o, "isolate", p->is_isolated);
	json_out_bool(o, "masquerade", !p->is_unmasked);
	json_out_bool(o, "announce", p->is_announced);
	json_out_array(o, "holders");
	for (size_t i = 0; i < n; i++) {
		json_out_object(o, NULL);
		json_out_str(o, "address", address_text(&list[i].addr, text));
		json_out_str(o, "zone", list[i].zone);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_end_object(o);
}

static void print_pool(struct cli *cli, const struct net_pool *p,
		       const struct network_holder *list, size_t n)
{
	char text[ADDRESS_TEXT_MAX];

	line(cli, "pool", p->name);
	line(cli, "ipv4", address_prefix_text(&p->net4, text));
	line(cli, "ipv6", address_prefix_text(&p->net6, text));
	line(cli, "device", p->device);
	line(cli, "isolate", p->is_isolated ? "yes" : "no");
	line(cli, "masquerade", p->is_unmasked ? "no" : "yes");
	line(cli, "announce", p->is_announced ? "yes" : "no");
	out_print(cli, "%-16s %zu\n", "taken", n);
	for (size_t i = 0; i < n; i++) {
		out_print(cli, "  %-40s ", address_text(&list[i].addr, text));
		out_safe(cli, list[i].zone);
		out_print(cli, "\n");
	}
}

static int show_pool(struct cli *cli, const struct net_pool *pool, struct error *err)
{
	struct network_holder *list = NULL;
	size_t n = 0;

	if (network_holders(&cli->site, pool, &list, &n, err) < 0)
		return -1;
	if (cli->is_json)
		json_pool(&cli->json, pool, list, n);
	else
		print_pool(cli, pool, list, n);
	free(list);
	return 0;
}

/* A name that a zone and a pool share shows both. */
static int show(struct cli *cli, const char *name, struct error *err)
{
	const struct net_pool *pool = pools_find(&cli->site.config.pools, name);
	struct error ignored = { 0 };
	bool is_zone = zone_name_check(name, &ignored) == 0 && zone_exists(&cli->site, name);

	if (!pool && !is_zone) {
		error_set(err, ERR_NOT_FOUND, "no zone and no pool \"%s\"", name);
		return error_hint(err, "try: zonectl list -a");
	}
	if (is_zone && show_zone(cli, name, err) < 0)
		return -1;
	if (is_zone && pool && !cli->is_json)
		out_print(cli, "\n");
	return pool ? show_pool(cli, pool, err) : 0;
}

int verb_net_info(struct cli *cli, struct error *err)
{
	size_t failed = 0, n = strv_len(cli->opts.operands);

	if (cli_site(cli, err) < 0)
		return -1;
	if (cli->is_json)
		json_out_array(&cli->json, NULL);
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (i > 0 && !cli->is_json)
			out_print(cli, "\n");
		if (show(cli, cli->opts.operands[i], &why) == 0)
			continue;
		if (n == 1) {
			*err = why;
			cli->subject = cli->opts.operands[0];
			return -1;
		}
		cli_report(cli, cli->opts.operands[i], &why);
		failed++;
	}
	if (cli->is_json)
		json_out_end_array(&cli->json);
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}
