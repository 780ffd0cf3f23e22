/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_TEMPLATE_H
#define CLI_VERB_TEMPLATE_H

/* What the template verbs share. */

#include "cli/verb.h"
#include "templates/store.h"

/* Opens the site and its store; the caller closes the descriptor. */
int template_store(struct cli *cli, struct error *err);
/* One template as a JSON object. */
void template_json(struct cli *cli, const struct template *t);

#endif
