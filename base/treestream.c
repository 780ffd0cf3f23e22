/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/treestream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/treestream_io.h"

void tree_io_clear(struct tree_io *io)
{
	free(TAKE_PTR(io->buffer));
}

char *tree_buffer(struct tree_io *io)
{
	if (!io->buffer)
		io->buffer = xcalloc(1, TREE_BUFFER);
	return io->buffer;
}

void tree_made_progress(struct tree_io *io, uint64_t bytes)
{
	io->count.bytes += bytes;
	if (io->progress)
		io->progress(io->arg, &io->count, io->expected);
}

static int broken(struct error *err)
{
	error_set(err, ERR_FAILED, "the other end of the copy is gone");
	err->sys = EPIPE;
	return -1;
}

int tree_wait(const struct tree_io *io, int fd, short events, struct error *err)
{
	/* Where what is to be sent has yet to come, the other end may be gone before. */
	int peerfd = events == POLLIN && fd != io->fd ? io->fd : -1;
	struct pollfd fds[] = { { fd, events, 0 }, { io->stopfd, POLLIN, 0 }, { peerfd, 0, 0 } };

	if (io->stopfd < 0)
		return 0;
	while (poll(fds, N_ROWS(fds), -1) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for the stream");
	if (fds[1].revents)
		return error_set(err, ERR_FAILED, "interrupted");
	return fds[2].revents ? broken(err) : 0;
}

int tree_write(struct tree_io *io, const void *data, size_t len, struct error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n;

		if (tree_wait(io, io->fd, POLLOUT, err) < 0)
			return -1;
		n = send(io->fd, at, len, MSG_NOSIGNAL | (io->stopfd < 0 ? 0 : MSG_DONTWAIT));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return broken(err);
		if (n < 0)
			return error_sys(err, "write to the stream");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int tree_read(struct tree_io *io, void *data, size_t len, struct error *err)
{
	char *at = data;

	while (len > 0) {
		ssize_t n;

		if (tree_wait(io, io->fd, POLLIN, err) < 0)
			return -1;
		n = read(io->fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return broken(err);
		if (n < 0)
			return error_sys(err, "read from the stream");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
