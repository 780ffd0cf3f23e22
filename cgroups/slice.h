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
 * On v1 the same slice keeps something worse away: whenever a controller comes into
 * use at a unit, systemd moves all processes below that unit's group of its own
 * hierarchy, from the root's on down, into the unit's group of that controller
 * (cg_migrate_v1_controllers() in its src/shared/cgroup-setup.c), out of the groups
 * that hold a zone's limits. With the slice all of them are in use before the first
 * zone is there.
 *
 * Below the slice the groups are ours. systemd refuses Delegate= for slices
 * (systemd.resource-control(5)) and could write "-cpuset" into the slice's
 * cgroup.subtree_control; the kernel then answers EBUSY, because every zone's
 * outer group has the controllers enabled for its inner one. Directories that no
 * unit owns are left alone while they hold processes. Names with a dot get "_" in
 * front (group.h), as systemd itself escapes what is no unit.
 */

#include "cgroups/host.h"

/* Starts the store's slice with systemctl(1), if this host has slices and the group is missing, so
 * never on the way of an ordinary boot. To be called before the group is made. */
void slice_tell(const struct cgroup_host *host);

#endif
