/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/setup_net.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

static const char mark[] = "# Written by zonectl from the zone's properties.\n";

struct dialect {
	const char *name;
	const char *sign;		/* what is there when the tool is; links resolve */
	void (*write)(struct guest *g, const struct net_plan *plan);
};

struct interfaces {
	const struct net_plan *plan;
	const char *own;
};

static char *change_interfaces(const char *old, void *arg)
{
	static const char loopback[] = "auto lo\niface lo inet loopback\n\n";
	const struct interfaces *i = arg;
	AUTO_FREE char *theirs = setup_text_block(old, "");
	AUTO_FREE char *rest = setup_net_interfaces(theirs, i->plan);
	AUTO_FREE char *whole = NULL;

	if (!strstr(rest, "iface lo "))
		whole = xasprintf("%s%s", loopback, rest);
	return setup_text_block(whole ? whole : rest, i->own);
}

static void write_ifupdown(struct guest *g, const struct net_plan *plan)
{
	AUTO_STR struct str own = { 0 };
	struct interfaces i = { .plan = plan };

	for (size_t n = 0; n < plan->n_nics; n++)
		if (setup_net_is_ours(&plan->nics[n]))
			setup_net_ifupdown(&plan->nics[n], &own);
	i.own = str_text(&own);
	guest_edit(g, "etc/network/interfaces", 0644, change_interfaces, &i);
}

/* A name that sorts before those of the distribution and of netplan: the first match counts
 * (systemd.network(5)). */
static void write_networkd(struct guest *g, const struct net_plan *plan)
{
	for (size_t n = 0; n < plan->n_nics; n++) {
		AUTO_FREE char *path = xasprintf("etc/systemd/network/05-zonectl-%s.network",
						 plan->nics[n].name);
		AUTO_STR struct str text = { 0 };

		if (!setup_net_is_ours(&plan->nics[n]))
			continue;
		str_add(&text, mark);
		setup_net_networkd(&plan->nics[n], &text);
		guest_write(g, path, 0644, str_text(&text));
	}
}

/* Left alone by both ways there are, old and new (NetworkManager.conf(5)), and so is resolv.conf,
 * which it would else write anew, empty. */
static void write_manager(struct guest *g, const struct net_plan *plan)
{
	AUTO_STR struct str text = { 0 };
	AUTO_STR struct str match = { 0 };

	for (size_t n = 0; n < plan->n_nics; n++)
		if (setup_net_is_ours(&plan->nics[n]))
			str_addf(&match, "%sinterface-name:%s", match.len > 0 ? "," : "",
				 plan->nics[n].name);
	if (match.len == 0)
		return;
	str_addf(&text, "%s[main]\ndns=none\n\n[keyfile]\nunmanaged-devices+=%s\n\n"
		 "[device-zonectl]\nmatch-device=%s\nmanaged=0\n", mark, str_text(&match),
		 str_text(&match));
	guest_write(g, "etc/NetworkManager/conf.d/zonectl.conf", 0644, str_text(&text));
}

static void write_ifcfg_one(struct guest *g, const struct nic *nic)
{
	static const struct { const char *name; int family; } routes[] = {
		{ "route", AF_INET }, { "route6", AF_INET6 },
	};
	AUTO_FREE char *path = xasprintf("etc/sysconfig/network-scripts/ifcfg-%s", nic->name);
	AUTO_STR struct str text = { 0 };

	str_add(&text, mark);
	setup_net_ifcfg(nic, &text);
	guest_write(g, path, 0644, str_text(&text));
	for (size_t i = 0; i < N_ROWS(routes); i++) {
		AUTO_FREE char *file = xasprintf("etc/sysconfig/network-scripts/%s-%s",
						 routes[i].name, nic->name);
		AUTO_STR struct str lines = { 0 };

		str_add(&lines, mark);
		setup_net_ifcfg_routes(nic, routes[i].family, &lines);
		guest_write(g, file, 0644, str_text(&lines));
	}
}

static void write_ifcfg(struct guest *g, const struct net_plan *plan)
{
	for (size_t n = 0; n < plan->n_nics; n++)
		if (setup_net_is_ours(&plan->nics[n]))
			write_ifcfg_one(g, &plan->nics[n]);
}

static void write_wicked(struct guest *g, const struct net_plan *plan)
{
	for (size_t n = 0; n < plan->n_nics; n++) {
		const struct nic *nic = &plan->nics[n];
		AUTO_FREE char *file = xasprintf("etc/sysconfig/network/ifcfg-%s", nic->name);
		AUTO_FREE char *routes = xasprintf("etc/sysconfig/network/ifroute-%s", nic->name);
		AUTO_STR struct str text = { 0 };
		AUTO_STR struct str lines = { 0 };

		if (!setup_net_is_ours(nic))
			continue;
		str_add(&text, mark);
		setup_net_wicked(nic, &text);
		guest_write(g, file, 0600, str_text(&text));
		str_add(&lines, mark);
		setup_net_wicked_routes(nic, &lines);
		guest_write(g, routes, 0600, str_text(&lines));
	}
}

static char *change_block(const char *old, void *arg)
{
	return setup_text_block(old, arg);
}

static void write_netifrc(struct guest *g, const struct net_plan *plan)
{
	AUTO_STR struct str own = { 0 };

	for (size_t n = 0; n < plan->n_nics; n++)
		if (setup_net_is_ours(&plan->nics[n]))
			setup_net_netifrc(&plan->nics[n], &own);
	guest_edit(g, "etc/conf.d/net", 0644, change_block, (void *)str_text(&own));
}

static void write_dhcpcd(struct guest *g, const struct net_plan *plan)
{
	AUTO_STR struct str own = { 0 };

	for (size_t n = 0; n < plan->n_nics; n++)
		if (setup_net_is_ours(&plan->nics[n]))
			str_addf(&own, "denyinterfaces %s\n", plan->nics[n].name);
	guest_edit(g, "etc/dhcpcd.conf", 0644, change_block, (void *)str_text(&own));
}

static void write_cloud_init(struct guest *g, const struct net_plan *plan)
{
	/* It would write a DHCP client's files for whatever interface it finds. */
	if (plan->n_nics == 0 || !setup_net_is_ours(&plan->nics[0]))
		return;
	guest_write(g, "etc/cloud/cloud.cfg.d/99-zonectl.cfg", 0644,
		    "# Written by zonectl from the zone's properties.\n"
		    "network: {config: disabled}\n");
}

/* Every tool that is there is told, as which of them runs may change. netplan writes for networkd
 * or NetworkManager, below /run, and what those are told here comes before it. */
/* clang-format off */
static const struct dialect dialects[] = {
	{ "ifupdown",       "etc/network/interfaces",            write_ifupdown },
	{ "networkd",       "lib/systemd/systemd-networkd",      write_networkd },
	{ "NetworkManager", "etc/NetworkManager",                write_manager },
	{ "initscripts",    "etc/sysconfig/network-scripts/ifup", write_ifcfg },
	{ "wicked",         "etc/wicked",                        write_wicked },
	{ "netifrc",        "etc/init.d/net.lo",                 write_netifrc },
	{ "dhcpcd",         "etc/dhcpcd.conf",                   write_dhcpcd },
	{ "cloud-init",     "etc/cloud/cloud.cfg.d",             write_cloud_init },
};
/* clang-format on */

void setup_network(struct guest *g)
{
	static const struct net_plan none;
	const struct net_plan *plan = g->setup->net ? g->setup->net : &none;

	for (size_t i = 0; i < N_ROWS(dialects); i++)
		if (guest_has(g, dialects[i].sign))
			dialects[i].write(g, plan);
}
