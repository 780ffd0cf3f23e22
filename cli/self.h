/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SELF_H
#define CLI_SELF_H

/* This program on this store as a command line, for files that others run it from. */

#include "base/error.h"
#include "base/str.h"
#include "cli/verb.h"

/* What zones are called as hosts: NAME.zone. */
#define SELF_HOST_SUFFIX ".zone"

/* Adds "/usr/sbin/zonectl ssh ", with the store where that is not the default one, quoted for the
 * shell that ssh(1) gives a command to, and with its '%' doubled. The site is open. */
int self_ssh(struct str *out, const struct cli *cli, struct error *err);

#endif
