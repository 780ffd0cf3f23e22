/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * What somebody at a terminal sees of long work: one line of standard error,
 * drawn over itself and taken away before anything else is printed. One that is
 * not on draws nothing: where standard error is no terminal, or with --quiet,
 * --verbose or --json.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct progress {
	bool is_on, has_color;
};

/* "[####......] 4/10, 1 failed": how many are done, those that failed among them. */
void progress_bar(struct str *out, size_t done, size_t failed, size_t total, bool has_color);

/* The bar as the line. */
void progress_count(const struct progress *p, size_t done, size_t failed, size_t total);
/* "WHAT: STAGE" as the line; stage has n bytes and may hold anything. */
void progress_stage(const struct progress *p, const char *what, const char *stage, size_t n);
/* Takes the line away; also when there is none. */
void progress_clear(const struct progress *p);

#endif
