/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OPT_H
#define CLI_OPT_H

/*
 * Options from a table. A verb has one table, main.c has the global one; both
 * also print the help. Options may stand before or after operands; "--" ends
 * them, and what follows it is the command of verbs that take one, operands of
 * the others. Long names are never abbreviated: scripts outlive options.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "runtime/property.h"

struct opt {
	const char *name;		/* "timeout", without dashes */
	char letter;			/* 't', or 0 */
	const char *operand;		/* "SECONDS", NULL: a flag, "[=SECONDS]": may be left out */
	const char *help;		/* one line */
};

struct opt_given {
	const struct opt *row;		/* NULL: a property */
	const struct property *property;
	const char *value;		/* borrowed from argv; NULL for a flag or when left out */
};

struct opts {
	struct opt_given *given;	/* in the order they were given; owned */
	size_t n;
	char **operands;		/* strv, owned */
	char *const *command;		/* what followed "--", borrowed; NULL: there was no "--" */
};

struct opt_rules {
	const struct opt *global, *verb;	/* tables that end with an empty row, or NULL */
	bool takes_properties;		/* --PROPERTY VALUE is an option too */
	bool takes_command;
	bool stops_at_operand;		/* for what stands before the verb */
	bool command_follows;		/* the second operand begins the command, as with ssh(1) */
};

/* Parses argv (NULL-ended) and adds to *out. *out_rest, which may be NULL, is where it stopped. On
 * failure, ERR_USAGE, *out holds what came before. */
int opts_parse(struct opts *out, const struct opt_rules *rules, char *const *argv,
	       char *const **out_rest, struct error *err);
void opts_clear(struct opts *o);

bool opts_has(const struct opts *o, const char *name);
/* The value given last, or NULL. */
const char *opts_value(const struct opts *o, const char *name);
/* All values in order, as a strv of copies that the caller owns. */
char **opts_values(const struct opts *o, const char *name);
/* A duration in milliseconds; *out stays as it is when the option was not given or has no value. */
int opts_duration(const struct opts *o, const char *name, int *out_ms, struct error *err);

#endif
