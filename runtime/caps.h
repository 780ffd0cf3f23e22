/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CAPS_H
#define RUNTIME_CAPS_H

/* What root inside a zone may do, over its own namespaces only. One table. */

#include <stdint.h>

#include "base/error.h"

/* The capabilities that a zone with these features keeps, bit n for capability n. */
uint64_t caps_kept(uint64_t features);
/* Drops everything else from the bounding set of the calling process, and clears its inheritable
 * and ambient sets. To be called inside the zone's user namespace, after it was entered: entering
 * one gives the full bounding set again. Child-safe. */
int caps_bound(uint64_t kept, struct error *err);
/* Sets the permitted and effective sets to kept, or what of it the process has, for what runs
 * until the next execve(2). Child-safe. */
int caps_limit(uint64_t kept, struct error *err);
/* Makes all that is permitted effective again: the effective set, or the part of it that is over
 * files, follows the effective uid, or the one for files, away from 0 (capabilities(7)).
 * Child-safe. */
int caps_raise(struct error *err);

#endif
