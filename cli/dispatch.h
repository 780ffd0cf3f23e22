/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_DISPATCH_H
#define CLI_DISPATCH_H

/*
 * From a parsed command line to the verb's function: operands counted and worked
 * out into zones, each zone opened, locked and its state looked at as the row of
 * the verb says. A failure of one of several zones is reported and the rest go on.
 */

#include "cli/verb.h"

/* True if the zones are not named but all that the verb can work on, with --all or --autoboot. */
bool cli_is_whole_host(const struct cli *cli);
int dispatch(struct cli *cli, struct error *err);

#endif
