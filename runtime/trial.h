/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_TRIAL_H
#define RUNTIME_TRIAL_H

/* Whether a zone does what it is for: it is up, and a command run inside says so. */

#include "base/error.h"
#include "runtime/zone.h"

/* Waits until z, which was booted, is up, then runs argv in it as root, NULL: nothing, and wants it
 * to exit with 0. All of that within timeout_ms; the command is killed then. ERR_FAILED with what
 * it said last. z's lock is dropped. */
int zone_trial(struct zone *z, char *const *argv, int timeout_ms, struct error *err);

#endif
