/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_COMPILE_H
#define RUNTIME_COMPILE_H

/* A zone's configuration made into a launch, and into what everything that enters shares
 * with it: one place, so that init and a login cannot differ. */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/confine.h"
#include "runtime/filter.h"
#include "runtime/hosts.h"
#include "runtime/network.h"
#include "runtime/zone.h"
#include "runtime/zone_launch.h"

struct boot_options {
	const char *init;		/* instead of the zone's; NULL: the zone's */
	char *const *init_args;		/* added to the zone's */
	bool is_single;			/* ask the init for single-user mode */
};

struct compiled {
	struct zone_launch zone; /* borrows from the rest and from the zone's configuration */
	struct network network;
	struct hosts hosts;
	struct setup setup;		/* borrows likewise */
	struct filter filter;
	char *lower_path, *var_path, *zone_path;
	char *init_kind;		/* "systemd", ..., "" unknown: as the template's */
	char **argv, **env;
	/* What the template's image asks, where its program is what runs; NULL: nothing. */
	char *user, *dir, *stop_signal;
	char **image_env;
};

/* What init executes: from options, the zone, the template's init or else its image's program.
 * ERR_UNSUPPORTED when there is none. out->zone.cgroup and cgroupfd are left to the caller. */
int compile_boot(struct compiled *out, const struct zone *z, const struct boot_options *options,
		 struct error *err);
/* An ephemeral zone whose init is the command argv (owned by the caller; NULL: the image's program,
 * as its user), with the image's environment and directory. ERR_USAGE when there is no program. */
int compile_run(struct compiled *out, const struct zone *z, char *const *argv, const char *term,
		struct error *err);
void compiled_clear(struct compiled *c);

/* The filter, capabilities and limits of the zone; filter is loaded into *filter. */
int compile_confine(struct confine *out, struct filter *filter, const struct zone *z,
		    struct error *err);
/* The environment that every process from outside starts with: PATH, the image's (or NULL),
 * container, TERM, the zone's own. */
char **compile_env(const struct zone_config *c, char *const *image_env, const char *term);

#endif
