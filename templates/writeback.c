/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/writeback.h"

#include <errno.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

static void *work(void *arg)
{
	struct writeback *w = arg;

	w->error = syncfs(w->fd) < 0 ? errno : 0;
	return NULL;
}

void writeback_begin(struct writeback *w, int fd)
{
	pthread_attr_t attr;

	*w = (struct writeback){ .fd = fd };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	w->is_running = pthread_create(&w->thread, &attr, work, w) == 0;
	pthread_attr_destroy(&attr);
}

int writeback_end(struct writeback *w, struct error *err)
{
	if (!w->is_running)
		return 0;
	pthread_join(w->thread, NULL);
	w->is_running = false;
	errno = w->error;
	return w->error ? error_sys(err, "sync the files") : 0;
}
