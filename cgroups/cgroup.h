/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_CGROUP_H
#define CGROUPS_CGROUP_H

/*
 * One zone's place in the cgroup tree, on pure v2, v1 and hybrid hosts alike.
 *
 * On every host a zone owns two groups in the v2 hierarchy: an outer one, where
 * limits sit and which the zone cannot write, and "zone" below it, which is
 * delegated to the zone's root and is all that the zone sees at /sys/fs/cgroup
 * (cgroups(7), "Cgroups delegation"). Kill, freeze and identity always go
 * through v2, which needs no controller for them. A controller that the host
 * keeps on v1 gets a group of its own there, never chowned and never shown to
 * the zone (CVE-2022-0492), which the zone's first process joins.
 *
 * Everything below the store's subtree is reached by descriptor.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/limits.h"

enum cgroup_controller {
	CGROUP_CPU, CGROUP_CPUACCT, CGROUP_CPUSET, CGROUP_MEMORY, CGROUP_PIDS, CGROUP_IO,
	CGROUP_HUGETLB, CGROUP_CONTROLLERS,
};

enum cgroup_layout { CGROUP_V2, CGROUP_V1, CGROUP_HYBRID };

/* What this host has. Found from /proc/self/cgroup and the mounts under /sys/fs/cgroup; where no
 * v2 hierarchy is mounted a detached mount of our own is made, which nobody else sees. */
struct cgroup_host {
	enum cgroup_layout layout;
	bool is_systemd;		/* systemd runs this host: the subtree is zonectl.slice */
	int v2fd;			/* the root of the v2 hierarchy */
	int v1fd[CGROUP_CONTROLLERS];	/* the root of a v1 hierarchy, -1: not on v1 */
	bool on_v2[CGROUP_CONTROLLERS];	/* enabled or can be enabled in the v2 root */
	char subtree[64];		/* "zonectl", "zonectl-1a2b3c4d", "zonectl.slice" ... */
};

struct cgroup {
	const struct cgroup_host *host;	/* borrowed */
	char name[64];			/* the zone's */
	int outerfd;			/* v2 subtree/NAME, -1: not there */
	int innerfd;			/* v2 subtree/NAME/zone */
	int v1fd[CGROUP_CONTROLLERS];	/* -1: not used */
};

/* store is "" for the default store, else a short id ([0-9a-f]) that keeps stores apart. */
int cgroup_host_open(struct cgroup_host *host, const char *store, struct error *err);
void cgroup_host_close(struct cgroup_host *host);
/* True if the host can give controller, on either hierarchy. */
bool cgroup_host_has(const struct cgroup_host *host, enum cgroup_controller controller);
const char *cgroup_controller_name(enum cgroup_controller controller);
const char *cgroup_layout_name(enum cgroup_layout layout);

/* Makes the zone's groups with their limits, the inner one delegated to uid and gid. Groups left
 * by an earlier run that hold no process are used again; ones that hold some are ERR_STATE.
 * ERR_UNSUPPORTED, naming the controller and the property, for a limit this host can't hold;
 * nothing is left then. The caller closes *out. */
int cgroup_up(struct cgroup *out, const struct cgroup_host *host, const char *name,
	      const struct cgroup_limits *limits, uid_t root_uid, struct error *err);
/* Kills what is inside, waits for it to be gone (timeout_ms), removes all groups of the zone, also
 * those the zone made below its own. Nothing there is success. */
int cgroup_down(const struct cgroup_host *host, const char *name, int timeout_ms,
		struct error *err);
/* Opens the groups of an existing zone; ERR_NOT_FOUND when it has none. */
int cgroup_open(struct cgroup *out, const struct cgroup_host *host, const char *name,
		struct error *err);
void cgroup_close(struct cgroup *cg);

/* Moves a process (0: the caller) into the zone's v1 groups; no call at all when it has none.
 * On v2 processes are born inside (CLONE_INTO_CGROUP), or join with cgroup_join_v2(). Child-safe. */
int cgroup_join_v1(const struct cgroup *cg, pid_t pid, struct error *err);
/* Moves a process (0: the caller) into the inner v2 group, or, if the zone's init has made that
 * one an inner node (domain controllers enabled below: EBUSY), into "zone/enter" beside the
 * init's own groups. Child-safe. */
int cgroup_join_v2(const struct cgroup *cg, pid_t pid, struct error *err);

/* Freezes or thaws and waits until the kernel says so (cgroup.events), at most timeout_ms. */
int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct error *err);
int cgroup_is_frozen(const struct cgroup *cg, bool *out, struct error *err);
/* SIGKILL to everything inside (cgroup.kill), then waits until it is empty. */
int cgroup_kill(const struct cgroup *cg, int timeout_ms, struct error *err);
int cgroup_is_populated(const struct cgroup *cg, bool *out, struct error *err);
/* Calls each with the names of the zones that have groups in this store; stops at -1. */
int cgroup_each(const struct cgroup_host *host,
		int (*each)(void *arg, const char *name, struct error *err), void *arg,
		struct error *err);

#endif
