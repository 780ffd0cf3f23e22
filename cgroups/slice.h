/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_SLICE_H
#define CGROUPS_SLICE_H

/*
 * Makes systemd know of the store's subtree, on a host that it runs.
 *
 * systemd is the one writer of the host's v2 tree. Of a directory that it does not
 * know it would, whenever it next looks at the parent, take the controllers away
 * that no unit of its own wants. A started slice with accounting on is such a
 * unit: the controllers stay enabled down to it, and systemd-cgls and systemd-cgtop
 * show the zones where one looks for them. A slice that was started is not stopped
 * when it gets empty, so its directory stays; hence zonectl does not remove it.
 *
 * Below the slice the groups are ours. systemd refuses Delegate= for slices
 * (systemd.resource-control(5)) and could write "-cpuset" into the slice's
 * cgroup.subtree_control; the kernel then answers EBUSY, because every zone's
 * outer group has the controllers enabled for its inner one. Directories that no
 * unit owns are left alone while they hold processes. Names with a dot get "_" in
 * front (group.h), as systemd itself escapes what is no unit.
 */

#include "base/error.h"

/* Starts a slice, "zonectl.slice", with systemctl(1). Runs programs: only for a slice whose group
 * is missing, never on the way of an ordinary boot. */
int slice_up(const char *slice, struct error *err);

#endif
