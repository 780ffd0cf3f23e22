/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ZONE_LAUNCH_H
#define RUNTIME_ZONE_LAUNCH_H

/*
 * A zone as the kernel must be told of it, compiled from its configuration by
 * compile.c: one kind of launch. Its builder owns a mount namespace of the host's
 * user namespace, and the child copies the finished tree into one of its own
 * user namespace: so every mount is locked, and no flag and no mask can be taken
 * off from inside (mount_namespaces(7), "Restrictions on mount namespaces").
 */

#include <sys/ioctl.h>

#include "cgroups/cgroup.h"
#include "runtime/launch.h"
#include "runtime/setup.h"

struct zone_launch {
	struct launch launch;		/* the first field: kinds are given a pointer to it */
	const char *hostname;
	uint32_t uid_base;		/* first of ZONE_IDS */
	const char *lower_path; /* template root under an overlay; NULL: data/root is the tree */
	/* ROOT/var/lib/zonectl and the zone's directory; all are looked up by the builder, as a
	 * mount can only be cloned from one's own mount namespace. */
	const char *var_path, *zone_path;
	bool is_ephemeral;		/* its files are never needed after a crash */
	uint64_t features;		/* enum zone_feature bits */
	char *const *mounts;		/* the mount property, or NULL */
	bool shares_net;		/* the host's network namespace is the zone's */
	bool listens_ssh;		/* make a socket that listens on its port 22 */
	const struct setup *setup;	/* what the zone's files are to say; no part: nothing */
	const struct cgroup *cgroup;	/* launch.cgroupfd is its inner one */
	const char *user;		/* whom argv runs as, as in users.h; NULL: root */
	const char *dir;		/* where; NULL: / */
	bool has_console;		/* a terminal of the zone's own devpts, its /dev/console */
	bool is_session; /* and that is the controlling terminal: of a command. An init leaves
			  * it to the getty or shell that it starts on it */
	struct winsize size;		/* of the console; all 0: left alone */
	bool has_notify;		/* make /run/host/notify for sd_notify(3) */
};

extern const struct launch_kind zone_launch_kind;

/* What the child does, in child.c. */
int zone_inside(struct launching *b, struct error *err);

#endif
