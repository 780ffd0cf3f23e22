/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CREW_H
#define CLI_CREW_H

/*
 * Processes that do jobs, which are numbers: as many as are to be done at a time, each one job
 * after the other. A worker that is killed costs the job that it was at; another takes its place.
 *
 * A signal that ends programs, to this process or from its terminal, is an event for the owner
 * and reaches no worker, so that none ends half-way. A killed owner leaves workers that do what
 * they have begun, and end.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct crew_job {
	size_t number;
	int64_t end_ms;			/* when it is to be done, clock_ms(), or 0 */
};

struct crew_result {
	size_t number;
	int status;			/* what the work returned; -1: err says why */
	struct error err;
	bool is_lost;			/* by a worker that was killed */
	struct str gift;		/* what it had for the owner */
};

enum crew_event { CREW_TIMEOUT, CREW_RESULT, CREW_SIGNAL };

struct crew_worker {
	pid_t pid;			/* 0: none, or one that was killed */
	int fd;				/* jobs go out and results come back */
	size_t number;			/* of its job */
	bool is_busy;
};

struct crew {
	/* In a worker. What it adds to gift goes to the owner with the result. */
	int (*work)(void *arg, const struct crew_job *job, struct str *gift, struct error *err);
	void *arg;			/* of work; borrowed */
	size_t most;			/* workers at a time */
	/* Of crew.c. */
	struct crew_worker *workers;
	size_t n, busy;
	int signalfd;
	sigset_t before;		/* the mask */
	bool is_ending;			/* crew_end() was called */
	bool has_ended;			/* some worker may have */
	int ownfd;			/* in a worker: its end */
};

/* With work, arg and most filled in. */
int crew_open(struct crew *c, struct error *err);
/* Gives a worker the job. False when none is to be had: all are busy, or, when none is, the
 * system has no process left; err says so then. */
bool crew_give(struct crew *c, const struct crew_job *job, struct error *err);
/* Waits up to timeout_ms (-1: for ever) for a result, which the caller clears, or for a signal,
 * which *out_signal is. */
enum crew_event crew_wait(struct crew *c, int timeout_ms, struct crew_result *out,
			  int *out_signal);
/* Ends jobs that only wait (crew_may_end()), or, by force, all of them: their results come. */
void crew_end(struct crew *c, bool by_force);
/* Waits for the workers, which have nothing to do. */
void crew_close(struct crew *c);

/* In a worker: from here on, or no longer, it may be ended, as nothing is half-done. */
void crew_may_end(bool may);

/* Also of one that was never filled. */
void crew_result_clear(struct crew_result *r);

#endif
