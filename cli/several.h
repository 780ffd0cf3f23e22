/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SEVERAL_H
#define CLI_SEVERAL_H

/*
 * A verb's work on several zones: by as many processes as --jobs says (one for each processor),
 * each of which does one zone after the other; by this process where the verb does not work in
 * parallel. With --all (and --autoboot) the verbs whose row says so go by boot-order, group after
 * group; then, unless --jobs says how many at a time:
 *
 *   boot        so many at a time as keep the processors busy, not more
 *   shutdown    all of a group, one started after the other at a pace that leaves the
 *               host able to work and each zone at least half of the group's time. The
 *               time of the whole is shared out evenly among the groups that are left.
 *
 * --serial N   batches: the next begins when all of one are done, unless all of it failed
 * --max-fail N when so many have failed, no more are begun
 *
 * A signal lets the zones that are at work be finished, and begins no more; a second one kills
 * the workers. The worker of a zone may be killed at any time: that zone has failed then.
 */

#include "cli/verb.h"

/* Calls work for each name, sorting them first if it is to go by order; it returns as a verb's
 * function does, and what it leaves in cli->gift is given to the row's "taken". Failures are told
 * at the end (tally.h); ERR_PARTIAL counts them. */
int several(struct cli *cli, char **names,
	    int (*work)(struct cli *cli, const char *name, struct error *err), struct error *err);

/* In work: from here on, or no longer, the zone's part may be ended by a signal at once, as it
 * only waits. */
void several_may_end(const struct cli *cli, bool may);

#endif
