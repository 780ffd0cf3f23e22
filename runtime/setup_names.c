/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the zone is called, and whom it asks for names. */
#include <arpa/inet.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

/* machine-id(5): the UUID without dashes, and a newline. Only systemd makes one up where it is
 * missing; others get one where the template had one, empty or not. */
void setup_machine_id(struct guest *g)
{
	AUTO_STR struct str text = { 0 };
	bool has_systemd = strcmp(g->setup->init_kind, "systemd") == 0;

	if (!has_systemd && guest_look(g, "etc/machine-id") == GUEST_NONE)
		return;
	for (const char *at = g->setup->uuid; *at; at++)
		if (*at != '-')
			str_addc(&text, *at);
	str_addc(&text, '\n');
	guest_write(g, "etc/machine-id", 0444, str_text(&text));
}

/* "10.0.0.5	web1.example web1" */
static void add_host(const struct setup *s, const char *address, struct str *out)
{
	size_t n = strcspn(s->hostname, ".");

	str_addf(out, "%s\t%s", address, s->hostname);
	if (s->hostname[n])
		str_addf(out, " %.*s", (int)n, s->hostname);
	str_addc(out, '\n');
}

static void own_hosts(const struct setup *s, struct str *out)
{
	bool has_address = false;

	for (size_t i = 0; s->net && i < s->net->n_nics; i++) {
		const struct nic *nic = &s->net->nics[i];

		for (size_t k = 0; k < nic->n_addrs; k++) {
			char text[INET6_ADDRSTRLEN];

			if (!inet_ntop(nic->addrs[k].family, nic->addrs[k].ip, text, sizeof(text)))
				continue;
			add_host(s, text, out);
			has_address = true;
		}
	}
	/* As Debian does for a host without a lasting address. */
	if (!has_address)
		add_host(s, "127.0.1.1", out);
}

static bool has_localhost(const char *text)
{
	struct line l;

	while (line_next(&text, &l)) {
		struct line address = line_word(&l, 0);

		for (size_t n = 1; line_is(&address, "127.0.0.1"); n++) {
			struct line word = line_word(&l, n);

			if (word.len == 0)
				break;
			if (line_is(&word, "localhost"))
				return true;
		}
	}
	return false;
}

static char *change_hosts(const char *old, void *arg)
{
	static const char localhost[] = "127.0.0.1\tlocalhost\n"
					"::1\tlocalhost ip6-localhost ip6-loopback\n";
	AUTO_FREE char *whole = NULL;
	AUTO_STR struct str own = { 0 };
	const struct setup *s = arg;

	own_hosts(s, &own);
	if (!has_localhost(old))
		whole = xasprintf("%s%s", localhost, old);
	return setup_text_block(whole ? whole : old, str_text(&own));
}

void setup_hosts(struct guest *g)
{
	struct setup s = *g->setup;

	guest_edit(g, "etc/hosts", 0644, change_hosts, &s);
}

static char *change_peers(const char *old, void *arg)
{
	return setup_text_peers(old, arg);
}

/* Of a link, and of what else is no file, SETUP_HOSTS has warned at the last boot that had its own
 * lines to write. */
void setup_peers(struct guest *g)
{
	AUTO_FREE char *peers = xstrdup(g->setup->peers ? g->setup->peers : "");
	enum guest_kind kind = guest_look(g, "etc/hosts");

	if (kind == GUEST_FILE || kind == GUEST_NONE)
		guest_edit(g, "etc/hosts", 0644, change_peers, peers);
}

/* By the links that "systemctl enable" makes. */
static bool has_resolved(struct guest *g)
{
	static const char *const links[] = {
		"etc/systemd/system/dbus-org.freedesktop.resolve1.service",
		"etc/systemd/system/multi-user.target.wants/systemd-resolved.service",
		"etc/systemd/system/sysinit.target.wants/systemd-resolved.service",
	};

	for (size_t i = 0; i < N_ROWS(links); i++)
		if (guest_look(g, links[i]) != GUEST_NONE)
			return true;
	return false;
}

static void add_words(struct str *out, const char *name, char *const *list)
{
	if (!list)
		return;
	str_add(out, name);
	for (; *list; list++)
		str_addf(out, " %s", *list);
	str_addc(out, '\n');
}

static void write_resolved(struct guest *g)
{
	AUTO_STR struct str text = { 0 };

	str_add(&text, "# Written by zonectl from the zone's properties.\n[Resolve]\n");
	add_words(&text, "DNS=", g->setup->nameservers);
	add_words(&text, "Domains=", g->setup->search);
	guest_write(g, "etc/systemd/resolved.conf.d/zonectl.conf", 0644, str_text(&text));
}

static void add_resolv(const struct setup *s, struct str *out)
{
	add_words(out, "search", s->search);
	for (char *const *n = s->nameservers; n && *n; n++)
		str_addf(out, "nameserver %s\n", *n);
}

static char *change_block(const char *old, void *arg)
{
	return setup_text_block(old, arg);
}

/* Who writes resolv.conf in the zone is told where he reads; where nobody does, it is a file. */
void setup_resolver(struct guest *g)
{
	static const char base[] = "etc/resolvconf/resolv.conf.d/base";
	AUTO_FREE char *target = guest_target(g, "etc/resolv.conf");
	AUTO_STR struct str servers = { 0 };
	AUTO_STR struct str whole = { 0 };

	add_resolv(g->setup, &servers);
	if (strstr(target, "systemd/resolve/") && has_resolved(g)) {
		write_resolved(g);
		return;
	}
	if (strstr(target, "run/resolvconf/") && guest_has(g, "etc/resolvconf/resolv.conf.d")) {
		guest_edit(g, base, 0644, change_block, servers.data);
		return;
	}
	str_addf(&whole, "# Written by zonectl from the zone's properties.\n%s",
		 str_text(&servers));
	guest_write(g, "etc/resolv.conf", 0644, str_text(&whole));
}
