/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_ROWS_H
#define RUNTIME_SETUP_ROWS_H

/*
 * The table of files: which part of the setup writes which file, for whom, and
 * how a file that is shared with its owner is changed. One walker, in setup.c.
 */

#include "base/str.h"
#include "runtime/setup_guest.h"

enum setup_rule {
	RULE_WHOLE,			/* the file is the text; made where it is missing */
	RULE_THERE,			/* the same, only where it is a file already */
	RULE_LINK,			/* a link to the text */
	RULE_ASSIGN,			/* NAME="text", added where it is missing */
	RULE_ASSIGN_THERE,		/* the same, only where it is assigned already */
	RULE_CALL,			/* by a function of its own */
};

struct setup_row {
	enum setup_part part;
	unsigned int families;		/* enum family bits */
	const char *path;		/* of the file, or what a call is about */
	enum setup_rule rule;
	const char *name;		/* of an assignment */
	void (*text)(const struct setup *s, struct str *out);	/* of all but RULE_CALL */
	void (*call)(struct guest *g);				/* of RULE_CALL */
};

/* Ended by a row without a path. */
const struct setup_row *setup_rows(void);

/* Of RULE_CALL; each file of setup_*.c has its own. */
void setup_machine_id(struct guest *g);
void setup_hosts(struct guest *g);
void setup_peers(struct guest *g);
void setup_resolver(struct guest *g);
void setup_password(struct guest *g);
void setup_root_keys(struct guest *g);
void setup_inittab(struct guest *g);
void setup_console_services(struct guest *g);
void setup_units(struct guest *g);
void setup_host_keys_unit(struct guest *g);
void setup_host_keys(struct guest *g);
void setup_ssh(struct guest *g);
void setup_users(struct guest *g);
/* Makes what stands at path user's, as passwd has the ids; false and warned of, where it can't. */
bool setup_give(struct guest *g, const char *path, const char *user);
void setup_runlevels(struct guest *g);
void setup_crontabs(struct guest *g);
void setup_network(struct guest *g);

/* False, and warned of, where the zone does not have what is asked for: then no file of the part
 * is written. */
bool setup_has_locale(struct guest *g);
bool setup_has_timezone(struct guest *g);

#endif
