/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/keepers.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "cgroups/group.h"
#include "cgroups/slice.h"

enum { OPEN_TRIES = 8 };

/* What systemd gives its units on v1, and what it knows them by. */
static const enum cgroup_controller left[] = {
	CGROUP_CPU, CGROUP_MEMORY, CGROUP_PIDS, CGROUP_IO, CGROUP_SYSTEMD,
};

/* It is there but for the first time, and is rarely removed between the two calls. */
static int open_or_make(int rootfd, const struct cgroup_host *host, struct error *err)
{
	char path[GROUP_PATH_MAX];
	struct error refused = { 0 };

	snprintf(path, sizeof(path), "%s/_keepers", host->subtree);
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = group_open(rootfd, path, &refused);

		if (fd < 0 && refused.sys == ENOENT) {
			slice_tell(host);
			fd = group_make(rootfd, path, &refused);
		}
		if (fd >= 0)
			return fd;
		if (refused.sys != EEXIST)
			break;
	}
	*err = refused;
	return -1;
}

int keepers_open(const struct cgroup_host *host, int *out_fd, struct error *err)
{
	int fd = -1;

	if (host->is_systemd && host->v1fd[CGROUP_SYSTEMD] < 0) {
		fd = open_or_make(host->v2fd, host, err);
		if (fd < 0)
			return -1;
	}
	*out_fd = fd;
	return 0;
}

int keepers_join_v1(const struct cgroup_host *host, struct error *err)
{
	if (!host->is_systemd)
		return 0;
	for (size_t i = 0; i < N_ROWS(left); i++) {
		AUTO_CLOSE int fd = -1;

		if (host->v1fd[left[i]] < 0)
			continue;
		fd = open_or_make(host->v1fd[left[i]], host, err);
		if (fd < 0 || group_join_thread(fd, err) < 0)
			return error_wrap(err, "the keepers' %s cgroup",
					  cgroup_controller_name(left[i]));
	}
	return 0;
}
