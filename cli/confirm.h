/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "cli/verb.h"

/* Asks whoever sits at the terminal, unless --yes, --dry-run or no terminal: "QUESTION [y/N] ". 0
 * for yes; else ERR_FAILED "nothing was DONE". */
int confirm(const struct cli *cli, const char *question, const char *done, struct error *err);

#endif
