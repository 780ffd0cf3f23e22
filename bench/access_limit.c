/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a command in a running zone can cost: init's pidfd, its namespaces, its cgroups,
 * a fork and an exec. Nothing is checked, nothing given up: the command runs with every capability,
 * without a filter, a session or limits of its own. Static, as the dynamic linker is not the
 * kernel's cost.
 *
 *   access_limit PID CGROUP2 V1[:V1...] COMMAND [ARGUMENT...]
 *
 * CGROUP2 is the directory of the zone's group, each V1 that of one in a hierarchy of version 1,
 * "" for none. COMMAND is a path in the zone. Exits with its status.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"

enum { NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP };

static void join_v1(char *dirs)
{
	for (char *dir = strtok(dirs, ":"); dir; dir = strtok(NULL, ":")) {
		char path[512];
		int fd;

		snprintf(path, sizeof(path), "%s/tasks", dir);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		(void)!write(fd, "0", 1);	/* nothing is checked here */
		close(fd);
	}
}

static void enter(int initfd, char *v1, char **argv)
{
	static char *const env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};

	join_v1(v1);
	if (setns(initfd, NAMESPACES) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		perror("access_limit");
	execve(argv[0], argv, env);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int initfd, status = 0;
	pid_t pid;

	if (argc < 5) {
		fputs("usage: access_limit PID CGROUP2 V1[:V1...] COMMAND...\n", stderr);
		return 2;
	}
	initfd = sys_pidfd_open((pid_t)strtol(argv[1], NULL, 10), 0);
	args.cgroup = (uint64_t)open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (setns(initfd, CLONE_NEWPID) < 0)
		perror("access_limit: setns");
	pid = sys_clone3(&args);
	if (pid == 0)
		enter(initfd, argv[3], argv + 4);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
