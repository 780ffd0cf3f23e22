/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_INVENTORY_H
#define CLI_INVENTORY_H

#include "cli/verb.h"

/* Prints the running ones of the zones named as an inventory of Ansible, in JSON, which its plugin
 * for YAML reads: reached by ssh as ssh-config has it, in a group for each tag. */
int inventory_print(struct cli *cli, char *const *names, struct error *err);

#endif
