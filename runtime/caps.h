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

/* Numbers of what engines name: "CAP_CHOWN", in any case and with or without "CAP_"; -1 for one
 * that libcap does not know. */
int caps_number(const char *name);
/* "CAP_CHOWN", which the caller owns; NULL where numbers end on this kernel. */
char *caps_name(unsigned int number);

struct caps_sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

/* Sets the ids and all five sets, in an order that keeps what the next step needs: the bounding set
 * first, then become(), then the rest. What the process does not have it does not get; an ambient
 * capability that is not permitted and inheritable is left out. Child-safe. */
int caps_become(const struct caps_sets *sets, int (*become)(const void *arg, struct error *err),
		const void *arg, struct error *err);

#endif
