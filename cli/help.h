/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Help out of the tables: verbs, options and properties print themselves, so text can't drift. */

#include "cli/verb.h"

int help_all(struct cli *cli, struct error *err);
/* The verbs whose first word this is, "template"; false when there is none. */
bool help_family(struct cli *cli, const char *word);
int help_verb(struct cli *cli, const struct verb *verb, struct error *err);

#endif
