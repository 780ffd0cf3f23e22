/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/ssh.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/vfork.h"
#include "runtime/addresses.h"
#include "runtime/hostkeys.h"
#include "runtime/inside.h"
#include "runtime/property_users.h"
#include "runtime/setup_access.h"

enum { KEYS_MAX = 64 << 10, CONNECT_WAIT_MS = 10000 };

/* In the zone: the public keys, a line each, on standard output; 1 when there is no server. One
 * that came after the boot may have no keys yet. */
static int read_keys(void *arg)
{
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_FREE char *lines = NULL;
	struct error ignored = { 0 };

	(void)arg;
	if (!hostkeys_has_server(rootfd))
		return 1;
	(void)setup_make_host_keys(&ignored); /* then there is none to be read */
	lines = hostkeys_read(rootfd);
	return fd_write_all(STDOUT_FILENO, lines, strlen(lines), &ignored) < 0 ? 2 : 0;
}

/* The zone said the text: only what is a public key counts. */
static void add_key(struct str *out, const char *host, const char *line)
{
	struct error not_one = { 0 };

	if (property_check_ssh_key(line, &not_one) == 0)
		str_addf(out, "%s %s\n", host, line);
}

static char *known_hosts_of(const char *text, const char *host)
{
	AUTO_STRV char **lines = strv_split(text, "\n");
	AUTO_STR struct str out = { 0 };

	for (char *const *line = lines; line && *line; line++)
		add_key(&out, host, *line);
	return out.len > 0 ? str_take(&out) : NULL;
}

char *ssh_known_hosts(struct zone *z, const char *host, struct error *err)
{
	struct inside_options options = { .task = { read_keys, NULL }, .is_up = true };
	AUTO_FREE char *text = NULL;
	char *lines;
	int status = inside_hear(z, &options, KEYS_MAX, &text, NULL, err);

	if (status < 0)
		return NULL;
	if (status == 1) {
		error_set(err, ERR_UNSUPPORTED, "the zone has no ssh server");
		error_hint(err, "install one, as openssh-server; or: zonectl login %s", z->name);
		return NULL;
	}
	lines = known_hosts_of(text, host);
	if (!lines)
		error_set(err, ERR_UNSUPPORTED, "the ssh server of the zone has no host key");
	return lines;
}

char *ssh_address(const struct zone *z)
{
	AUTO_STRV char **all = addresses_of(z->site, &z->config);

	return all && *all ? xstrndup(*all, strcspn(*all, "/")) : xstrdup("");
}

/* Of the one address family that text is of; returns its length. */
static socklen_t address_fill(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(SSH_PORT);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(SSH_PORT);
	return sizeof(*v6);
}

/* At most CONNECT_WAIT_MS for a zone that drops what comes. */
static int finish_connect(int fd)
{
	struct pollfd poller = { fd, POLLOUT, 0 };
	int failure = ETIMEDOUT;
	socklen_t len = sizeof(failure);

	if (poll(&poller, 1, CONNECT_WAIT_MS) > 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
		return -1;
	errno = failure;
	return failure == 0 ? 0 : -1;
}

static int connect_to(const char *address, struct error *err)
{
	struct sockaddr_storage to;
	socklen_t len = address_fill(address, &to);
	AUTO_CLOSE int fd = -1;

	if (len == 0)
		return error_set(err, ERR_FAILED, "'%s' is no address", address);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_sys(err, "make a socket");
	if (connect(fd, (struct sockaddr *)&to, len) < 0 &&
	    (errno != EINPROGRESS || finish_connect(fd) < 0))
		return error_sys(err, "connect to %s port %d", address, SSH_PORT);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return error_sys(err, "set up the socket");
	return TAKE_FD(fd);
}

struct from_inside {
	int initfd;
	int fd;
};

static int connect_inside(void *arg, struct error *err)
{
	struct from_inside *f = arg;

	if (setns(f->initfd, CLONE_NEWNET) < 0)
		return error_sys(err, "enter the zone's network namespace");
	f->fd = connect_to("127.0.0.1", err);
	return f->fd < 0 ? -1 : 0;
}

int ssh_connect(struct zone *z, const struct zone_status *status, struct error *err)
{
	AUTO_FREE char *address = ssh_address(z);
	struct from_inside f = { .initfd = status->initfd, .fd = -1 };
	int fd = *address ? connect_to(address, err) : vfork_run(connect_inside, &f, 0, err);

	if (fd >= 0)
		return *address ? fd : f.fd;
	if (err->sys == ECONNREFUSED)
		error_hint(err, "no ssh server answers: zonectl exec %s -- systemctl status ssh",
			   z->name);
	return -1;
}
