/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { CHUNK = 4096, DRAIN_MAX = 64 };	/* DRAIN_MAX chunks at the end, so that it ends */

static int open_log(struct console *c, struct error *err)
{
	struct stat st;

	/* In a directory of host root's that no zone can reach; still no link is followed. */
	c->logfd = openat(c->zone_dirfd, CONSOLE_LOG,
			  O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (c->logfd < 0 || fstat(c->logfd, &st) < 0)
		return error_sys(err, "open '%s'", CONSOLE_LOG);
	c->log_size = st.st_size;
	return 0;
}

/* The same path both sides use: too long a --root must not matter (unix(7), 108 bytes). */
static struct sockaddr_un address(int rundirfd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" CONSOLE_SOCKET,
		 rundirfd);
	return addr;
}

static int listen_at(int rundirfd, struct error *err)
{
	struct sockaddr_un addr = address(rundirfd);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlinkat(rundirfd, CONSOLE_SOCKET, 0);	/* of a keeper that was killed */
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, CONSOLE_CLIENTS) < 0)
		return error_sys(err, "listen for the console");
	return TAKE_FD(fd);
}

void console_init(struct console *c, int zone_dirfd, struct ready *ready, struct notices *notices)
{
	*c = (struct console){
		.zone_dirfd = zone_dirfd, .ready = ready, .notices = notices,
		.masterfd = -1, .slavefd = -1, .listenfd = -1, .logfd = -1,
	};
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++)
		c->clients[i] = -1;
}

int console_open(struct console *c, int rundirfd, int masterfd, struct error *err)
{
	c->masterfd = masterfd;
	if (fcntl(masterfd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return error_sys(err, "set up the console");
	c->slavefd = ioctl(masterfd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->slavefd < 0)
		return error_sys(err, "hold the console");
	c->listenfd = listen_at(rundirfd, err);
	if (c->listenfd < 0)
		return -1;
	return c->logfd >= 0 ? 0 : open_log(c, err);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void console_hang_up(struct console *c)
{
	c->n_typed = 0;
	close_one(&c->listenfd);
	close_one(&c->slavefd);
	close_one(&c->masterfd);
}

void console_close(struct console *c)
{
	console_hang_up(c);
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++)
		close_one(&c->clients[i]);
	close_one(&c->logfd);
}

static void write_log(struct console *c, const char *data, size_t len)
{
	struct error err = { 0 };

	if (c->log_size >= CONSOLE_LOG_MAX) {
		close_one(&c->logfd);
		(void)renameat(c->zone_dirfd, CONSOLE_LOG, c->zone_dirfd, CONSOLE_LOG ".1");
		(void)open_log(c, &err);	/* without a log the console still works */
	}
	/* A full disk costs the log, never the zone. */
	if (c->logfd >= 0 && fd_write_all(c->logfd, data, len, &err) == 0)
		c->log_size += (off_t)len;
}

static void spread(struct console *c, const char *data, size_t len)
{
	write_log(c, data, len);
	ready_see_console(c->ready, data, len);
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++) {
		if (c->clients[i] < 0)
			continue;
		if (send(c->clients[i], data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN)
			close_one(&c->clients[i]);
	}
}

static bool read_master(struct console *c)
{
	char buf[CHUNK];
	ssize_t n = read(c->masterfd, buf, sizeof(buf));

	if (n <= 0)
		return false;
	spread(c, buf, (size_t)n);
	return true;
}

static void flush_typed(struct console *c)
{
	ssize_t n = write(c->masterfd, c->typed, c->n_typed);

	if (n <= 0)
		return;
	c->n_typed -= (size_t)n;
	memmove(c->typed, c->typed + n, c->n_typed);
}

static void read_client(struct console *c, int *client)
{
	struct error err = { 0 };
	size_t n_fds = 1;
	int noticefd = -1;
	ssize_t n = fd_receive(*client, &noticefd, &n_fds, c->typed + c->n_typed,
			       CONSOLE_TYPED - c->n_typed, &err);

	if (n <= 0)
		close_one(client);
	if (n > 0 && n_fds == 1)
		notices_add(c->notices, noticefd);
	if (n <= 0 || n_fds == 1)
		return;
	c->n_typed += (size_t)n;
	flush_typed(c);
}

static void accept_client(struct console *c)
{
	struct error err = { 0 };
	int fd = accept4(c->listenfd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++) {
		if (c->clients[i] >= 0)
			continue;
		if (fd_send(fd, &c->masterfd, 1, "c", 1, &err) < 0)
			break;
		c->clients[i] = fd;
		return;
	}
	close(fd);
}

/* Order: the listener, the master, the clients; console_serve() reads them by number. */
size_t console_poll_set(const struct console *c, struct pollfd fds[CONSOLE_FDS])
{
	size_t n = 0;

	fds[n++] = (struct pollfd){ c->listenfd, POLLIN, 0 };
	fds[n++] = (struct pollfd){ c->masterfd, POLLIN, 0 };
	if (c->n_typed > 0)
		fds[1].events |= POLLOUT;
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++)
		if (c->clients[i] >= 0)
			fds[n++] = (struct pollfd){ c->clients[i],
						    c->n_typed < CONSOLE_TYPED ? POLLIN : 0, 0 };
	return n;
}

static void serve_fd(struct console *c, const struct pollfd *fd)
{
	if (fd->fd == c->listenfd) {
		accept_client(c);
		return;
	}
	if (fd->fd == c->masterfd) {
		if (fd->revents & POLLOUT)
			flush_typed(c);
		if (fd->revents & POLLIN)
			read_master(c);
		return;
	}
	for (size_t i = 0; i < CONSOLE_CLIENTS; i++)
		if (c->clients[i] == fd->fd)
			read_client(c, &c->clients[i]);
}

void console_serve(struct console *c, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents)
			serve_fd(c, &fds[i]);
}

void console_drain(struct console *c)
{
	for (int i = 0; i < DRAIN_MAX && read_master(c); i++)
		;
}

void console_note(struct console *c, const char *text)
{
	write_log(c, text, strlen(text));
}

int console_connect(int rundirfd, int *out_ptyfd, struct error *err)
{
	struct sockaddr_un addr = address(rundirfd);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ptyfd = -1;
	size_t n_fds = 1;
	char byte;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "connect to the console");
	if (fd_receive(fd, &ptyfd, &n_fds, &byte, 1, err) < 0)
		return -1;
	if (n_fds != 1)
		return error_set(err, ERR_BUSY, "the console has %d users already",
				 CONSOLE_CLIENTS);
	*out_ptyfd = ptyfd;
	return TAKE_FD(fd);
}

int console_send_notices(int rundirfd, int noticefd, struct error *err)
{
	int ptyfd = -1;
	AUTO_CLOSE int fd = console_connect(rundirfd, &ptyfd, err);

	if (ptyfd >= 0)
		close(ptyfd);
	return fd < 0 ? -1 : fd_send(fd, &noticefd, 1, "n", 1, err);
}
