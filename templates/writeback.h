/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_WRITEBACK_H
#define TEMPLATES_WRITEBACK_H

/*
 * The disk at work beside the processor: a sync of the filesystem in a thread of
 * its own, while the caller reads what was written. It replaces no sync: what is
 * written afterwards needs one of its own, which then has little to wait for.
 */

#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"

struct writeback {
	pthread_t thread;
	int fd;				/* borrowed */
	int error;			/* errno, or 0 */
	bool is_running;
};

/* Starts to sync the filesystem that fd is in. Where there is no thread to be had it does nothing:
 * the sync that follows does all the work. *w is not moved until writeback_end(). */
void writeback_begin(struct writeback *w, int fd);
/* Waits for it. Fails when it did: the kernel tells an error of the disk only once. */
int writeback_end(struct writeback *w, struct error *err);

#endif
