/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/resolver.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/address.h"
#include "runtime/net_spec.h"

enum { RESOLV_CONF_MAX = 64 << 10 };

/* The second is where systemd-resolved says what it asks itself, when the first names only its own
 * stub on the loopback. */
static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };

static void add_server(char ***list, const char *text, bool is_host)
{
	char canonical[ADDRESS_TEXT_MAX];
	struct error ignored = { 0 };
	struct net_addr a;

	if (address_parse(text, false, &a, &ignored) < 0)
		return;
	/* What no host has of its own, no other host can ask. */
	if (!is_host && address_check_host(&a, &ignored) < 0)
		return;
	address_text(&a, canonical);
	if (!strv_has(*list, canonical))
		strv_add(list, canonical);
}

static void take_line(char *const *words, bool is_host, char ***nameservers, char ***search)
{
	struct error ignored = { 0 };

	if (!words || !words[1])
		return;
	if (strcmp(words[0], "nameserver") == 0)
		add_server(nameservers, words[1], is_host);
	if (strcmp(words[0], "search") != 0 && strcmp(words[0], "domain") != 0)
		return;
	strv_clear(search);	/* the last such line counts (resolv.conf(5)) */
	for (char *const *word = words + 1; *word; word++)
		if (net_search_check(*word, &ignored) == 0)
			strv_add(search, *word);
}

void resolver_parse(const char *text, bool is_host, char ***nameservers, char ***search)
{
	AUTO_STRV char **lines = strv_split(text, "\n");

	for (char **line = lines; line && *line; line++) {
		AUTO_STRV char **words = NULL;

		(*line)[strcspn(*line, "#;")] = '\0';
		words = strv_split(*line, " \t\r");
		take_line(words, is_host, nameservers, search);
	}
}

static void read_host(bool is_host, char ***nameservers, char ***search)
{
	for (size_t i = 0; i < N_ROWS(files) && !*nameservers; i++) {
		const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
		AUTO_CLOSE int fd = open(files[i], flags); /* host path */
		AUTO_FREE char *text = NULL;
		struct error ignored = { 0 };

		/* A host without one asks nobody, and neither does the zone. */
		if (fd >= 0 && fd_read_all(fd, RESOLV_CONF_MAX, &text, NULL, &ignored) == 0)
			resolver_parse(text, is_host, nameservers, search);
	}
}

void resolver_compile(const struct zone_config *c, bool has_addresses, bool is_host,
		      char ***out_nameservers, char ***out_search)
{
	AUTO_STRV char **nameservers = NULL, **search = NULL;

	if ((has_addresses || is_host) && (!c->nameserver || !c->search))
		read_host(is_host, &nameservers, &search);
	*out_nameservers = c->nameserver ? strv_copy(c->nameserver) : TAKE_PTR(nameservers);
	*out_search = c->search ? strv_copy(c->search) : TAKE_PTR(search);
}
