/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_INSIDE_H
#define RUNTIME_INSIDE_H

/*
 * A function of ours run inside a zone, with no more power than the zone's own
 * root has: for work on a zone's files that the host must not follow the names of.
 * A zone that is down is brought up for it alone: its mounts and groups, no init,
 * no network, nothing of its files written by setup.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/confine.h"
#include "runtime/zone.h"

struct boot;

struct inside {
	struct zone *zone;		/* borrowed */
	struct boot *boot;		/* owned; NULL where the zone was up */
	int pidfd;			/* of the process, a child of the caller */
	/* Properties of the zone that do not hold meanwhile, owned. */
	char *net;
	char **nics, **publish;
	enum zone_autoboot autoboot;
};

enum { INSIDE_WAIT_MS = 20000 };

struct inside_options {
	struct confine_task task;
	const char *user;		/* as in users.h; NULL: root */
	int sock;			/* its standard input and output */
	bool is_up;			/* the zone is running */
};

/* Starts it in z, locked alone by the caller, who may drop the lock of a zone that is up. *out must
 * not move until inside_finish(). */
int inside_start(struct inside *out, struct zone *z, const struct inside_options *options,
		 struct error *err);
/* Starts it, waits for its end and hears what it wrote to its standard output, at most max bytes,
 * which is less than a socket holds: options->sock is filled in. Returns as inside_finish(); *out
 * is NUL-ended and the caller's, unless that is -1. */
int inside_hear(struct zone *z, struct inside_options *options, size_t max, char **out,
		size_t *out_len, struct error *err);
/* Runs main(arg) inside, as root, and waits; main sets *err and returns -1 when it fails, as this
 * does then. What it changes in memory is a copy's. is_up: the zone runs. */
int inside_call(struct zone *z, bool is_up, int (*main)(void *arg, struct error *err), void *arg,
		struct error *err);
/* Waits for its end: its exit status, or 128 + the signal. A zone that was down is down again. The
 * zone's root can stop the process for ever, so after INSIDE_WAIT_MS it is killed. */
int inside_finish(struct inside *in, struct error *err);

#endif
