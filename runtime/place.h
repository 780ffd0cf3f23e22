/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PLACE_H
#define RUNTIME_PLACE_H

/* A zone's place on disk (disks/disk.h), made as its properties disk and inodes say. */

#include <stdbool.h>

#include "base/error.h"
#include "disks/disk.h"
#include "runtime/zone.h"

/* What disk.h works on: of a zone that is up with its run directory, which *runfd is then, for the
 * caller to close; else -1. */
struct disk place_disk(const struct zone *z, bool is_up, int *out_runfd);
/* What a zone of this configuration wants of its place. templatefd and digest are borrowed. */
struct disk_want place_want(const struct zone_config *c, int templatefd);
/* Makes the place of a zone that is down as z->config says, moving its files to another if need be.
 * Done already it costs a few system calls. Killed anywhere, the zone has its old place or the new
 * one, whole. Refused, ERR_RESOURCE, when what is there does not fit. */
int place_settle(struct zone *z, struct error *err);
/* Of a zone that is up, where it can be done; else *out_at_next_boot, nothing was changed. */
int place_change(struct zone *z, bool *out_at_next_boot, struct error *err);
/* What it uses, and what is in force. A few system calls: it may be asked of a thousand zones. */
int place_usage(const struct zone *z, bool is_up, struct disk_usage *out, struct error *err);
/* True if a killed place_settle() left something of a place that is not the zone's. */
bool place_has_rest(const struct zone *z);
/* True if the kernel found errors in the zone's own filesystem. The zone is down. */
bool place_has_errors(const struct zone *z);
/* Mends both, and says so in *out_done. The zone is down. */
int place_repair(struct zone *z, char ***out_done, struct error *err);

#endif
