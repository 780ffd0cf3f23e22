/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_WASH_H
#define TEMPLATES_WASH_H

/*
 * Takes out of a tree what made it one machine: its identity, the keys of its
 * users, what it logged and cached and left lying about. The table in wash.c says
 * what that is; the manual page lists the same.
 */

#include "base/error.h"

/* Removes or empties it below rootfd, but for the paths in keep (strv of paths from the root, or
 * NULL). A directory keeps the time it had. *out_removed gets the paths, "/etc/machine-id" or
 * "/etc/shadow (passwords)", in the order of the table; a strv that the caller owns. The tree is
 * hostile: links are followed inside it only, and only on the way to a directory. */
int wash_tree(int rootfd, char *const *keep, char ***out_removed, struct error *err);

#endif
