/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

/*
 * The one way into a new container: struct launch says everything that the
 * kernel must be told, compiled from a zone's configuration by its caller.
 *
 * Two processes do it. The builder shares the caller's memory (vfork) and owns a
 * mount namespace of the host's user namespace; it clones the child into its
 * namespaces, assembles the whole mount tree and pivots. The child, which waited,
 * copies that tree into a mount namespace of its own user namespace: so every
 * mount is locked, and no flag and no mask can be taken off from inside
 * (mount_namespaces(7), "Restrictions on mount namespaces").
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/cgroup.h"
#include "netns/nl.h"
#include "runtime/confine.h"
#include "runtime/setup.h"

struct launch {
	const char *name;		/* of the zone, the mounts' source */
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
	const struct cgroup *cgroup;
	struct confine confine;
	char *const *argv;		/* argv[0] is the path inside */
	const struct confine_task *task; /* run in place of argv, whose first word names it; or NULL
					  */
	char *const *env;
	const char *user;		/* whom argv runs as, as in users.h; NULL: root */
	const char *dir;		/* where; NULL: / */
	bool has_console;		/* a terminal of the zone's own devpts, its /dev/console */
	bool is_session; /* and that is the controlling terminal: of a command. An init leaves
			  * it to the getty or shell that it starts on it */
	struct winsize size;		/* of the console; all 0: left alone */
	bool has_notify;		/* make /run/host/notify for sd_notify(3) */
	int stdio[3];			/* without a console */
};

struct launched {
	const char *program;		/* what init was to execute, borrowed from the launch */
	pid_t pid;			/* of init, a child of the caller */
	int pidfd;
	int ptyfd;			/* the console's master, -1 without one */
	int notifyfd;			/* the datagram socket at /run/host/notify, or -1 */
	struct nl *route; /* a route socket in its network namespace; owned, NULL if that is the
			   * host's */
	int netnsfd;			/* that namespace, likewise */
	int disk_device;		/* of its place on disk (disk.h), or -1 */
	int sshfd;			/* what listens on its port 22, or -1 */
	int noticefd; /* of the filter, for mknod_answer(); after launch_go(), or -1 */
	int gatefd;			/* init is let go through this */
	int reportfd;			/* init says here why it failed */
};

/* Makes every kernel object; init waits at the gate. On failure nothing is left but the groups,
 * which the caller made. The caller ends with launch_go() and launched_close(). */
int launch_make(struct launched *out, const struct launch *l, struct error *err);
/* Lets init execute its program. err->sys is ENOENT, EACCES or ENOEXEC when that failed. */
int launch_go(struct launched *l, struct error *err);
/* An empty value, which launched_close() accepts. */
void launched_init(struct launched *l);
/* Lets go of its network namespace, which else lives as long as this. */
void launched_close_net(struct launched *l);
/* Closes the descriptors; a child that was not let go ends by itself. */
void launched_close(struct launched *l);

#endif
