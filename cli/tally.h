/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

/*
 * What came of a verb on several zones, and how it is told at the end: zones that failed of the
 * same cause in one line, in the order of the first of each; those that were never tried; a
 * summary. With --json each failure is told when it happens.
 */

#include "cli/result.h"
#include "cli/verb.h"

struct failure;

struct tally {
	struct cli *cli;		/* borrowed */
	char *const *names;		/* borrowed */
	size_t n;
	unsigned char *results;		/* enum result of each */
	size_t counts[RESULT_SKIPPED + 1];
	struct failure *failures;	/* owned, as are the texts in them */
	size_t room;
};

void tally_init(struct tally *t, struct cli *cli, char *const *names);
/* status is what the verb's function returned for names[i], err why it failed. */
void tally_add(struct tally *t, size_t i, int status, const struct error *err);
/* How many were tried. */
size_t tally_tried(const struct tally *t);
/* Tells it. Returns 0 when none failed and none was left out, or -1: ERR_PARTIAL. */
int tally_tell(struct tally *t, struct error *err);
void tally_clear(struct tally *t);

#endif
