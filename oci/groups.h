/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_GROUPS_H
#define OCI_GROUPS_H

/*
 * A container's groups from its making to its end: made by us below the path of
 * the configuration, or by systemd as the group of a scope (scope.h).
 */

#include <sys/types.h>

#include "cgroups/span.h"
#include "oci/container.h"

struct groups {
	struct span span;
	pid_t holder;			/* keeps a scope until the container is in it; 0: none */
};

#define GROUPS_NONE { .span = { .n = 0 } }
#define AUTO_GROUPS __attribute__((cleanup(groups_close)))

/* Makes the groups, with the limits of the configuration, which has been read. What is the
 * container's to end is written down in its state, before and after, so that it is found if this
 * process is killed. manager: enum oci_cgroup_manager. */
int groups_make(struct groups *out, struct container *c, int manager, struct error *err);
/* Once the container's first process is in them, or will not be. */
void groups_close(struct groups *g);

/* Opens those of a container that has some; the caller ends with span_close() also after a
 * failure. */
int groups_open(const struct container *c, struct span *out, struct error *err);
/* Ends whatever runs in them and removes them. */
int groups_end(struct container *c, struct error *err);
/* Other limits for a container that runs, all or none. What is not given stays. */
int groups_update(struct container *c, const struct oci_resources *resources, struct error *err);

#endif
