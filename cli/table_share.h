/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TABLE_SHARE_H
#define CLI_TABLE_SHARE_H

/*
 * A table with a row for each of many zones, filled by as many processes as there
 * are processors: nearly all the time of such a list goes into the kernel's
 * answers. Few names are done by the caller alone.
 */

#include "cli/table.h"

/* Adds the rows of names[0..n); returns how many of the names failed and were reported. It may run
 * in a process of its own, which ends afterwards. */
typedef size_t table_fill(struct cli *cli, struct table *t, char *const *names, size_t n);

/* Fills t, which is empty, in the order of the names. Returns how many of them failed. */
size_t table_share(struct cli *cli, struct table *t, char *const *names, table_fill *fill);

#endif
