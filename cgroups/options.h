/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_OPTIONS_H
#define CGROUPS_OPTIONS_H

/*
 * The options that v2 is mounted with on this host, "nsdelegate" among them. They
 * are of the hierarchy, and whoever mounts it once more from the host's cgroup
 * namespace sets them, all of them (apply_cgroup_root_flags() in
 * kernel/cgroup/cgroup.c). A foreign program that does is cleaned up after.
 */

#include "base/error.h"
#include "base/str.h"

struct cgroup_options {
	struct str where, words;	/* "/sys/fs/cgroup", "rw,nsdelegate"; empty: no v2 here */
};

/* The caller ends with cgroup_options_clear(), also after a failure. */
int cgroup_options_read(struct cgroup_options *out, struct error *err);
/* Sets them again, if they are others now. */
int cgroup_options_keep(const struct cgroup_options *o, struct error *err);
void cgroup_options_clear(struct cgroup_options *o);

#endif
