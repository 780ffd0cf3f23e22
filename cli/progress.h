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
#include <stdint.h>

#include "base/str.h"

struct progress {
	bool is_on, has_color;
	int64_t began_ms, drawn_ms;	/* of the bar, clock_ms(); 0: not yet */
};

struct progress_state {
	size_t done, failed, total;	/* those that failed are done too */
	int64_t ms;			/* since the beginning */
};

/* "[####......] 4/10, 1 failed, 2.0/s, 3s left": the last two once they mean something. */
void progress_bar(struct str *out, const struct progress_state *state, bool has_color);

/* The bar as the line, a few times a second at most; ms is filled in here. */
void progress_count(struct progress *p, struct progress_state state);
/* "WHAT: STAGE" as the line; stage has n bytes and may hold anything. */
void progress_stage(const struct progress *p, const char *what, const char *stage, size_t n);
/* Takes the line away; also when there is none. */
void progress_clear(const struct progress *p);

#endif
