/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

/*
 * What the screen of top shows, without the screen: rates from samples, their
 * history, order, filter, the chosen zone and the part of the list in view.
 * Pure: no clock, no terminal, no kernel.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/config.h"
#include "runtime/state.h"

enum { TOP_HISTORY = 32, TOP_FILTER_MAX = 32 };

/* Nothing is known, or of a limit, there is none. */
#define TOP_UNKNOWN UINT64_MAX

/* One zone at one moment. */
struct top_sample {
	char name[ZONE_NAME_MAX + 1];
	enum zone_state state;
	uint64_t cpu_usec;		/* since boot of the zone */
	uint64_t memory, memory_limit;	/* bytes */
	uint64_t pids;
	uint64_t io, net;		/* bytes, both ways, since boot of the zone */
	uint64_t started_usec, at_usec;	/* of one clock: its boot, and this sample */
};

struct top_zone {
	struct top_sample now;
	uint64_t cpu_permille;		/* of one processor, between the last two samples */
	uint64_t io_rate, net_rate;	/* bytes a second */
	uint64_t cpu_history[TOP_HISTORY], memory_history[TOP_HISTORY];	/* the latest last */
	size_t n_history;
};

enum top_order {
	TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_PIDS, TOP_BY_IO, TOP_BY_NET, TOP_BY_NAME, TOP_ORDERS,
};

struct top_totals {
	size_t zones, frozen;		/* that are up */
	uint64_t cpu_permille, memory;
};

struct top_model {
	struct top_zone *zones;		/* by name; owned */
	size_t n_zones;
	enum top_order order;
	bool is_reversed;
	char filter[TOP_FILTER_MAX + 1];	/* part of a name, "": all */
	size_t *shown;			/* of zones, those that pass, in order; owned */
	size_t n_shown;
	char chosen[ZONE_NAME_MAX + 1];	/* stays chosen wherever it is sorted to */
	size_t cursor;			/* of shown, the chosen one */
	size_t first, height;		/* of shown, what is in view */
};

void top_model_clear(struct top_model *m);
/* Takes a sample of all zones that are up, in order of name (strcmp()). The first one of a boot of
 * a zone has no rates. */
void top_model_update(struct top_model *m, const struct top_sample *samples, size_t n);
/* Sorts by order, largest first, or names from a; asked for once more, backward. */
void top_model_sort(struct top_model *m, enum top_order order);
/* "cpu" ... "name"; TOP_ORDERS for none of them. */
enum top_order top_order_find(const char *name);
const char *top_order_name(enum top_order order);
/* Adds a character to the filter, or with 0 takes one away. What no name has is left out. */
void top_model_type(struct top_model *m, char c);
void top_model_unfilter(struct top_model *m);
/* Moves the choice by so many rows, as far as there are some. */
void top_model_move(struct top_model *m, long rows);
/* Rows that there is room for. */
void top_model_resize(struct top_model *m, size_t height);
/* The chosen zone; NULL when none is shown. */
const struct top_zone *top_model_chosen(const struct top_model *m);
struct top_totals top_model_totals(const struct top_model *m);

/* How high each of the last width values of a history stands, 0 (nothing) to levels; scale is what
 * stands at the top. Writes width numbers, 0 where there is no value yet. */
void top_spark(const uint64_t *history, size_t n, uint64_t scale, unsigned int levels,
	       unsigned char *out, size_t width);
/* The largest value of a history, at least floor. */
uint64_t top_scale(const uint64_t *history, size_t n, uint64_t floor);

#endif
