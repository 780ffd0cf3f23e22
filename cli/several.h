/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SEVERAL_H
#define CLI_SEVERAL_H

/*
 * A verb's work on several zones: one after another, or a process for each and some
 * of them at a time. With --all (and --autoboot) the verbs whose row says so go by
 * boot-order, group after group; then, unless --jobs says how many at a time:
 *
 *   boot        so many at a time as keep the processors busy, not more
 *   shutdown    all of a group, one started after the other at a pace that leaves the
 *               host able to work and each zone at least half of the group's time. The
 *               time of the whole is shared out evenly among the groups that are left.
 */

#include "cli/verb.h"

/* Calls work for each name, sorting them first if it is to go by order. A failure is reported and
 * the rest go on: ERR_PARTIAL says how many failed. */
int several(struct cli *cli, char **names,
	    int (*work)(struct cli *cli, const char *name, struct error *err), struct error *err);

#endif
