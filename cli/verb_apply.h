/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_APPLY_H
#define CLI_VERB_APPLY_H

/* The verbs that read and write a fleet's file: verb_apply.c, verb_export_fleet.c. */

#include "cli/verb.h"

extern const struct opt apply_options[], export_fleet_options[];
int verb_apply(struct cli *cli, struct error *err);
int verb_export_fleet(struct cli *cli, struct error *err);

#endif
