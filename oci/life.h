/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_LIFE_H
#define OCI_LIFE_H

/* A container made, started and ended: what the verbs do with it. */

#include "oci/container.h"
#include "oci/handover.h"
#include "oci/inherit.h"
#include "runtime/launch.h"

struct life_options {
	const char *bundle;		/* the directory of config.json */
	const char *config;		/* another name for that file (crun's --config), or NULL */
	struct handover handover;
	bool without_pivot, keeps_keyring;
	struct inherit inherit;
	int cgroup_manager;		/* enum oci_cgroup_manager */
	bool goes_at_once;		/* run: no start is waited for */
	bool is_foreground;		/* and its terminal is the caller's */
};

/* Makes the container's groups, namespaces and mounts; its first process waits. *out holds what it
 * takes to let it go, for run. On failure nothing is left. */
int life_create(struct container *c, struct launched *out, const struct life_options *options,
		struct error *err);
/* Lets the first process of a created container go, and runs the poststart hooks. */
int life_start(struct container *c, struct error *err);
/* Ends what runs in it, removes its groups and its directory, runs the poststop hooks; the last one
 * that failed is *warning and no failure. Half-made ones too. */
int life_end(struct container *c, struct error *warning, struct error *err);

#endif
