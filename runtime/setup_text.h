/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_TEXT_H
#define RUNTIME_SETUP_TEXT_H

/*
 * From the text of a configuration file to the text it should have, for each way
 * that a file shared with its owner is changed. No system calls: text in, text
 * out. The caller owns what comes back. Every text has whole lines; the last
 * line of the old one may lack its newline.
 */

#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *text;		/* borrowed, not NUL-ended */
	size_t len;			/* without the newline */
};

/* Takes the next line off *at; false at the end. */
bool line_next(const char **at, struct line *out);
/* The n-th word between blanks, from 0; an empty line when there are fewer. */
struct line line_word(const struct line *l, size_t n);
bool line_is(const struct line *l, const char *text);

/* Our own lines, between two comments, are replaced by body, which ends in a newline; where there
 * are none yet they come last. An empty body takes them out. */
char *setup_text_block(const char *old, const char *body);
/* The same between two other comments, for lines that change while the zone runs. */
char *setup_text_peers(const char *old, const char *body);
/* NAME="value" as a shell reads it, in place of the assignment that counts, the last one. NULL when
 * there is none, unless one is to be added. value has nothing that a shell would expand. */
char *setup_text_assign(const char *old, const char *name, const char *value, bool add);
/* Field n of the record whose first field is key, in a file of records with ':' between. NULL when
 * there is no such record, or it has fewer fields. */
char *setup_text_field(const char *old, const char *key, size_t n, const char *value);
/* The same field, or NULL; the caller owns it. */
char *setup_text_get(const char *text, const char *key, size_t n);

#endif
