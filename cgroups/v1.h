/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_V1_H
#define CGROUPS_V1_H

/*
 * A zone's groups in v1 hierarchies, one for each controller that is on v1 and
 * needed: flat, the host's alone, never chowned, never shown to the zone
 * (CVE-2022-0492). For cgroup.c only.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/cgroup.h"

/* Makes the groups that every zone has, where they are on v1: memory and pids, so that use can be
 * shown, and name=systemd, so that the zone is in nobody's unit. Others cost each boot time and
 * are made by v1_add() when a limit needs them. */
int v1_up(struct cgroup *cg, const char *path, struct error *err);
/* Makes one more group, also for a running zone, whose processes are then moved into it. */
int v1_add(struct cgroup *cg, const char *path, enum cgroup_controller controller,
	   struct error *err);
/* Opens the groups that are there. */
int v1_open(struct cgroup *cg, const char *path, struct error *err);
/* Ends what is left in the groups, removes them. Nothing there is success. */
int v1_down(const struct cgroup_host *host, const char *path, int timeout_ms, struct error *err);
/* Moves a process into all groups. Child-safe. */
int v1_join(const struct cgroup *cg, pid_t pid, struct error *err);

#endif
