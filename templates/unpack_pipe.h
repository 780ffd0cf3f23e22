/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_PIPE_H
#define TEMPLATES_UNPACK_PIPE_H

/*
 * The stream of an archive, read and decompressed by a thread of its own while
 * the caller writes files: bench/NOTES.md has what it brings. One thread, one
 * ring; what the thread finds wrong the caller is told when it has taken all
 * that came before.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "templates/unpack.h"
#include "templates/unpack_ring.h"
#include "templates/unpack_stream.h"

struct unpack_pipe {
	struct unpack_stream stream;	/* the thread's while is_running */
	struct unpack_ring ring;
	pthread_t thread;
	bool is_running;
};

/* Looks at the archive on fd, as stream_open() does, and starts the thread. */
int unpack_pipe_open(struct unpack_pipe *p, int fd, const struct unpack_limits *limits,
		     struct error *err);
/* The next block, good until the next call; 0 at the end, which a failure is too. */
size_t unpack_pipe_next(struct unpack_pipe *p, const void **out);
/* After the end: why it came, or 0 if the stream is complete. Before it: 0. */
int unpack_pipe_fault(const struct unpack_pipe *p, struct error *err);
/* Takes the rest and checks the end, as stream_end() does. */
int unpack_pipe_end(struct unpack_pipe *p, uint64_t end, struct error *err);
/* Stops the thread, within a tenth of a second where it waits for input. */
void unpack_pipe_close(struct unpack_pipe *p);

#endif
