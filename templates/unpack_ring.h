/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_RING_H
#define TEMPLATES_UNPACK_RING_H

/*
 * A bounded ring of blocks between one thread that fills them and one that uses
 * them up: neither runs ahead by more than the ring holds, which is all the
 * memory there is of it.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { RING_BLOCK = 256 * 1024, RING_BLOCKS = 8 };

struct unpack_ring {
	pthread_mutex_t lock;
	pthread_cond_t moved;		/* a full ring and an empty one never wait at once */
	char *blocks;			/* owned */
	size_t len[RING_BLOCKS];
	size_t filled, used;		/* how many blocks were put, and given back */
	bool is_lent;			/* block number used is with the reader */
	bool has_ended, is_stopped;
};

int ring_init(struct unpack_ring *r, struct error *err);
void ring_clear(struct unpack_ring *r);

/* For the writer. Waits for a free block of RING_BLOCK bytes; NULL when the reader has stopped. */
void *ring_room(struct unpack_ring *r);
/* Hands over len bytes (at least 1) of the block that ring_room() gave. */
void ring_put(struct unpack_ring *r, size_t len);
/* Nothing more comes; what the writer wrote before, the reader sees after the end. */
void ring_end(struct unpack_ring *r);
bool ring_is_stopped(struct unpack_ring *r);

/* For the reader. Gives back the block taken before, waits for the next one and returns its length;
 * *out is good until the next call. 0 at the end. */
size_t ring_take(struct unpack_ring *r, const void **out);
/* Nothing more is wanted: wakes a writer that waits for room. */
void ring_stop(struct unpack_ring *r);

#endif
