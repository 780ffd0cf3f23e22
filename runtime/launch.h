/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

/*
 * The one way into a new container, a zone (zone_launch.h) or what an engine
 * describes (oci/). Two processes do it. The builder shares the caller's memory
 * (vfork) and owns a mount namespace; it clones the child into its namespaces,
 * assembles the whole mount tree and makes it the root. The child, which waited,
 * becomes what was asked for.
 *
 * What differs is of the kind: three functions that are called in this order, each
 * with a set of helpers of its own.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "netns/nl.h"
#include "runtime/confine.h"

struct launch;
struct launched;

/* What builder and child share. The builder runs in the caller's memory and descriptor table while
 * the caller is stopped (base/vfork.h): what it opens and allocates is the caller's. */
struct launching {
	const struct launch *l;
	struct launched *out;
	int stubfd;
	int gate[2];			/* a socket; the child's end is the first */
	int ready[2], report[2];	/* pipes; the child's ends are the second */
};

struct launch_kind {
	/* In the builder, before there is a child: all that it is to be born with. */
	int (*begin)(struct launching *b, struct error *err);
	/* In the builder, once out->pid and out->pidfd are the child's: its ids, its mounts. It
	 * ends by opening the gate for the first time, launch_tell(). */
	int (*build)(struct launching *b, struct error *err);
	/* In the child; returns only when it failed. It waits at the gate until it was built,
	 * launch_wait(), and once more until it is let go. */
	int (*inside)(struct launching *b, struct error *err);
};

struct launch {
	const struct launch_kind *kind;
	const char *name;		/* in messages */
	uint64_t namespaces;		/* CLONE_NEW bits that the child is cloned with */
	bool builds_apart;		/* the builder begins in a mount namespace of its own */
	int cgroupfd;			/* of the v2 group that it is born in, -1: the caller's */
	struct confine confine;
	char *const *argv;		/* argv[0] is the path inside */
	const struct confine_task *task; /* run in place of argv, whose first word names it; or NULL
					  */
	char *const *env;
	int stdio[3];
};

struct launched {
	const char *program;		/* what init was to execute, borrowed from the launch */
	pid_t pid;			/* of init, a child of the caller */
	int pidfd;
	pid_t builder;			/* has done its work, but is not reaped yet; or 0 */
	int ptyfd;			/* the console's master, -1 without one */
	int notifyfd;			/* the datagram socket at /run/host/notify, or -1 */
	struct nl *route; /* a route socket in its network namespace; owned, NULL if that is the
			   * host's */
	int netnsfd;			/* that namespace, likewise */
	int disk_device;		/* of its place on disk (disk.h), or -1 */
	int sshfd;			/* what listens on its port 22, or -1 */
	int noticefd; /* of the filter, for mknod_answer(); after launch_go(), or -1 */
	int readyfd;			/* init's word, see launch_ready() */
	int gatefd;			/* init is let go through this */
	int reportfd;			/* init says here why it failed */
};

/* Makes every kernel object; init waits at the gate. On failure nothing is left but the groups,
 * which the caller made. The caller ends with launch_go() and launched_close(). */
int launch_make(struct launched *out, const struct launch *l, struct error *err);
/* Lets init execute its program. err->sys is ENOENT, EACCES or ENOEXEC when that failed. */
int launch_go(struct launched *l, struct error *err);
/* Of kinds whose child says once more that it is ready: waits for that. */
int launch_ready(struct launched *l, struct error *err);
/* Lets the child go on and hears nothing of it. */
int launch_let(struct launched *l, struct error *err);
/* An empty value, which launched_close() accepts. */
void launched_init(struct launched *l);
/* Lets go of its network namespace, which else lives as long as this. */
void launched_close_net(struct launched *l);
/* Closes the descriptors; a child that was not let go ends by itself. */
void launched_close(struct launched *l);

/* For kinds. */

/* The builder: the child's first wait is over. */
int launch_tell(struct launching *b, struct error *err);
/* The child: waits until it is told. It ends when whoever launched it is gone: nothing half-made
 * stays. Child-safe. */
void launch_wait(const struct launching *b);
/* The builder waits for the child's word, one byte through "ready"; if the child fails instead,
 * that is the error. */
int launch_hear(struct launching *b, struct error *err);
/* The child: its loopback up. Child-safe. */
int launch_loopback(struct error *err);
/* Opens a namespace ("net") of a process. */
int launch_namespace(pid_t pid, const char *name, struct error *err);

#endif
