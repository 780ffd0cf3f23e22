/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who answers on the console: a zone has that one terminal, and none of a machine's. */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

#define OFF "#zonectl# "

/* The fields of a line of inittab(5): id, runlevels, action, process. */
enum { INIT_ID, INIT_LEVELS, INIT_ACTION, INIT_PROCESS, INIT_FIELDS };

struct inittab {
	const char *getty;		/* our line, that starts one on the console */
	const char *more;		/* further lines of ours, "" for none */
};

/* False for a comment and for what is no whole line. */
static bool split(const struct line *l, struct line field[INIT_FIELDS])
{
	const char *at = l->text, *end = l->text + l->len;

	if (l->len == 0 || *at == '#')
		return false;
	for (int i = 0; i < INIT_PROCESS; i++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		if (!colon)
			return false;
		field[i] = (struct line){ at, (size_t)(colon - at) };
		at = colon + 1;
	}
	field[INIT_PROCESS] = (struct line){ at, (size_t)(end - at) };
	return true;
}

/* "tty1", "ttyS0", "ttyAMA0", with or without "/dev/" */
static bool is_machine_terminal(struct line word)
{
	if (word.len > 5 && memcmp(word.text, "/dev/", 5) == 0)
		word = (struct line){ word.text + 5, word.len - 5 };
	return word.len > 3 && memcmp(word.text, "tty", 3) == 0 &&
	       (isupper((unsigned char)word.text[3]) || isdigit((unsigned char)word.text[3]));
}

/* True if the line keeps something running on a terminal that one() knows. */
static bool is_on(const struct line *l, bool (*one)(struct line word))
{
	struct line field[INIT_FIELDS];

	if (!split(l, field))
		return false;
	if (!line_is(&field[INIT_ACTION], "respawn") && !line_is(&field[INIT_ACTION], "askfirst"))
		return false;
	if (one(field[INIT_ID]))
		return true;
	for (size_t n = 1;; n++) {
		struct line word = line_word(&field[INIT_PROCESS], n);

		if (word.len == 0)
			return false;
		if (one(word))
			return true;
	}
}

static bool is_console(struct line word)
{
	return line_is(&word, "console") || line_is(&word, "/dev/console");
}

static bool has_console(const char *text)
{
	struct line l;

	while (line_next(&text, &l))
		if (is_on(&l, is_console))
			return true;
	return false;
}

static char *change_inittab(const char *old, void *arg)
{
	AUTO_FREE char *theirs = setup_text_block(old, "");
	AUTO_STR struct str text = { 0 };
	AUTO_STR struct str own = { 0 };
	const struct inittab *t = arg;
	const char *at = theirs;
	struct line l;

	/* One that runs no gettys at all is left so. */
	if (!*old)
		return NULL;
	while (line_next(&at, &l))
		str_addf(&text, "%s%.*s\n", is_on(&l, is_machine_terminal) ? OFF : "",
			 (int)l.len, l.text);
	if (!has_console(theirs))
		str_add(&own, t->getty);
	str_add(&own, t->more);
	return setup_text_block(str_text(&text), str_text(&own));
}

/* Debian's sysvinit script takes for granted that installing the package made the keys; the
 * templates that zonectl builds have a script of their own for that. */
static bool needs_host_keys(struct guest *g)
{
	return guest_family(g) == FAMILY_DEBIAN && guest_has(g, "etc/init.d/ssh") &&
	       guest_has(g, "usr/bin/ssh-keygen") && !guest_has(g, "etc/init.d/ssh-host-keys");
}

void setup_inittab(struct guest *g)
{
	struct inittab t = { .more = "" };

	if (strcmp(g->setup->init_kind, "busybox") == 0) {
		t.getty = "console::respawn:/sbin/getty 38400 console\n";
	} else if (strcmp(g->setup->init_kind, "sysvinit") == 0) {
		t.getty = guest_has(g, "sbin/agetty") ?
			  "co:2345:respawn:/sbin/agetty --noclear --keep-baud console "
			  "115200,38400,9600 linux\n" :
			  "co:2345:respawn:/sbin/getty 38400 console\n";
		if (needs_host_keys(g))
			t.more = "zk::bootwait:/usr/bin/ssh-keygen -A\n";
	}
	if (t.getty && guest_has(g, "etc/inittab"))
		guest_edit(g, "etc/inittab", 0644, change_inittab, &t);
}

enum { TERMINALS = 6 };

/* Inits whose gettys are services, each turned on by a link. */
static const struct service_row {
	const char *init_kind;
	const char *terminal;		/* the link of a terminal, without its number */
	const char *needs;		/* what there is to be for one on the console */
	const char *instance, *instance_target;	/* made of it, or NULL */
	const char *console, *console_target;	/* the link that turns it on */
} service_rows[] = {
	{ "runit", "etc/runit/runsvdir/default/agetty-tty", "etc/sv/agetty-console", NULL, NULL,
	  "etc/runit/runsvdir/default/agetty-console", "/etc/sv/agetty-console" },
	{ "openrc-init", "etc/runlevels/default/agetty.tty", "etc/init.d/agetty",
	  "etc/init.d/agetty.console", "agetty", "etc/runlevels/default/agetty.console",
	  "/etc/init.d/agetty.console" },
};

void setup_console_services(struct guest *g)
{
	for (size_t i = 0; i < N_ROWS(service_rows); i++) {
		const struct service_row *row = &service_rows[i];

		if (strcmp(g->setup->init_kind, row->init_kind) != 0 || !guest_has(g, row->needs))
			continue;
		for (int n = 1; n <= TERMINALS; n++) {
			AUTO_FREE char *path = xasprintf("%s%d", row->terminal, n);

			guest_unlink(g, path);
		}
		if (row->instance)
			guest_link(g, row->instance, row->instance_target);
		guest_link(g, row->console, row->console_target);
	}
}
