/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

/* In runc's words, which scripts look for. */
int handover_check(const struct handover *h, const struct oci_process *process, bool is_foreground,
		   struct error *err)
{
	if (process->terminal && !h->console_socket && !is_foreground)
		return error_set(err, ERR_USAGE, "cannot allocate tty if runc will detach without"
				 " setting console socket");
	if (!process->terminal && h->console_socket)
		return error_set(err, ERR_USAGE, "cannot use console socket if runc will not detach"
				 " or allocate tty");
	return 0;
}

/* A listener whose queue is full makes connect(2) wait as long as a send may take (unix(7)). */
static int connect_to(const char *path, const char *what, struct error *err)
{
	const struct timeval limit = { .tv_sec = HANDOVER_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "%s '%s': the path is too long", what, path);
	strcpy(addr.sun_path, path);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return error_sys(err, "make a socket");
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == EAGAIN ? error_set(err, ERR_FAILED, "%s '%s': nobody accepts", what,
						   path)
				       : error_sys(err, "connect to %s '%s'", what, path);
	return TAKE_FD(sock);
}

/* One descriptor, and a name with it, as runc sends both. */
static int send_fd(const char *path, const char *what, int fd, const char *name, struct error *err)
{
	AUTO_CLOSE int sock = connect_to(path, what, err);

	return sock < 0 ? -1 : fd_send(sock, &fd, 1, name, strlen(name), err);
}

/* Without a newline, as engines read it. */
static int write_pid_file(const char *path, pid_t pid, struct error *err)
{
	AUTO_FREE char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	const char *path_dir;
	AUTO_CLOSE int dirfd = -1;
	char text[16];

	if (slash)
		*slash = '\0';
	path_dir = !slash ? "." : *dir ? dir : "/";
	dirfd = open(path_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (dirfd < 0)
		return error_sys(err, "open the directory of '%s'", path);
	snprintf(text, sizeof(text), "%d", (int)pid);
	return fd_replace_nosync(dirfd, slash ? slash + 1 : dir, 0644, text, strlen(text), err);
}

int handover_give(const struct handover *h, pid_t pid, int pidfd, int ptyfd, struct error *err)
{
	if (ptyfd >= 0 && h->console_socket &&
	    send_fd(h->console_socket, "console socket", ptyfd, "/dev/ptmx", err) < 0)
		return -1;
	if (h->pidfd_socket && send_fd(h->pidfd_socket, "pidfd socket", pidfd, "pidfd", err) < 0)
		return -1;
	return h->pid_file ? write_pid_file(h->pid_file, pid, err) : 0;
}
