/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_FLEET_SHOW_H
#define CLI_FLEET_SHOW_H

/* What apply would change, for people or as JSON: zones to which the same happens on one line. */

#include "cli/verb.h"
#include "runtime/fleet.h"

/* How many zones something is to be done to. */
size_t fleet_count(const struct fleet *f);
/* Prints all differences, also those that apply leaves as they are. */
void fleet_show(struct cli *cli, const struct fleet *f);
/* Reports the faults of the file and returns the one error that is left to tell. */
int fleet_report_faults(const struct cli *cli, const struct fleet *f, struct error *err);

#endif
