/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/slice.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/proc.h"

static int run(char *const argv[], struct error *err)
{
	struct proc_spawn spawn = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .dirfd = -1,
	};
	pid_t pid;
	AUTO_CLOSE int pidfd = proc_spawn(&spawn, &pid, err);
	int status;

	if (pidfd < 0)
		return -1;
	status = proc_reap(pidfd, err);
	if (status < 0)
		return -1;
	if (status != 0)
		return error_set(err, ERR_FAILED, "systemctl %s: exit status %d", argv[1], status);
	return 0;
}

static int start_slice(const char *slice, struct error *err)
{
	/* execve(2) wants pointers to char; nobody writes through them. */
	char *name = (char *)slice;
	char *set[] = {
		"systemctl", "set-property", "--runtime", name, "CPUAccounting=yes",
		"MemoryAccounting=yes", "TasksAccounting=yes", "IOAccounting=yes", NULL,
	};
	char *start[] = { "systemctl", "start", name, NULL };

	if (run(set, err) < 0 || run(start, err) < 0)
		return error_wrap(err, "slice '%s'", slice);
	return 0;
}

void slice_tell(const struct cgroup_host *host)
{
	const char *slash = strrchr(host->subtree, '/');
	struct error ignored;
	int rootfd = host->v1fd[CGROUP_SYSTEMD] >= 0 ? host->v1fd[CGROUP_SYSTEMD] : host->v2fd;
	struct stat st;

	if (!host->is_systemd || fstatat(rootfd, host->subtree, &st, 0) == 0)
		return;
	/* A host whose systemd can't be asked (no bus, shutting down) still gets its groups; they
	 * hold their limits without a unit. */
	(void)start_slice(slash ? slash + 1 : host->subtree, &ignored);
}
