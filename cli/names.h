/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

/*
 * Which zones a command line means. Braces are worked out here, so that they
 * also work where no shell does it: web{1..3}, web{001..500}, web{0..9..3}, {a,b}-{1..2},
 * web{001..010,014}.
 * Globs and tags are looked up among the zones that exist.
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/site.h"

enum { NAMES_MAX = 100000 };	/* of one pattern */

/* The words that a pattern with braces stands for, in order; a strv that the caller owns.
 * ERR_USAGE for braces that don't match, or more than NAMES_MAX words. */
int names_braces(const char *pattern, char ***out, struct error *err);
/* True if text holds no pattern at all: it names one zone. */
bool names_is_plain(const char *text);
/* True if name is what the glob means. */
bool names_match(const char *glob, const char *name);

/* Names for zones to be made: braces only, each checked, none twice. */
int names_new(char *const *patterns, char ***out, struct error *err);
/* ERR_NOT_FOUND 'no zone "web1"', and how to see which there are. */
int names_unknown(const char *name, struct error *err);
/* Zones that patterns mean (plain names are not looked up), in order, none twice. ERR_NOT_FOUND
 * for a glob or a tag that means none. */
int names_existing(struct site *site, char *const *patterns, char ***out, struct error *err);

#endif
