/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_HOST_H
#define CGROUPS_HOST_H

/*
 * The cgroup hierarchies of this host: pure v2, pure v1 or both. Told by
 * /proc/self/cgroup and the mounts under /sys/fs/cgroup, in that order, so that
 * opening costs some tens of microseconds; a boot pays for it. Nothing is mounted
 * where others could see it, and no host setting is changed here.
 *
 * A store's zones live in one subtree. On a host that systemd runs it is a slice,
 * "zonectl.slice" or (inside it, as systemd's naming wants) "zonectl-ID.slice",
 * and systemd is told of it when it is missing (slice.c). Elsewhere it is the
 * plain group "zonectl" or "zonectl-ID".
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum cgroup_controller {
	CGROUP_CPU, CGROUP_CPUSET, CGROUP_MEMORY, CGROUP_PIDS, CGROUP_IO, CGROUP_HUGETLB,
	CGROUP_SYSTEMD,		/* no controller: keepers.h says what it is for */
	CGROUP_CONTROLLERS,
};

enum cgroup_layout { CGROUP_V2, CGROUP_V1, CGROUP_HYBRID };

/* Where the text of a control file goes. */
struct cgroup_text {
	char *text;
	size_t size;
};

enum { CGROUP_POLICIES = 4 };		/* sets of bits of enum cgroup_device_set */

struct cgroup_host {
	enum cgroup_layout layout;
	bool is_systemd;		/* systemd runs this host: the subtree is a slice */
	int v2fd;			/* the root of the v2 hierarchy */
	int v1fd[CGROUP_CONTROLLERS];	/* the root of a v1 hierarchy, -1: not on v1 */
	enum cgroup_controller v1_lead[CGROUP_CONTROLLERS]; /* equal: mounted together on v1 */
	bool on_v2[CGROUP_CONTROLLERS];	/* the v2 root can give it */
	bool is_hidden[CGROUP_CONTROLLERS]; /* on a v1 hierarchy that is mounted nowhere here */
	char subtree[64];		/* below each root: "zonectl", "zonectl.slice" ... */
	char huge_page[16];		/* "2MB", once cgroup_host_huge_page() was asked */
	/* The subtree in either, once cgroup_host_near() was asked; -1: from the root, then. */
	int near_v2fd, near_v1fd[CGROUP_CONTROLLERS];
	int policyfd[CGROUP_POLICIES];	/* of devices.h, -1: not loaded yet */
};

#define CGROUP_HOST_NONE \
	{ .v2fd = -1, .v1fd = { [0 ... CGROUP_CONTROLLERS - 1] = -1 }, \
	  .near_v2fd = -1, .near_v1fd = { [0 ... CGROUP_CONTROLLERS - 1] = -1 }, \
	  .policyfd = { [0 ... CGROUP_POLICIES - 1] = -1 } }
#define AUTO_CGROUP_HOST __attribute__((cleanup(cgroup_host_close)))

/* store is "" for the default store, else a short id (up to 16 of [0-9a-f]) that keeps stores
 * apart. ERR_UNSUPPORTED, with the remedy, where the kernel has no cgroup2. */
int cgroup_host_open(struct cgroup_host *out, const char *store, struct error *err);
void cgroup_host_close(struct cgroup_host *host);
/* True if the host can give controller, on either hierarchy. */
bool cgroup_host_has(const struct cgroup_host *host, enum cgroup_controller controller);
/* Opens the subtree, for whoever reads files of many zones: a shorter way to each. */
void cgroup_host_near(struct cgroup_host *host);
/* fd_read_control() of "SUBTREE/NAME/FILE" below v2fd or one of v1fd. */
ssize_t cgroup_host_read(const struct cgroup_host *host, int rootfd, const char *path,
			 struct cgroup_text *out, struct error *err);
/* Looks up how the kernel calls the default size of a huge page, for whoever reads the figures of
 * many zones: each would look it up for itself. */
void cgroup_host_huge_page(struct cgroup_host *host);
/* The v2 name: "io" is blkio on v1. */
const char *cgroup_controller_name(enum cgroup_controller controller);
/* The v1 name, as mount(8) takes it for -o. */
const char *cgroup_controller_v1_name(enum cgroup_controller controller);
/* "v2", "v1", "hybrid". */
const char *cgroup_layout_name(enum cgroup_layout layout);

#endif
