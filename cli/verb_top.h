/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_TOP_H
#define CLI_VERB_TOP_H

/* The verb top, which executes the program zone-top. */

#include "cli/verb.h"

extern const struct opt top_options[];
int verb_top(struct cli *cli, struct error *err);

#endif
