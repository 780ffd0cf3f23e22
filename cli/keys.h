/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/verb.h"

/* Where a value of the property ssh-key on the command line is no key but a file of keys, or "-"
 * for standard input, its lines take its place: in the options and in the assignments of set. Read
 * once, for however many zones. ERR_USAGE for a file without a key, and for a private key. */
int keys_expand(struct cli *cli, struct error *err);

#endif
