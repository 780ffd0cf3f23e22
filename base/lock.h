/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

/*
 * flock(2) on a directory descriptor. The kernel frees a lock with its last
 * descriptor, so no lock is ever stale. Whoever locks a directory that may be
 * renamed or removed meanwhile looks again that the name still means it.
 */

#include <stdbool.h>

#include "base/error.h"

enum lock_mode { LOCK_SHARED = 1, LOCK_ALONE };

/* Takes the lock on fd (not an O_PATH one), waiting up to wait_ms (0: not at all, -1: for ever).
 * ERR_BUSY when another holds it, the text naming the holder as /proc/locks tells it, with the
 * age of its process: "held by 'zonectl boot web1' (pid 4711) for 3s". */
int lock_take(int fd, enum lock_mode mode, int wait_ms, struct error *err);
void lock_drop(int fd);

#endif
