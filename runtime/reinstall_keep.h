/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_REINSTALL_KEEP_H
#define RUNTIME_REINSTALL_KEEP_H

/* Files that a reinstalled zone has still. */

#include "base/error.h"
#include "runtime/zone.h"

/* A zone's root: its directory in zones/ and what it is. Borrowed. */
struct keep_root {
	const char *dir;
	const struct zone_config *config;
};

/* Copies paths, absolute and in both roots, with owners, modes, times, links, xattrs and ACLs;
 * what the new root has there is replaced, directories above are made as the old root has them. No
 * link is followed. Neither root is in use, and the caller holds both locks. ERR_NOT_FOUND for a
 * path that the old root has not. */
int reinstall_keep(struct site *site, const struct keep_root *from, const struct keep_root *to,
		   char *const *paths, struct error *err);

#endif
