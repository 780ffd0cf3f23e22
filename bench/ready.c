/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a system takes to come up, by its own word: sd_notify(3)'s READY=1.
 *
 *   ready SOCKET COMMAND [ARGUMENT...]
 *
 * Makes SOCKET, which is also the command's NOTIFY_SOCKET, starts the command and waits for the
 * message. Prints milliseconds from fork to message and the command's process, which is left alone,
 * without our input and output: whoever reads those would wait for its end.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 90 * 1000 };

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    chmod(path, 0666) < 0) {
		perror("ready: socket");
		exit(1);
	}
	return fd;
}

/* Each line of a message is one assignment. */
static int is_ready(int fd, double deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char message[4096];

	while (now() < deadline && poll(&p, 1, (int)(deadline - now()) + 1) > 0) {
		ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

		message[n > 0 ? n : 0] = '\0';
		if (strncmp(message, "READY=1", 7) == 0 || strstr(message, "\nREADY=1"))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t quiet;
	double start;
	pid_t pid;
	int fd;

	if (argc < 3) {
		fputs("usage: ready SOCKET COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	fd = listen_at(argv[1]);
	setenv("NOTIFY_SOCKET", argv[1], 1);
	posix_spawn_file_actions_init(&quiet);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_addopen(&quiet, i, "/dev/null", O_RDWR, 0);
	start = now();
	if (posix_spawnp(&pid, argv[2], &quiet, NULL, argv + 2, environ) != 0) {
		perror("ready: start");
		return 1;
	}
	if (!is_ready(fd, start + WAIT_MS)) {
		fputs("ready: it did not say so\n", stderr);
		kill(pid, SIGKILL);
		return 1;
	}
	printf("%.1f %d\n", now() - start, pid);
	return 0;
}
