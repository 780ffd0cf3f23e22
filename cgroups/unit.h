/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_UNIT_H
#define CGROUPS_UNIT_H

/*
 * Transient units of the systemd that runs this host, or of the caller's own where
 * that is not root: a group that systemd makes, shows and leaves to us (Delegate=,
 * systemd.resource-control(5)). It is asked through the private socket that
 * systemctl(1) uses, so no bus needs to run.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* True if systemd runs this host (sd_booted(3)). */
bool unit_has_systemd(void);

/* Properties of a unit as a list "a(sv)", from zeros; ended by str_clear(). */
void unit_put_bool(struct str *props, const char *name, bool value);
void unit_put_u64(struct str *props, const char *name, uint64_t value);
void unit_put_str(struct str *props, const char *name, const char *value);
/* A list of pairs: first, second, first, ... */
void unit_put_pairs(struct str *props, const char *name, char *const *texts);
void unit_put_bytes(struct str *props, const char *name, const uint8_t *bytes, size_t n);

/* Makes and starts a scope with these properties around a process, and waits until it is in.
 * The name ends in ".scope". */
int unit_start(const char *name, pid_t pid, const struct str *props, struct error *err);
/* Changes properties until it is stopped. */
int unit_set(const char *name, const struct str *props, struct error *err);
/* Stops it and waits for that; not there is success, and so is a host without systemd. */
int unit_stop(const char *name, struct error *err);

#endif
