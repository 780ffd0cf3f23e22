/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_PLAN_H
#define CLI_VERB_PLAN_H

/* The plan verbs, and the option --plan of others. */

#include "cli/verb.h"
#include "runtime/plans.h"

extern const struct opt plan_list_options[];
int verb_plan_list(struct cli *cli, struct error *err);
int verb_plan_show(struct cli *cli, struct error *err);

/* Reads the plan that --plan names. The caller clears it. */
int cli_plan(struct cli *cli, struct plan *out, struct error *err);

#endif
