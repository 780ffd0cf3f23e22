/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_STAT_H
#define CLI_VERB_STAT_H

/* The verbs that show what zones use, and the columns of "stat". */

#include "cli/table.h"
#include "cli/verb.h"
#include "runtime/usage.h"

extern const struct opt stat_options[], ps_options[];
int verb_stat(struct cli *cli, struct error *err);
int verb_ps(struct cli *cli, struct error *err);
int verb_whose(struct cli *cli, struct error *err);

/* stat_columns.c: begins a table of stat's columns; -o and -s are looked at. watched: shown again
 * and again, so that rates tell more than sums. */
int stat_table(struct table *t, const struct cli *cli, bool watched, struct error *err);
/* What the columns that are shown need. */
void stat_wants(const struct table *t, const struct cli *cli, struct usage_want *out);
/* A row for each zone of now, with rates since before (NULL: since boot). */
void stat_rows(struct table *t, const struct usage_sample *before, const struct usage_sample *now);

/* stat_failures.c: "stat --failures" of these zones. */
int stat_failures(struct cli *cli, char *const *names, bool is_up, struct error *err);
/* Reports the zones of a sample that could not be looked at; ERR_PARTIAL if there are any. */
int stat_failed(struct cli *cli, const struct usage_sample *s, struct error *err);

#endif
