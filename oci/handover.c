/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/handover.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

/* In runc's words, which scripts look for. */
int handover_check(const struct handover *h, const struct oci_process *process, bool is_foreground,
		   struct error *err)
{
	if (process->terminal && !h->console_socket && is_foreground)
		return error_set(err, ERR_UNSUPPORTED, "the caller's own terminal is not supported"
				 " yet: --console-socket takes one");
	if (process->terminal && !h->console_socket)
		return error_set(err, ERR_USAGE, "cannot allocate tty if runc will detach without"
				 " setting console socket");
	if (!process->terminal && h->console_socket)
		return error_set(err, ERR_USAGE, "cannot use console socket if runc will not detach"
				 " or allocate tty");
	return 0;
}

/* One descriptor, and the name of the terminal with it, as runc sends it. */
static int send_terminal(const struct handover *h, int ptyfd, struct error *err)
{
	static const char name[] = "/dev/ptmx";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(h->console_socket) >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "--console-socket: the path is too long");
	strcpy(addr.sun_path, h->console_socket);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "connect to console socket '%s'", h->console_socket);
	return fd_send(sock, &ptyfd, 1, name, sizeof(name) - 1, err);
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

int handover_give(const struct handover *h, pid_t pid, int ptyfd, struct error *err)
{
	if (ptyfd >= 0 && h->console_socket && send_terminal(h, ptyfd, err) < 0)
		return -1;
	return h->pid_file ? write_pid_file(h->pid_file, pid, err) : 0;
}
