/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

enum { SEND_FDS_MAX = 8, KERNEL_FDS_MAX = 253 /* SCM_MAX_FD */, NAME_TRIES = 16 };

/* read(2) over EINTR, until len bytes are there or the end is. */
static ssize_t read_full(int fd, char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_read_all(int fd, size_t max, char **out, size_t *out_len, struct error *err)
{
	enum { FIRST = 4096 };
	AUTO_FREE char *data = NULL;
	size_t len = 0, room = 0;

	/* The size is not asked for: /proc says 0, and a file may grow while it is read. */
	do {
		ssize_t n;

		room = room == 0 ? FIRST : 2 * room;
		room = room > max ? max + 1 : room;
		data = xreallocarray(data, room + 1, 1);
		n = read_full(fd, data + len, room - len);
		if (n < 0)
			return error_sys(err, "read");
		len += (size_t)n;
	} while (len == room && len <= max);
	if (len > max)
		return error_set(err, ERR_USAGE, "longer than %zu bytes", max);
	data[len] = '\0';
	*out = TAKE_PTR(data);
	if (out_len)
		*out_len = len;
	return 0;
}

int fd_write_all(int fd, const void *data, size_t len, struct error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "write");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_write_at(int fd, const void *data, size_t len, off_t offset, struct error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, at, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "write");
		at += n;
		offset += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_exact(int fd, void *buf, size_t len, struct error *err)
{
	ssize_t n = read_full(fd, buf, len);

	if (n < 0)
		return error_sys(err, "read");
	if ((size_t)n < len)
		return error_set(err, ERR_FAILED, "read: ended after %zd of %zu bytes", n, len);
	return 0;
}

int fd_write_control(int dirfd, const char *name, const char *text, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n = -1;

	if (fd < 0)
		return error_sys(err, "write '%s'", name);
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, "write '%s'", name);
	if ((size_t)n < len)
		return error_set(err, ERR_FAILED, "write '%s': only %zd of %zu bytes taken", name,
				 n, len);
	return 0;
}

/* The kernel makes up the text of such a file when it is read, and gives all that fits into a page:
 * where less than half of one came, nothing is left (seq_read_iter() in fs/seq_file.c ends early
 * only for a line that does not fit). To ask once more would be a fifth of the work. */
static ssize_t read_control(int fd, char *buf, size_t size)
{
	enum { ENDED = 2048 };
	ssize_t n, rest;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n <= 0 || n < ENDED)
		return n;
	rest = read_full(fd, buf + n, size - (size_t)n);
	return rest < 0 ? -1 : n + rest;
}

ssize_t fd_read_control(int dirfd, const char *name, char *buf, size_t size, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read_control(fd, buf, size);

	if (n < 0)
		return error_sys(err, "read '%s'", name);
	if ((size_t)n == size)
		return error_set(err, ERR_FAILED, "read '%s': longer than %zu bytes", name,
				 size - 1);
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

char *fd_temporary_name(char out[FD_TEMPORARY_SIZE])
{
	uint32_t random = 0;

	/* Without randomness (early boot) the name is still tried with O_EXCL, and is then taken or
	 * not; so a failure needs no report. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)getpid();
	snprintf(out, FD_TEMPORARY_SIZE, ".zonectl-%08" PRIx32, random);
	return out;
}

/* Makes a file of a new name below dirfd; the name is put into out. */
static int create_temporary(int dirfd, char out[FD_TEMPORARY_SIZE])
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int fd = openat(dirfd, fd_temporary_name(out),
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* dirfd may be an O_PATH descriptor, which fsync(2) does not take. */
static int sync_dir(int dirfd)
{
	AUTO_CLOSE int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

struct replacement {
	const char *name;
	mode_t mode;
	const char *text;
	size_t len;
	bool sync;
};

static int fill(int fd, const struct replacement *r, struct error *err)
{
	/* The mode is set, not only asked for, so that the umask has no part in it. */
	if (fchmod(fd, r->mode) < 0)
		return error_sys(err, "change mode");
	if (fd_write_all(fd, r->text, r->len, err) < 0)
		return -1;
	if (r->sync && fsync(fd) < 0)
		return error_sys(err, "sync");
	return 0;
}

static int replace(int dirfd, const struct replacement *r, struct error *err)
{
	char temporary[FD_TEMPORARY_SIZE];
	AUTO_CLOSE int fd = create_temporary(dirfd, temporary);

	if (fd < 0)
		return error_sys(err, "write '%s'", r->name);
	if (fill(fd, r, err) < 0) {
		unlinkat(dirfd, temporary, 0);
		return error_wrap(err, "write '%s'", r->name);
	}
	if (renameat(dirfd, temporary, dirfd, r->name) < 0) {
		error_sys(err, "write '%s'", r->name);
		unlinkat(dirfd, temporary, 0);
		return -1;
	}
	if (r->sync && sync_dir(dirfd) < 0)
		return error_sys(err, "write '%s': sync its directory", r->name);
	return 0;
}

int fd_replace(int dirfd, const char *name, mode_t mode, const char *text, size_t len,
	       struct error *err)
{
	struct replacement r = {
		.name = name, .mode = mode, .text = text, .len = len, .sync = true,
	};

	return replace(dirfd, &r, err);
}

int fd_replace_nosync(int dirfd, const char *name, mode_t mode, const char *text, size_t len,
		      struct error *err)
{
	struct replacement r = { .name = name, .mode = mode, .text = text, .len = len };

	return replace(dirfd, &r, err);
}

int fd_send(int sock, const int *fds, size_t n, const void *data, size_t len, struct error *err)
{
	union {
		struct cmsghdr header;	/* for its alignment */
		char bytes[CMSG_SPACE(SEND_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent = -1;

	if (n > SEND_FDS_MAX || len == 0) {
		errno = EINVAL;
		return error_sys(err, "send %zu descriptors", n);
	}
	if (n > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(n * sizeof(int)),
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, n * sizeof(int));
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_sys(err, "send");
	/* A signal may cut a message short; the descriptors went with its first byte. */
	if ((size_t)sent < len)
		return fd_send(sock, NULL, 0, (const char *)data + sent, len - (size_t)sent, err);
	return 0;
}

/* Keeps the first room descriptors of a message in fds and closes the others; returns how many
 * there were. */
static size_t take_fds(struct msghdr *msg, int *fds, size_t room)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (n < room)
				fds[n] = fd;
			else
				close(fd);
			n++;
		}
	}
	return n;
}

ssize_t fd_receive(int sock, int *fds, size_t *n_fds, void *data, size_t len, struct error *err)
{
	union {
		struct cmsghdr header;	/* for its alignment */
		char bytes[CMSG_SPACE(KERNEL_FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	ssize_t got = -1;
	size_t n;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_sys(err, "receive");
	n = take_fds(&msg, fds, *n_fds);
	if (n > *n_fds || (msg.msg_flags & MSG_CTRUNC)) {
		for (size_t i = 0; i < n && i < *n_fds; i++)
			close(fds[i]);
		return error_set(err, ERR_FAILED, "receive: more than %zu descriptors", *n_fds);
	}
	*n_fds = n;
	return got;
}

int fd_move_up(int fd, int min, struct error *err)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, min);

	if (moved < 0)
		return error_sys(err, "move descriptor %d", fd);
	close(fd);
	return moved;
}
