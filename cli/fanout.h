/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_FANOUT_H
#define CLI_FANOUT_H

/*
 * exec in several zones: nothing to read, and what each command says is kept apart. Lines with
 * the zone's name in front, as they come; with --collate equal outputs once, when all have ended;
 * with --json one object a line. On a terminal nothing of it steers the terminal. One zone that
 * is named plainly is none of this: its bytes pass as they are (session.h).
 */

#include "cli/verb.h"
#include "runtime/enter.h"

/* True if the verb is exec and not one zone is named plainly. */
bool fanout_is_meant(const struct cli *cli);
/* Refuses options that need one zone; of struct verb, before. */
int fanout_check(struct cli *cli, char *const *names, struct error *err);
/* Runs the command as options say (stdio is filled in here) and waits for it. Fails with what its
 * exit status was, if that was not 0. */
int fanout_exec(struct cli *cli, struct target *t, struct enter_options *options,
		struct error *err);
/* With --json: the line of a zone in which nothing could be run, unless it has one. */
void fanout_failed(struct cli *cli, const char *zone, const struct error *err);
/* With --collate: takes what a zone said; of struct verb, taken. */
void fanout_taken(struct cli *cli, size_t i, const char *data, size_t len);
/* Prints what was taken; of struct verb, finish. */
int fanout_collated(struct cli *cli, struct error *err);

#endif
