/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_RELAY_H
#define RUNTIME_RELAY_H

/*
 * Bytes between the user and a zone, exact, in both directions, in a bounded
 * memory. One poll(2) loop: signals and what the user types come first, so that
 * a zone that floods its output can't keep the user from leaving. Nor can one
 * that takes no input: where an escape is watched for, typing is read on. Nothing
 * here allocates once the terminal is raw.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/screen.h"
#include "runtime/term.h"

enum {
	RELAY_BUFFER = 64 * 1024,
	RELAY_TYPED = 32 << 20,		/* what is typed or pasted and not yet taken */
	RELAY_CHANNELS = 3,
};
#define RELAY_FORWARD_ALL UINT_MAX

struct relay_channel {
	int from, to;			/* owned, -1: closed; both may not block */
	bool is_input;			/* from the user: dropped when the command has ended */
	bool is_vital;			/* that it can't be written any more ends the relay */
	bool is_pty_out;		/* from a pty's master: EIO may pass (vhangup(2)) */
	bool is_pty_in;			/* to a pty's master: the end is typed, as its VEOF */
	struct screen *screen;		/* sees what is written; or NULL; borrowed */
	char *data;			/* size bytes, owned */
	size_t size, start, len;
	int64_t taken_ms;		/* clock_ms() when the other side last took something */
};

enum relay_end {
	RELAY_ENDED,			/* the command, or the other side, ended */
	RELAY_LEFT,			/* the user typed the escape */
	RELAY_SIGNALLED,		/* a signal ended it */
	RELAY_UNREAD,			/* whoever read the output went away */
	RELAY_INPUT_ENDED,		/* linger_ms after the end of what is typed */
};

struct relay {
	struct relay_channel channels[RELAY_CHANNELS];
	size_t n;
	int pidfd;			/* of the command, borrowed; -1: output ends it */
	int signalfd;			/* borrowed */
	unsigned int forwards;		/* so many signals go to the command first */
	struct escape escape;		/* for the first channel */
	int linger_ms;			/* how long after the first channel's end; 0: for ever */
	struct term *term;		/* the user's, or NULL; borrowed */
	void (*resize)(void *arg);	/* the user's terminal has another size; or NULL */
	void *arg;
	int signal;			/* with RELAY_SIGNALLED */
	/* Of relay.c. */
	bool is_draining;		/* the command has ended: take what is there, then stop */
	size_t drained;			/* bytes read since then */
	bool is_unread;			/* a vital channel can't be written */
	bool has_lingered;
};

void relay_init(struct relay *r);
/* Adds a channel that owns both descriptors. A blocking "to" is written in small pieces. */
struct relay_channel *relay_add(struct relay *r, int from, int to);
/* The first channel's buffer for what a user types: RELAY_TYPED bytes, of which only those that are
 * used cost memory. Before anything is in it. */
void relay_hold_typed(struct relay *r);
/* Puts bytes into a channel as if they had been read; what does not fit is dropped. */
void relay_put(struct relay_channel *c, const char *data, size_t len);
/* Until something of enum relay_end happens. */
enum relay_end relay_run(struct relay *r);
void relay_clear(struct relay *r);

#endif
