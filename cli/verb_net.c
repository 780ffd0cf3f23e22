/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/table.h"
#include "runtime/address.h"

const struct opt net_list_options[] = {
	{ "all",        'a', NULL,      "all zones, not only those that run" },
	{ "columns",    'o', "COLUMNS", "columns to show, as zone,addresses" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

enum column { ZONE, INTERFACE, NET, ADDRESSES, LINK, RATE_IN, RATE_OUT, PUBLISH, IN, OUT, MAC };

/* clang-format off */
static const struct table_column columns[] = {
	[ZONE] = { "zone", "zone", TABLE_TEXT, true },
	[INTERFACE] = { "interface", "interface", TABLE_TEXT, true },
	[NET] = { "net", "net", TABLE_TEXT, true },
	[ADDRESSES] = { "addresses", "addresses", TABLE_LIST, true },
	[LINK] = { "link", "host_link", TABLE_TEXT, true },
	[RATE_IN] = { "net-in", "net_in_bytes_per_second", TABLE_SIZE, true },
	[RATE_OUT] = { "net-out", "net_out_bytes_per_second", TABLE_SIZE, true },
	[PUBLISH] = { "publish", "publish", TABLE_LIST, true },
	[IN] = { "in", "in_bytes", TABLE_SIZE, true },
	[OUT] = { "out", "out_bytes", TABLE_SIZE, true },
	[MAC] = { "mac", "mac", TABLE_TEXT, false },
};
/* clang-format on */

void net_facts_clear(struct net_facts *f)
{
	network_clear(&f->network);
	zone_close(&f->zone);
}

static int is_running(struct cli *cli, const char *name, bool *out, struct error *err)
{
	struct zone_status status;

	if (zone_status(&status, &cli->site, name, err) < 0)
		return -1;
	*out = ZONE_BIT(status.state) & ZONE_UP;
	zone_status_clear(&status);
	return 0;
}

int net_facts_read(struct net_facts *f, struct cli *cli, const char *name, struct error *err)
{
	struct error ignored = { 0 };

	if (is_running(cli, name, &f->is_up, err) < 0 ||
	    zone_open(&f->zone, &cli->site, name, (enum lock_mode)0, err) < 0)
		return -1;
	if (network_compile(&f->network, &f->zone, err) < 0) {
		zone_close(&f->zone);
		return -1;
	}
	/* A zone that ended just now has no counters, or no more than those written down. */
	f->has_stats = network_stats(&f->zone, f->is_up, &f->stats, &ignored) == 0 ||
		       network_stats(&f->zone, false, &f->stats, &ignored) == 0;
	return 0;
}

static const char *kind_name(enum nic_kind kind)
{
	static const char *const names[] = {
		[NIC_ROUTED] = "routed", [NIC_BRIDGE] = "bridge", [NIC_MACVLAN] = "macvlan",
		[NIC_PHYS] = "phys",
	};

	return names[kind];
}

char **net_facts_addresses(const struct nic *nic)
{
	char text[ADDRESS_TEXT_MAX];
	char **list = NULL;

	for (size_t i = 0; i < nic->n_addrs; i++)
		strv_add(&list, nic->kind == NIC_ROUTED
					? address_text(&nic->addrs[i], text)
					: address_prefix_text(&nic->addrs[i], text));
	return list;
}

const char *net_facts_link(const struct net_facts *f, size_t nic)
{
	const struct nic *n = &f->network.nics[nic];

	if (n->kind == NIC_MACVLAN || n->kind == NIC_PHYS)
		return n->device;
	for (size_t i = 0; f->is_up && i < f->n_links; i++)
		if (f->links[i].nic == nic && strcmp(f->links[i].zone, f->zone.name) == 0)
			return f->links[i].name;
	return NULL;
}

void net_facts_kind(const struct nic *nic, struct str *out)
{
	str_addf(out, "%s%s%s", kind_name(nic->kind), *nic->device ? ":" : "", nic->device);
}

static void add_row(struct table *t, const struct net_facts *f, size_t i)
{
	const struct nic *nic = &f->network.nics[i];
	struct table_cell *row = table_row(t);
	AUTO_STR struct str net = { 0 };
	static const uint8_t none[NET_MAC_LEN];
	char mac[MAC_TEXT_MAX];

	net_facts_kind(nic, &net);
	table_set_text(&row[ZONE], f->zone.name);
	table_set_text(&row[INTERFACE], nic->name);
	table_set_text(&row[NET], str_text(&net));
	row[ADDRESSES].is_set = nic->n_addrs > 0;
	row[ADDRESSES].list = net_facts_addresses(nic);
	table_set_text(&row[LINK], net_facts_link(f, i));
	if (nic->rate_in)
		table_set_number(&row[RATE_IN], nic->rate_in);
	if (nic->rate_out)
		table_set_number(&row[RATE_OUT], nic->rate_out);
	if (memcmp(nic->mac, none, NET_MAC_LEN) != 0)
		table_set_text(&row[MAC], address_mac_text(nic->mac, mac));
	if (i > 0)
		return;
	/* These are the whole zone's, and stand in its first row. */
	row[PUBLISH].is_set = f->zone.config.publish;
	row[PUBLISH].list = strv_copy(f->zone.config.publish);
	if (!f->has_stats)
		return;
	table_set_number(&row[IN], f->stats.in4.bytes + f->stats.in6.bytes);
	table_set_number(&row[OUT], f->stats.out4.bytes + f->stats.out6.bytes);
}

struct listing {
	struct cli *cli;
	struct table table;
	struct network_link *links;	/* owned */
	size_t n_links;
};

static int list_zone(struct listing *l, const char *name, struct error *err)
{
	struct net_facts f = { .links = l->links, .n_links = l->n_links };
	bool is_up, is_named = strv_has(l->cli->opts.operands, name);

	if (is_named && !zone_exists(&l->cli->site, name))
		return names_unknown(name, err);
	if (is_running(l->cli, name, &is_up, err) < 0)
		return -1;
	if (!is_up && !is_named && !opts_has(&l->cli->opts, "all"))
		return 0;
	if (net_facts_read(&f, l->cli, name, err) < 0)
		return -1;
	for (size_t i = 0; i < f.network.plan.n_nics; i++)
		add_row(&l->table, &f, i);
	net_facts_clear(&f);
	return 0;
}

/* The rest are shown when some can't be read. */
static int list_zones(struct listing *l, struct error *err)
{
	size_t n = strv_len(l->cli->names), failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (list_zone(l, l->cli->names[i], &why) == 0)
			continue;
		/* One that is being made or removed, or went meanwhile, is nobody's fault. */
		if (!strv_has(l->cli->opts.operands, l->cli->names[i]) &&
		    (why.kind == ERR_NOT_FOUND || why.kind == ERR_BUSY || why.kind == ERR_STATE))
			continue;
		cli_report(l->cli, l->cli->names[i], &why);
		failed++;
	}
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}

int verb_net_list(struct cli *cli, struct error *err)
{
	struct listing l = { .cli = cli };
	struct error why = { 0 };
	int status;

	table_init(&l.table, columns, N_ROWS(columns));
	if (table_choose(&l.table, opts_value(&cli->opts, "columns"), err) < 0 ||
	    cli_site(cli, err) < 0)
		return -1;
	status = cli->opts.operands
			 ? names_existing(&cli->site, cli->opts.operands, &cli->names, err)
			 : zone_names(&cli->site, &cli->names, err);
	if (status < 0 || network_links(&cli->site, &l.links, &l.n_links, err) < 0)
		return -1;
	status = list_zones(&l, &why);
	free(l.links);
	if (table_sort(&l.table, opts_value(&cli->opts, "sort"), err) == 0)
		table_print(&l.table, cli, !opts_has(&cli->opts, "no-heading"));
	else
		status = -1;
	table_clear(&l.table);
	if (status < 0 && why.kind != ERR_NONE)
		*err = why;
	return status;
}
