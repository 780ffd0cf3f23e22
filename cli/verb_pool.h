/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_POOL_H
#define CLI_VERB_POOL_H

/* The verbs of the storage pool (disks/pool.h). */

#include "cli/verb.h"

extern const struct opt pool_create_options[], pool_remove_options[];
int verb_pool_create(struct cli *cli, struct error *err);
int verb_pool_info(struct cli *cli, struct error *err);
int verb_pool_sweep(struct cli *cli, struct error *err);
int verb_pool_remove(struct cli *cli, struct error *err);

#endif
