/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_AUTOBOOT_H
#define RUNTIME_AUTOBOOT_H

/*
 * Which zones boot with the host. For autoboot=last a zone's directory says whether
 * it ran when the host went down:
 *
 *   was-up        it runs, or did when the power failed; made by its boot, removed
 *                 when it ends for a reason of its own or of its user
 *   comes-back    the host's shutdown ended it; removed by its next boot
 *
 * Neither is synced to disk, which would cost each boot some milliseconds: a power
 * cut within the file system's commit interval (5 s on ext4) may find the state of
 * before. Every zone has them, as autoboot may be set while it runs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/zone.h"

/* The zone runs from now on, or has ended. Ephemeral zones leave no word. */
int autoboot_up(const struct zone *z, struct error *err);
int autoboot_down(const struct zone *z, struct error *err);
/* To be called before it is ended from outside: because the host goes down, or for good. */
int autoboot_ending(const struct zone *z, bool is_host_down, struct error *err);
/* True if it is to boot with the host. */
bool autoboot_is_wanted(const struct zone *z);

/* Sorts names, a strv, by the zones' boot-order and then by name; is_reversed: higher orders first.
 * The result, the caller's, holds the order of each. A zone.json that can't be read counts as 0:
 * whoever works on the zone tells its fault. */
uint64_t *autoboot_sort(struct site *site, char **names, bool is_reversed);

#endif
