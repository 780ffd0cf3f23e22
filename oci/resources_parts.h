/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_RESOURCES_PARTS_H
#define OCI_RESOURCES_PARTS_H

/* What the files of resources.h share. */

#include "cgroups/device_rules.h"
#include "oci/resources.h"

/* The v2 group if it has the controller, else -1. */
int resources_v2(const struct span *span, const char *controller);
/* Says that the host has it nowhere. */
int resources_missing(const char *name, const char *controller, struct error *err);
/* Writes a control file for the property of this name. */
int resources_write(int fd, const char *file, const char *text, const char *name,
		    struct error *err);
/* linux.resources.devices, if there are any: by the v1 controller where the host has it, else by a
 * program at the v2 group. */
int resources_devices(const struct span *span, const struct oci_resources *resources,
		      struct error *err);
/* The device rules in their order, and after them what every container has. The caller owns
 * them. */
struct device_rule *resources_device_rules(const struct oci_resources *resources, size_t *out_n,
					   struct error *err);
/* linux.resources.blockIO */
int resources_block_io(const struct span *span, const struct oci_block_io *io, struct error *err);

#endif
