/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_LIFE_PARTS_H
#define OCI_LIFE_PARTS_H

/* What a container that is made and one that is restored have in common. */

#include "oci/life.h"

/* Reads and keeps the configuration, and where the bundle is, into the container's state. */
int life_take_bundle(struct container *c, const struct life_options *o, struct error *err);
/* What a configuration needs of the host and of the options; finds the root filesystem. */
int life_check_spec(struct container *c, const struct life_options *o, struct error *err);
/* status is what the hooks are told that the container is. */
int life_run_hooks(struct container *c, const char *name, const struct oci_hook *hooks, size_t n,
		   const char *status, struct error *err);

#endif
