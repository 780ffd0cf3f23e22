/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an attacker would try: a file that is a link out of the tree, a FIFO that is never written
 * to, a directory, gigabytes of nothing. It is all his own: this runs as his root, in his
 * namespaces, below his "/", and can do nothing that he could not. What is left to him is to make
 * the boot wait, so every file is opened without blocking, looked at first, and read up to a bound.
 * No code of the tree runs: nothing here looks up a user, a host name, a locale or a library.
 */
#include "runtime/setup.h"

#include <string.h>

#include "base/cleanup.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

/* Parts that a lone command has no use for: it starts no services, and nobody logs in. */
enum {
	LASTING_ONLY = 1u << SETUP_HOSTS | 1u << SETUP_PEERS | 1u << SETUP_CONSOLE |
		       1u << SETUP_SERVICES | 1u << SETUP_HOST_KEYS | 1u << SETUP_CRON |
		       1u << SETUP_NETWORK,
};

enum { FILE_MODE = 0644 };

struct change {
	const struct setup_row *row;
	const char *text;
};

static char *put_assignment(const char *old, void *arg)
{
	const struct change *c = arg;

	return setup_text_assign(old, c->row->name, c->text, c->row->rule == RULE_ASSIGN);
}

static void write_row(struct guest *g, const struct setup_row *row, const char *text)
{
	struct change change = { row, text };

	switch (row->rule) {
	case RULE_WHOLE:
		guest_write(g, row->path, FILE_MODE, text);
		break;
	case RULE_THERE:
		if (guest_look(g, row->path) == GUEST_FILE)
			guest_write(g, row->path, FILE_MODE, text);
		break;
	case RULE_LINK:
		guest_link(g, row->path, text);
		break;
	case RULE_ASSIGN:
		/* A link leads to the file of another row. */
		if (guest_look(g, row->path) != GUEST_LINK)
			guest_edit(g, row->path, FILE_MODE, put_assignment, &change);
		break;
	case RULE_ASSIGN_THERE:
		if (guest_look(g, row->path) == GUEST_FILE)
			guest_edit(g, row->path, FILE_MODE, put_assignment, &change);
		break;
	case RULE_CALL:
		row->call(g);
		break;
	}
}

/* The first file of a part asks for what the others need too. */
static bool is_possible(struct guest *g)
{
	switch (g->part) {
	case SETUP_LOCALE:
		return g->setup->locale && setup_has_locale(g);
	case SETUP_TIMEZONE:
		return g->setup->timezone && setup_has_timezone(g);
	case SETUP_PASSWORD:
		return g->setup->password_hash;
	case SETUP_RESOLVER:
		return g->setup->nameservers;
	case SETUP_MACHINE_ID:
	case SETUP_HOSTNAME:
	case SETUP_HOSTS:
	case SETUP_PEERS:
	case SETUP_USERS:
	case SETUP_SSH_KEYS:
	case SETUP_CONSOLE:
	case SETUP_SERVICES:
	case SETUP_SSH:
	case SETUP_HOST_KEYS:
	case SETUP_CRON:
	case SETUP_NETWORK:
	case SETUP_PARTS:
		break;
	}
	return true;
}

static void apply_part(struct guest *g)
{
	if (!is_possible(g))
		return;
	for (const struct setup_row *row = setup_rows(); row->path; row++) {
		AUTO_STR struct str text = { 0 };

		if (row->part != g->part)
			continue;
		if (row->families != FAMILY_ALL && !(row->families & guest_family(g)))
			continue;
		if (row->text)
			row->text(g->setup, &text);
		write_row(g, row, str_text(&text));
	}
}

/* A lone command finds its name in the kernel; only a file that names another system is worth a
 * directory in the upper layer. */
static bool is_needless(struct guest *g)
{
	AUTO_FREE char *name = NULL;
	bool is_there;

	if (!g->setup->is_command)
		return false;
	if (LASTING_ONLY & 1u << g->part)
		return true;
	if (g->part != SETUP_HOSTNAME)
		return false;
	name = guest_read(g, "etc/hostname", SETUP_KEEP_MAX, &is_there);
	return !is_there || !*name;
}

void setup_apply(const struct setup *s)
{
	struct error err = { 0 };
	struct guest g;

	if (guest_open(&g, s, &err) < 0)
		return;
	for (int part = 0; part < SETUP_PARTS; part++) {
		g.part = (enum setup_part)part;
		if ((s->parts & 1u << part) && !is_needless(&g))
			apply_part(&g);
	}
	guest_close(&g);
	s->report->is_complete = true;
}
