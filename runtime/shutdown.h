/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SHUTDOWN_H
#define RUNTIME_SHUTDOWN_H

/* Asking a zone's init to end, in the way that it understands. */

#include "base/error.h"
#include "runtime/zone.h"

enum shutdown_how {
	SHUTDOWN_BY_INIT,
	SHUTDOWN_BY_HALT,		/* it was asked and did not end in time */
	SHUTDOWN_UNASKED,		/* there was no way to ask it */
};

/* Asks the init to shut down, in the way it understands, waits, then halts. z is locked shared or
 * alone when called; the lock is dropped while waiting. */
int zone_shutdown(struct zone *z, int timeout_ms, enum shutdown_how *out_how, struct error *err);

#endif
