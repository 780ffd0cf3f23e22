/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_POOL_TEMPLATES_H
#define RUNTIME_POOL_TEMPLATES_H

/* The storage pool's copies of templates (disks/btrfs_template.h) follow the template store. */

#include "base/error.h"
#include "runtime/site.h"

/* Removes copies of templates that the store has no more. Zones made of them stay as they are. */
int pool_templates_sweep(struct site *site, struct error *err);

#endif
