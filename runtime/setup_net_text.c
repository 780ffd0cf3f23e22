/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/net.h"
#include "runtime/setup_net.h"
#include "runtime/setup_text.h"

#define OFF "#zonectl# "

bool setup_net_is_ours(const struct nic *nic)
{
	return nic->n_addrs > 0;
}

static const char *address(const struct net_addr *a, char out[INET6_ADDRSTRLEN])
{
	return inet_ntop(a->family, a->ip, out, INET6_ADDRSTRLEN) ? out : "";
}

static const struct net_addr *first_of(const struct nic *nic, int family)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].family == family)
			return &nic->addrs[i];
	return NULL;
}

const char *setup_net_gateway(const struct nic *nic, int family, char out[INET6_ADDRSTRLEN])
{
	const struct net_addr *given = family == AF_INET ? &nic->gateway4 : &nic->gateway6;

	if (given->family != 0)
		return address(given, out);
	if (nic->kind != NIC_ROUTED || !first_of(nic, family))
		return strcpy(out, "");
	return address(family == AF_INET ? &net_gateway4 : &net_gateway6, out);
}

/* "manual", and commands that also succeed where all is there already, as it is at boot: "static"
 * fails then, with Debian's and with busybox's ifup. An old ip(8) of busybox has no "replace". */
void setup_net_ifupdown(const struct nic *nic, struct str *out)
{
	static const int families[] = { AF_INET, AF_INET6 };
	char text[INET6_ADDRSTRLEN];

	str_addf(out, "auto %s\niface %s inet manual\n", nic->name, nic->name);
	str_addf(out, "\tup ip link set dev %s up\n", nic->name);
	for (size_t i = 0; i < nic->n_addrs; i++)
		str_addf(out, "\tup ip addr add %s/%u dev %s 2>/dev/null || true\n",
			 address(&nic->addrs[i], text), nic->addrs[i].prefix, nic->name);
	for (size_t i = 0; i < N_ROWS(families); i++) {
		if (!*setup_net_gateway(nic, families[i], text))
			continue;
		str_addf(out, "\tup ip %sroute add default via %s dev %s onlink "
			 "2>/dev/null || true\n",
			 families[i] == AF_INET ? "" : "-6 ", text, nic->name);
	}
}

/* networkd adopts what is there, and keeps it when it ends. */
void setup_net_networkd(const struct nic *nic, struct str *out)
{
	static const int families[] = { AF_INET, AF_INET6 };
	char text[INET6_ADDRSTRLEN];

	str_addf(out, "[Match]\nName=%s\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\n", nic->name);
	/* Else it adds one of its own, and is not done before nobody objects to that. */
	if (nic->kind == NIC_ROUTED)
		str_add(out, "LinkLocalAddressing=no\n");
	str_add(out, "KeepConfiguration=yes\n");
	for (size_t i = 0; i < nic->n_addrs; i++)
		str_addf(out, "Address=%s/%u\n", address(&nic->addrs[i], text),
			 nic->addrs[i].prefix);
	for (size_t i = 0; i < N_ROWS(families); i++) {
		const struct net_addr *source = first_of(nic, families[i]);

		if (!*setup_net_gateway(nic, families[i], text))
			continue;
		str_addf(out, "\n[Route]\nGateway=%s\nGatewayOnLink=yes\n", text);
		if (source)
			str_addf(out, "PreferredSource=%s\n", address(source, text));
	}
}

/* initscripts of RHEL up to 8; a NetworkManager that reads it leaves the interface alone. */
void setup_net_ifcfg(const struct nic *nic, struct str *out)
{
	const struct net_addr *first6 = first_of(nic, AF_INET6);
	char text[INET6_ADDRSTRLEN];
	unsigned int n = 0;
	bool has_more = false;

	str_addf(out, "DEVICE=%s\nTYPE=Ethernet\nONBOOT=yes\nBOOTPROTO=none\nNM_CONTROLLED=no\n"
		 "ARPCHECK=no\n", nic->name);
	for (size_t i = 0; i < nic->n_addrs; i++) {
		const struct net_addr *a = &nic->addrs[i];

		if (a->family != AF_INET)
			continue;
		str_addf(out, "IPADDR%u=%s\nPREFIX%u=%u\n", n, address(a, text), n, a->prefix);
		n++;
	}
	if (!first6)
		return;
	str_addf(out, "IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=%s/%u\n", address(first6, text),
		 first6->prefix);
	for (const struct net_addr *a = first6 + 1; a < nic->addrs + nic->n_addrs; a++) {
		if (a->family != AF_INET6)
			continue;
		str_addf(out, "%s%s/%u", has_more ? " " : "IPV6ADDR_SECONDARIES=\"",
			 address(a, text), a->prefix);
		has_more = true;
	}
	str_add(out, has_more ? "\"\n" : "");
}

