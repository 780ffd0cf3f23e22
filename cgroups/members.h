/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_MEMBERS_H
#define CGROUPS_MEMBERS_H

/* All of a zone's v2 groups, those of its own making too: its processes, what they counted; and
 * which zone a process is of. The v2 hierarchy is there on every host. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/host.h"

/* No zone can have more: the kernel's own bound of pids. */
enum { MEMBERS_MAX = 1 << 22 };

/* All processes of the zone, also those in groups of its own making, in order, in an array that the
 * caller owns. What forks or ends meanwhile is there or is not. None for a zone without groups. */
int members_list(const struct cgroup_host *host, const char *name, pid_t **out, size_t *out_n,
		 struct error *err);
/* Adds up the number behind key in a small control file of each of the zone's v2 groups. */
uint64_t members_sum(const struct cgroup_host *host, const char *name, const char *file,
		     const char *key);
/* The zone that a process is of, "" for one of none. ERR_NOT_FOUND when there is no such process.
 * name holds 64 bytes. */
int members_zone_of(const struct cgroup_host *host, pid_t pid, char name[64], struct error *err);

#endif
