/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_MERGED_H
#define RUNTIME_MERGED_H

/*
 * The files of a zone that is down as a zone sees them, read from the host: the
 * template and what the zone changed in one tree, with the ids the zone knows (0
 * to 65535) whatever they are on the disk.
 */

#include <stdbool.h>


#include "base/error.h"
#include "runtime/config.h"
#include "runtime/site.h"

/* Opens the root of the tree, to be read only. The caller holds the zone's lock and has a mount
 * namespace of its own, in which it opened the site: the tree goes with its last process. */
int merged_open(struct site *site, const struct zone_config *config, struct error *err);
/* The same of a zone in the directory dir of zones/, with what the host's root made there shown as
 * ZONE_IDS; is_written: also to be written to, and what is written has the zone's ids on the disk.
 */
int merged_open_dir(struct site *site, const char *dir, const struct zone_config *config,
		    bool is_written, struct error *err);

#endif
