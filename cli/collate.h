/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_COLLATE_H
#define CLI_COLLATE_H

/*
 * What commands in many zones said, equal ones once: "web{001..010,014} (11 zones):" and the
 * output. Only different outputs take memory.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* How a command ended and what it had said, as bytes that are equal when all of it is. */
struct collate_head {
	int status;
	bool is_cut;			/* there was more */
	size_t out, err;		/* bytes of each, which follow */
};

struct collate_group;

struct collate {
	struct collate_group *groups;	/* owned */
	size_t n, room;
};

/* Takes what names[i] said. */
void collate_add(struct collate *c, size_t i, const char *data, size_t len);
/* Adds all groups to out, in the order of their first zones, and clears c. With is_shown no byte
 * of theirs steers a terminal. */
void collate_tell(struct collate *c, char *const *names, bool is_shown, struct str *out);

/* Adds text, with is_shown as a terminal may have it: control characters but line ends and tabs
 * as \xHH. */
void collate_add_text(struct str *out, const char *text, size_t len, bool is_shown);

#endif
