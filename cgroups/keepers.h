/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_KEEPERS_H
#define CGROUPS_KEEPERS_H

/*
 * Where the keepers of a store live on a host that systemd runs: in one group of
 * the host's, SUBTREE/_keepers, beside the zones'. (No zone's name begins with "_".)
 *
 * systemd ends a unit by killing what is in the unit's cgroup. A keeper that stayed
 * where it was started would end with the login or the service that booted the
 * zone, and the zone would lose its console and its cleaning up. So it is born
 * outside (CLONE_INTO_CGROUP), where a move would cost it some milliseconds, as v1.c
 * says. Under another init there are no units, and the keeper stays with its maker.
 *
 * By which hierarchy systemd tells units apart depends on the host:
 * - v2, and hybrid, whose v2 tree is systemd's (name=systemd is but a copy there,
 *   by which nothing is killed): the v2 group.
 * - Pure v1: by the hierarchy without controllers, name=systemd. There a zone too
 *   would be in the caller's unit, as systemd does not see the zone's v2 groups; so
 *   that hierarchy is handled as a controller's (CGROUP_SYSTEMD in host.h): each zone
 *   has a group in it, which its processes join, and so have the keepers.
 *
 * Where controllers are on v1 the keeper leaves the unit's groups of these also, or
 * they could not be removed, and the unit's limits would go on to hold for it.
 *
 * The group stays when the last keeper ends, as the slice does.
 */

#include "base/error.h"
#include "cgroups/host.h"

/* Opens the group for CLONE_INTO_CGROUP, making it where it is missing; *out_fd is -1 where keepers
 * have none. The caller owns it. clone3(2) may say ENODEV if systemd removed the group meanwhile:
 * open it again, counted. */
int keepers_open(const struct cgroup_host *host, int *out_fd, struct error *err);
/* Moves the caller, a process of one thread, into the keepers' v1 groups, if there are any. */
int keepers_join_v1(const struct cgroup_host *host, struct error *err);

#endif
