/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_STATS_H
#define OCI_STATS_H

/*
 * What a container's groups count, in the form of runc's "events --stats", which
 * engines parse: v1's names, with v2's figures under them. What is zero is left
 * out where runc leaves it out.
 */

#include "base/json_out.h"
#include "cgroups/span.h"

/* Writes the member "data". What this host does not count is zero. */
void stats_print(struct json_out *out, const struct span *span);

#endif
