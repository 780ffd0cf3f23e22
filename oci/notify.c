/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

enum { MESSAGE_MAX = 4096, BARRIER_MS = 5000 };

#define INSIDE "/run/notify"
#define DIR_NAME "notify"
#define SOCKET_NAME "notify.sock"

static const char *host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && (path[0] == '/' || path[0] == '@') ? path : NULL;
}

static void add_variable(struct oci_spec *spec)
{
	struct oci_process *p = spec->process;
	const char **env = json_fill_block(&spec->fill, p->n_env + 2, sizeof(*env));

	for (size_t i = 0; i < p->n_env; i++)
		env[i] = p->env[i];
	env[p->n_env++] = "NOTIFY_SOCKET=" INSIDE "/" SOCKET_NAME;
	p->env = env;
}

static void add_mount(struct oci_spec *spec, const char *source)
{
	static const char *options[] = { "bind", "nosuid", "noexec", "nodev", "ro" };
	struct oci_mount *mounts = json_fill_block(&spec->fill, spec->n_mounts + 1,
						   sizeof(*mounts));

	for (size_t i = 0; i < spec->n_mounts; i++)
		mounts[i] = spec->mounts[i];
	mounts[spec->n_mounts++] = (struct oci_mount){
		.destination = INSIDE, .source = source,
		.options = options, .n_options = N_ROWS(options),
	};
	spec->mounts = mounts;
}

int notify_offer(struct container *c, struct error *err)
{
	char link[64], *source;

	if (!host_socket())
		return 0;
	if (mkdirat(c->dirfd, DIR_NAME, 0755) < 0)
		return error_sys(err, "make the directory of NOTIFY_SOCKET");
	/* Whatever the umask: the container's user may be another. */
	if (fchmodat(c->dirfd, DIR_NAME, 0755, 0) < 0)
		return error_sys(err, "open the directory of NOTIFY_SOCKET to all");
	snprintf(link, sizeof(link), "/proc/self/fd/%d/" DIR_NAME, c->dirfd);
	source = json_fill_block(&c->spec.fill, PATH_MAX, 1);
	if (!realpath(link, source)) /* host path */
		return error_sys(err, "find the directory of NOTIFY_SOCKET");
	add_variable(&c->spec);
	add_mount(&c->spec, source);
	return 0;
}

int notify_listen(const struct container *c, int *out, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = -1;

	*out = -1;
	if (!host_socket() || faccessat(c->dirfd, DIR_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* Its name is short by way of the directory's descriptor. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" DIR_NAME "/" SOCKET_NAME,
		 c->dirfd);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "make the container's NOTIFY_SOCKET");
	if (fchmodat(c->dirfd, DIR_NAME "/" SOCKET_NAME, 0777, 0) < 0)
		return error_sys(err, "open the container's NOTIFY_SOCKET to all");
	*out = TAKE_FD(fd);
	return 0;
}

static int host_connect(struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = host_socket();
	size_t len = strlen(path);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (len >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "NOTIFY_SOCKET '%s' is too long", path);
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';	/* unix(7), "abstract" */
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return error_sys(err, "reach NOTIFY_SOCKET '%s'", path);
	return TAKE_FD(fd);
}

/* Whoever listens knows the sender by its pid, which has to be there until it was heard
 * (sd_notify_barrier(3)). One that does not know of that lets go of nothing. */
static int wait_heard(int hostfd, struct error *err)
{
	static const char word[] = "BARRIER=1";
	struct pollfd waiting = { .events = 0 };
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	status = fd_send(hostfd, &ends[1], 1, word, strlen(word), err);
	close(ends[1]);
	waiting.fd = ends[0];
	while (status == 0 && poll(&waiting, 1, BARRIER_MS) < 0 && errno == EINTR)
		;
	close(ends[0]);
	return status;
}

static int tell_host(const char *ready, pid_t main_pid, struct error *err)
{
	AUTO_CLOSE int fd = host_connect(err);
	AUTO_FREE char *text = xasprintf("%s\n", ready);
	AUTO_FREE char *pid = xasprintf("MAINPID=%d\n", (int)main_pid);

	if (fd < 0)
		return -1;
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 ||
	    send(fd, pid, strlen(pid), MSG_NOSIGNAL) < 0)
		return error_sys(err, "tell NOTIFY_SOCKET that the container is ready");
	return wait_heard(fd, err);
}

int notify_pass(int fd, pid_t main_pid, struct error *err)
{
	char text[MESSAGE_MAX + 1], *save = NULL;
	ssize_t n = recv(fd, text, MESSAGE_MAX, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR
			       ? 0 : error_sys(err, "read the container's NOTIFY_SOCKET");
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "READY=", strlen("READY=")) == 0)
			return tell_host(line, main_pid, err) < 0 ? -1 : 1;
	return 0;
}

int notify_wait(int fd, int pidfd, pid_t main_pid, struct error *err)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
					 { .fd = pidfd, .events = POLLIN } };
		int passed;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return error_sys(err, "wait for the container to be ready");
		passed = fds[0].revents ? notify_pass(fd, main_pid, err) : 0;
		if (passed != 0)
			return passed < 0 ? -1 : 0;
		if (fds[1].revents && !fds[0].revents)
			return 0;
	}
}
