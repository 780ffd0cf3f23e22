/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_pipe.h"

#include <errno.h>

/* The thread's own frames are small, but zlib, liblzma and zstd put tables on the stack. */
enum { STACK = 512 * 1024 };

static bool is_wanted(void *arg)
{
	struct unpack_pipe *p = arg;

	return !ring_is_stopped(&p->ring);
}

static void *fill(void *arg)
{
	struct unpack_pipe *p = arg;

	for (;;) {
		char *room = ring_room(&p->ring);
		ssize_t n = room ? stream_fill(&p->stream, room, RING_BLOCK) : 0;

		if (n <= 0)
			break;
		ring_put(&p->ring, (size_t)n);
	}
	ring_end(&p->ring);
	return NULL;
}

int unpack_pipe_open(struct unpack_pipe *p, int fd, const struct unpack_limits *limits,
		     struct error *err)
{
	pthread_attr_t attr;
	int r;

	if (stream_open(&p->stream, fd, limits, err) < 0 || ring_init(&p->ring, err) < 0)
		return -1;
	p->stream.is_wanted = is_wanted;
	p->stream.arg = p;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	r = pthread_create(&p->thread, &attr, fill, p);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		errno = r;
		return error_sys(err, "start the thread that decompresses");
	}
	p->is_running = true;
	return 0;
}

static void finish(struct unpack_pipe *p)
{
	if (p->is_running)
		pthread_join(p->thread, NULL);
	p->is_running = false;
}

size_t unpack_pipe_next(struct unpack_pipe *p, const void **out)
{
	size_t n = ring_take(&p->ring, out);

	if (n == 0)
		finish(p);
	return n;
}

int unpack_pipe_fault(const struct unpack_pipe *p, struct error *err)
{
	if (p->is_running || !p->stream.has_failed)
		return 0;
	*err = p->stream.err;
	return -1;
}

int unpack_pipe_end(struct unpack_pipe *p, uint64_t end, struct error *err)
{
	const void *data;

	while (unpack_pipe_next(p, &data) > 0)
		;
	if (unpack_pipe_fault(p, err) < 0)
		return -1;
	return stream_end(&p->stream, end, err);
}

void unpack_pipe_close(struct unpack_pipe *p)
{
	if (p->is_running)
		ring_stop(&p->ring);
	finish(p);
	ring_clear(&p->ring);
	stream_close(&p->stream);
}
