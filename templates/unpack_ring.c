/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_ring.h"

#include <stdlib.h>

int ring_init(struct unpack_ring *r, struct error *err)
{
	/* Pages that are never filled are never there. */
	*r = (struct unpack_ring){ .blocks = malloc((size_t)RING_BLOCKS * RING_BLOCK) };
	if (!r->blocks)
		return error_set(err, ERR_RESOURCE, "no memory");
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->moved, NULL);
	return 0;
}

void ring_clear(struct unpack_ring *r)
{
	if (!r->blocks)
		return;
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
	free(r->blocks);
	*r = (struct unpack_ring){ 0 };
}

static char *block(const struct unpack_ring *r, size_t number)
{
	return r->blocks + number % RING_BLOCKS * RING_BLOCK;
}

void *ring_room(struct unpack_ring *r)
{
	char *room = NULL;

	pthread_mutex_lock(&r->lock);
	while (r->filled - r->used == RING_BLOCKS && !r->is_stopped)
		pthread_cond_wait(&r->moved, &r->lock);
	if (!r->is_stopped)
		room = block(r, r->filled);
	pthread_mutex_unlock(&r->lock);
	return room;
}

void ring_put(struct unpack_ring *r, size_t len)
{
	pthread_mutex_lock(&r->lock);
	r->len[r->filled++ % RING_BLOCKS] = len;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

void ring_end(struct unpack_ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->has_ended = true;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

bool ring_is_stopped(struct unpack_ring *r)
{
	bool is_stopped;

	pthread_mutex_lock(&r->lock);
	is_stopped = r->is_stopped;
	pthread_mutex_unlock(&r->lock);
	return is_stopped;
}

size_t ring_take(struct unpack_ring *r, const void **out)
{
	size_t len = 0;

	pthread_mutex_lock(&r->lock);
	if (r->is_lent) {
		r->is_lent = false;
		r->used++;
		pthread_cond_signal(&r->moved);
	}
	while (r->filled == r->used && !r->has_ended)
		pthread_cond_wait(&r->moved, &r->lock);
	if (r->filled != r->used) {
		*out = block(r, r->used);
		len = r->len[r->used % RING_BLOCKS];
		r->is_lent = true;
	}
	pthread_mutex_unlock(&r->lock);
	return len;
}

void ring_stop(struct unpack_ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->is_stopped = true;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}
