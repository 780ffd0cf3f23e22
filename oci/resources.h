/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_RESOURCES_H
#define OCI_RESOURCES_H

/*
 * linux.resources of a configuration written into a container's groups, each
 * controller where the host has it: v1's files as they are, v2's with the
 * conversions that runc makes, so that the same figure means the same.
 */

#include <stdbool.h>

#include "base/error.h"
#include "cgroups/span.h"
#include "oci/spec_resources.h"

/* Writes what is set and leaves the rest. is_update: the groups hold processes and limits already,
 * and memory is not set below what is in use where checkBeforeUpdate asks for that.
 * ERR_UNSUPPORTED naming the property for what this host can't
 * hold, ERR_USAGE for what no host can. */
int resources_apply(const struct span *span, const struct oci_resources *resources, bool is_update,
		    struct error *err);

/* The policy of a container without device rules: all is denied but what the specification gives
 * everybody, as runc has it. */
int resources_no_devices(const struct span *span, struct error *err);

/* runc's: cpu.shares 2..262144 as cpu.weight 1..10000, 0 for 0. */
uint64_t resources_weight(uint64_t shares);
/* runc's: blkio.weight 10..1000 as io.weight 1..10000. */
uint64_t resources_io_weight(uint64_t weight);

#endif
