/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_V2_H
#define CGROUPS_V2_H

/* A zone's two groups in the v2 hierarchy (cgroup.h says why two). For cgroup.c only. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/cgroup.h"

/* Makes both groups in cg, which has host and name; the inner one belongs to root_uid. Groups left
 * by an earlier run are removed first; ERR_STATE if processes are in them. */
int v2_up(struct cgroup *cg, const char *path, uid_t root_uid, struct error *err);
/* Opens both; -1 with sys ENOENT if there is no outer one. The inner may be missing (-1). */
int v2_open(struct cgroup *cg, const char *path, struct error *err);
/* Enables controller down to the outer group; on success cg->on_v2 says whether it worked. */
int v2_enable(struct cgroup *cg, const char *path, enum cgroup_controller controller,
	      struct error *err);
/* Opens the group that a process from outside enters: the inner one, or one of the host's own below
 * it if that one takes no processes. The caller owns it. Child-safe. */
int v2_entry(const struct cgroup *cg, struct error *err);
/* Joins that group. Child-safe. */
int v2_join(const struct cgroup *cg, pid_t pid, struct error *err);

#endif
