/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of names and addresses. No system calls. */
#include <string.h>

#include "base/cleanup.h"
#include "runtime/address.h"
#include "runtime/hosts.h"
#include "runtime/setup_text.h"

enum { ZONE_SUFFIX_LEN = sizeof(".zone") - 1 };

/* Looked up before any name server is asked, these would make a zone out of the zone itself. They
 * are found with ".zone" behind them all the same. */
static const char *const own_names[] = {
	"localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost",
	"ip6-loopback", "ip6-allnodes", "ip6-allrouters", "ip6-localnet", "ip6-mcastprefix",
};

static bool is_own_name(const char *name)
{
	for (size_t i = 0; i < N_ROWS(own_names); i++)
		if (strcmp(own_names[i], name) == 0)
			return true;
	return false;
}

/* Takes the next address off *at; false at the end. */
static bool next_address(const char **at, char out[ADDRESS_TEXT_MAX], bool *out_told)
{
	size_t n;

	*at += strspn(*at, " ");
	*out_told = **at != '-';
	*at += !*out_told;
	n = strcspn(*at, " ");
	if (n == 0 || n >= ADDRESS_TEXT_MAX)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	return true;
}

static void add_lines(const struct hosts_entry *e, bool is_host, struct str *out)
{
	const char *at = e->addresses;
	char address[ADDRESS_TEXT_MAX];
	bool is_told;

	while (next_address(&at, address, &is_told)) {
		if (!is_host && !is_told)
			continue;
		str_add(out, address);
		str_addc(out, '\t');
		if (!is_host && !is_own_name(e->name)) {
			str_add(out, e->name);
			str_addc(out, ' ');
		}
		str_add(out, e->name);
		str_add(out, ".zone\n");
	}
}

void hosts_zones_text(const struct hosts_list *l, struct str *out)
{
	for (size_t i = 0; i < l->n; i++)
		add_lines(&l->list[i], false, out);
}

void hosts_host_text(const struct hosts_list *l, struct str *out)
{
	for (size_t i = 0; i < l->n; i++)
		add_lines(&l->list[i], true, out);
}

/* The name that a line of hosts_zones_text() is for: its last word is NAME.zone. */
static struct line line_zone(const struct line *l)
{
	const char *end = l->text + l->len, *at = end;
	size_t n;

	while (at > l->text && at[-1] != ' ' && at[-1] != '\t')
		at--;
	n = (size_t)(end - at);
	return (struct line){ at, n > ZONE_SUFFIX_LEN ? n - ZONE_SUFFIX_LEN : 0 };
}

static int compare(const char *name, const struct line *zone)
{
	int order = strncmp(name, zone->text, zone->len);

	return order != 0 ? order : name[zone->len] != '\0';
}

void hosts_merge(const char *text, const struct hosts_list *changed, struct str *out)
{
	size_t at = 0;
	struct line l;

	while (line_next(&text, &l)) {
		struct line zone = line_zone(&l);

		while (at < changed->n && compare(changed->list[at].name, &zone) < 0)
			add_lines(&changed->list[at++], false, out);
		if (at < changed->n && compare(changed->list[at].name, &zone) == 0)
			continue;	/* its new ones come before the next zone's */
		str_addn(out, l.text, l.len);
		str_addc(out, '\n');
	}
	for (; at < changed->n; at++)
		add_lines(&changed->list[at], false, out);
}
