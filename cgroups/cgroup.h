/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_CGROUP_H
#define CGROUPS_CGROUP_H

/*
 * One zone's place in the cgroup tree, on pure v2, v1 and hybrid hosts alike.
 *
 * On every host a zone owns two groups in the v2 hierarchy: an outer one, where
 * limits sit and which the zone cannot write, and "zone" below it, which is
 * delegated to the zone's root and is all that the zone sees at /sys/fs/cgroup
 * (cgroups(7), "Cgroups delegation"). Two, because the files that limit a group
 * stand in the group itself: were the limited group also the delegated one, the
 * only guard between the zone and its own memory.max would be the owner of that
 * file, and the zone's init could not be stopped from leaving it by making groups
 * beside. And because v2 lets a group with processes hand out no controllers,
 * the outer group never holds a process; it enables them for the inner one, where
 * an init like systemd then makes groups of its own.
 *
 * Kill, freeze and identity always go through v2, which needs no controller for
 * them. A controller that the host keeps on v1 gets a group of its own there,
 * never chowned and never shown to the zone (CVE-2022-0492), which the zone's
 * first process joins before anything of the zone runs; all others are born in it.
 *
 * Everything below the store's subtree is reached by descriptor. The callers hold
 * the zone's lock; different zones of a store may come and go at the same time.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/host.h"
#include "cgroups/limits.h"

struct cgroup {
	const struct cgroup_host *host;	/* borrowed */
	char name[64];			/* the zone's */
	int outerfd;			/* v2 subtree/NAME, -1: not there */
	int innerfd;			/* v2 subtree/NAME/zone: give it to CLONE_INTO_CGROUP */
	int v1fd[CGROUP_CONTROLLERS];	/* -1: not used */
	bool on_v2[CGROUP_CONTROLLERS];	/* enabled in the outer group */
};

#define CGROUP_NONE { .outerfd = -1, .innerfd = -1, \
		      .v1fd = { [0 ... CGROUP_CONTROLLERS - 1] = -1 } }
#define AUTO_CGROUP __attribute__((cleanup(cgroup_close)))

/* Makes the zone's groups with their limits, the inner one delegated to root_uid. Groups left by
 * an earlier run that hold no process are replaced; ones that hold some are ERR_STATE.
 * ERR_UNSUPPORTED, naming the controller and the property, for a limit this host can't hold;
 * nothing is left then. The caller closes *out. */
int cgroup_up(struct cgroup *out, const struct cgroup_host *host, const char *name,
	      const struct cgroup_limits *limits, uid_t root_uid, struct error *err);
/* Kills what is inside, waits for it to be gone (timeout_ms), removes all groups of the zone, also
 * those the zone made below its own, and the store's subtree with the last one (a slice stays).
 * Nothing there is success. */
int cgroup_down(const struct cgroup_host *host, const char *name, int timeout_ms,
		struct error *err);
/* Opens the groups of an existing zone; ERR_NOT_FOUND when it has none. */
int cgroup_open(struct cgroup *out, const struct cgroup_host *host, const char *name,
		struct error *err);
void cgroup_close(struct cgroup *cg);
/* Makes sure that the zone, running or not, has a group that can hold limits of controller.
 * ERR_UNSUPPORTED when the host can't give it. */
int cgroup_add_controller(struct cgroup *cg, enum cgroup_controller controller,
			  struct error *err);

/* Moves a process into the zone's v1 groups; no call at all when it has none. With 0, the calling
 * thread moves itself, which is what a child does before anything of the zone runs: some 50 us,
 * where moving another process can take 15 ms (v1.c says why). Child-safe, with the host's
 * credentials, before setuid and before the descriptors are closed. */
int cgroup_join_v1(const struct cgroup *cg, pid_t pid, struct error *err);
/* Opens the v2 group for a process that enters a running zone, for CLONE_INTO_CGROUP: the inner
 * one, or, if the zone's init has made that an inner node (domain controllers enabled below it),
 * "zone/enter" beside the init's own groups. That one stays the host's, so that the zone can
 * remove it but not set a trap in it. The caller owns the descriptor; clone3(2) may still say EBUSY
 * or ENODEV if the zone's root changed its groups meanwhile: open it again, counted. */
int cgroup_entry(const struct cgroup *cg, struct error *err);
/* Moves a process (0: the caller) there instead; slow as moving is. Child-safe, before the caller
 * enters the zone's user namespace. */
int cgroup_join_v2(const struct cgroup *cg, pid_t pid, struct error *err);

/* Freezes or thaws and waits until the kernel says so (cgroup.events), at most timeout_ms; a freeze
 * that does not end in time is undone. */
int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct error *err);
int cgroup_is_frozen(const struct cgroup *cg, bool *out, struct error *err);
/* SIGKILL to everything inside, frozen or not (cgroup.kill), then waits until it is empty. */
int cgroup_kill(const struct cgroup *cg, int timeout_ms, struct error *err);
int cgroup_is_populated(const struct cgroup *cg, bool *out, struct error *err);
/* Both of a zone by its name, at the price of one small file: no processes, not frozen, where the
 * zone has no groups. */
int cgroup_look(const struct cgroup_host *host, const char *name, bool *out_populated,
		bool *out_frozen, struct error *err);
/* Calls each with the names of the zones that have groups in this store; stops at -1. */
int cgroup_each(const struct cgroup_host *host,
		int (*each)(void *arg, const char *name, struct error *err), void *arg,
		struct error *err);

#endif
