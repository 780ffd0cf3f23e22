/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_LEAVE_H
#define RUNTIME_LEAVE_H

/*
 * The user's terminal at the end of a session: what the zone left set in it is
 * undone, and what the zone made it say is thrown away, so that no answer to a
 * zone's question is typed at the host's shell.
 */

#include <stdbool.h>

#include "runtime/screen.h"
#include "runtime/term.h"

/* Also restores t, as term_restore(). s is what was shown on standard output; nothing is written
 * when that is no terminal. has_left: the user went before the output came to its end, and wants to
 * see no more of it. Takes less than LEAVE_MAX_MS, and a moment only where nothing was asked. */
void leave_terminal(struct term *t, const struct screen *s, bool has_left);

enum { LEAVE_MAX_MS = 3000 };

#endif