void setup_net_ifcfg_routes(const struct nic *nic, int family, struct str *out)
{
	char text[INET6_ADDRSTRLEN];

	if (*setup_net_gateway(nic, family, text))
		str_addf(out, "default via %s dev %s onlink\n", text, nic->name);
}

void setup_net_wicked(const struct nic *nic, struct str *out)
{
	char text[INET6_ADDRSTRLEN];

	str_add(out, "STARTMODE='auto'\nBOOTPROTO='static'\n");
	for (size_t i = 0; i < nic->n_addrs; i++) {
		str_add(out, "IPADDR");
		if (i > 0)
			str_addf(out, "_%zu", i);
		str_addf(out, "='%s/%u'\n", address(&nic->addrs[i], text), nic->addrs[i].prefix);
	}
}

/* Destination, gateway, netmask, interface; the gateway has a route of its own. */
void setup_net_wicked_routes(const struct nic *nic, struct str *out)
{
	char text[INET6_ADDRSTRLEN];

	if (*setup_net_gateway(nic, AF_INET, text))
		str_addf(out, "%s/32 - - %s\ndefault %s - %s\n", text, nic->name, text, nic->name);
	if (*setup_net_gateway(nic, AF_INET6, text))
		str_addf(out, "default %s - %s\n", text, nic->name);
}

/* Names of variables have '_' for what a name of the shell can't hold. */
static void add_variable(const struct nic *nic, const char *prefix, struct str *out)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789";

	str_add(out, prefix);
	for (const char *at = nic->name; *at; at++)
		str_addc(out, strchr(allowed, *at) ? *at : '_');
	str_add(out, "=\"");
}

void setup_net_netifrc(const struct nic *nic, struct str *out)
{
	static const int families[] = { AF_INET, AF_INET6 };
	char text[INET6_ADDRSTRLEN];
	const char *between = "";

	add_variable(nic, "config_", out);
	for (size_t i = 0; i < nic->n_addrs; i++)
		str_addf(out, "%s%s/%u", i == 0 ? "" : "\n", address(&nic->addrs[i], text),
			 nic->addrs[i].prefix);
	str_add(out, "\"\n");
	add_variable(nic, "routes_", out);
	for (size_t i = 0; i < N_ROWS(families); i++) {
		if (!*setup_net_gateway(nic, families[i], text))
			continue;
		str_addf(out, "%sdefault via %s onlink", between, text);
		between = "\n";
	}
	str_add(out, "\"\n");
}

static bool is_our_name(const struct net_plan *plan, const struct line *name)
{
	for (size_t i = 0; i < plan->n_nics; i++)
		if (setup_net_is_ours(&plan->nics[i]) && line_is(name, plan->nics[i].name))
			return true;
	return false;
}

/* interfaces(5): what begins a stanza; all others are of the one above them. */
static bool is_stanza(const struct line *word)
{
	static const char *const begins[] = {
		"iface", "mapping", "auto", "source", "source-directory", "rename", "no-auto-down",
		"no-scripts", "template",
	};

	for (size_t i = 0; i < N_ROWS(begins); i++)
		if (line_is(word, begins[i]))
			return true;
	return word->len > 6 && memcmp(word->text, "allow-", 6) == 0;
}

/* "auto lo eth0" without our names; false where nothing is left of it. */
static bool add_rest(const struct line *l, const struct net_plan *plan, struct str *out)
{
	size_t n = 1, n_left = 0;
	struct line word = line_word(l, 0);

	str_addn(out, word.text, word.len);
	for (word = line_word(l, n); word.len > 0; word = line_word(l, ++n)) {
		if (is_our_name(plan, &word))
			continue;
		str_addf(out, " %.*s", (int)word.len, word.text);
		n_left++;
	}
	str_addc(out, '\n');
	return n_left > 0;
}

static bool is_list(const struct line *word)
{
	return line_is(word, "auto") || (word->len > 6 && memcmp(word->text, "allow-", 6) == 0);
}

static void add_line(const struct line *l, bool is_off, struct str *out)
{
	str_addf(out, "%s%.*s\n", is_off ? OFF : "", (int)l->len, l->text);
}

char *setup_net_interfaces(const char *text, const struct net_plan *plan)
{
	struct str out = { 0 };
	bool is_off = false;
	struct line l;

	while (line_next(&text, &l)) {
		struct line word = line_word(&l, 0), name = line_word(&l, 1);
		AUTO_STR struct str rest = { 0 };

		if (is_list(&word)) {
			is_off = false;
			if (add_rest(&l, plan, &rest))
				str_add(&out, str_text(&rest));
			else
				add_line(&l, true, &out);
			continue;
		}
		if (is_stanza(&word))
			is_off = line_is(&word, "iface") && is_our_name(plan, &name);
		add_line(&l, is_off && word.len > 0 && *word.text != '#', &out);
	}
	return str_take(&out);
}
