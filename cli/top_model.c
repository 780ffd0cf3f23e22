/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/top_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

static const char *const order_names[] = {
	[TOP_BY_CPU] = "cpu", [TOP_BY_MEMORY] = "memory", [TOP_BY_PIDS] = "pids",
	[TOP_BY_IO] = "io", [TOP_BY_NET] = "net", [TOP_BY_NAME] = "name",
};

void top_model_clear(struct top_model *m)
{
	free(m->zones);
	free(m->shown);
	*m = (struct top_model){ 0 };
}

enum top_order top_order_find(const char *name)
{
	for (size_t i = 0; i < N_ROWS(order_names); i++)
		if (strcmp(order_names[i], name) == 0)
			return (enum top_order)i;
	return TOP_ORDERS;
}

const char *top_order_name(enum top_order order)
{
	return order_names[order];
}

static uint64_t key_of(const struct top_zone *z, enum top_order order)
{
	switch (order) {
	case TOP_BY_CPU:
		return z->cpu_permille;
	case TOP_BY_MEMORY:
		return z->now.memory;
	case TOP_BY_PIDS:
		return z->now.pids;
	case TOP_BY_IO:
		return z->io_rate;
	case TOP_BY_NET:
		return z->net_rate;
	case TOP_BY_NAME:
	case TOP_ORDERS:
		break;
	}
	return 0;
}

/* What is not known stands below all that is. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct top_model *m = arg;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	uint64_t x = key_of(&m->zones[i], m->order) + 1, y = key_of(&m->zones[k], m->order) + 1;
	int result = (x < y) - (x > y);

	if (result == 0)
		result = (i > k) - (i < k);
	return m->is_reversed ? -result : result;
}

static bool passes(const struct top_model *m, const struct top_zone *z)
{
	return strstr(z->now.name, m->filter);
}

/* Keeps the chosen one in view; with none chosen, the first is. */
static void follow(struct top_model *m)
{
	size_t most = m->n_shown > m->height ? m->n_shown - m->height : 0;

	if (m->cursor < m->first)
		m->first = m->cursor;
	if (m->height > 0 && m->cursor >= m->first + m->height)
		m->first = m->cursor - m->height + 1;
	if (m->first > most)
		m->first = most;
}

static void choose(struct top_model *m, size_t cursor)
{
	m->cursor = cursor;
	if (cursor < m->n_shown)
		strcpy(m->chosen, m->zones[m->shown[cursor]].now.name);
	follow(m);
}

/* The chosen zone is where it is now; when it has gone, what stands there now is chosen. */
static void find_chosen(struct top_model *m)
{
	size_t last = m->n_shown > 0 ? m->n_shown - 1 : 0;

	for (size_t i = 0; i < m->n_shown; i++)
		if (strcmp(m->zones[m->shown[i]].now.name, m->chosen) == 0) {
			m->cursor = i;
			follow(m);
			return;
		}
	choose(m, m->cursor < last ? m->cursor : last);
}

/* A thousand are sorted within a millisecond, so the list is made anew each time. Whoever looks at
 * its top goes on looking there. */
static void arrange(struct top_model *m)
{
	bool was_at_top = m->cursor == 0 && m->first == 0;

	m->n_shown = 0;
	for (size_t i = 0; i < m->n_zones; i++)
		if (passes(m, &m->zones[i]))
			m->shown[m->n_shown++] = i;
	qsort_r(m->shown, m->n_shown, sizeof(*m->shown), compare, m);
	if (was_at_top)
		choose(m, 0);
	else
		find_chosen(m);
}

static void remember(uint64_t history[TOP_HISTORY], size_t n, uint64_t value)
{
	if (n == TOP_HISTORY)
		memmove(history, history + 1, (TOP_HISTORY - 1) * sizeof(*history));
	history[n < TOP_HISTORY ? n : TOP_HISTORY - 1] = value == TOP_UNKNOWN ? 0 : value;
}

/* Growth in usec microseconds, as growth in as many as per says; 0 when it is not known. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t usec, uint64_t per)
{
	if (before == TOP_UNKNOWN || now == TOP_UNKNOWN || now < before || usec == 0)
		return 0;
	return (uint64_t)((double)(now - before) * (double)per / (double)usec);
}

/* One zone onward from what was known of it, or from nothing. */
static void advance(struct top_zone *z, const struct top_zone *before, const struct top_sample *now)
{
	bool is_same = before && now->started_usec == before->now.started_usec;
	uint64_t usec = is_same ? now->at_usec - before->now.at_usec : 0;

	*z = is_same ? *before : (struct top_zone){ 0 };
	if (is_same) {
		z->cpu_permille = rate(before->now.cpu_usec, now->cpu_usec, usec, 1000);
		z->io_rate = rate(before->now.io, now->io, usec, 1000000);
		z->net_rate = rate(before->now.net, now->net, usec, 1000000);
		remember(z->cpu_history, z->n_history, z->cpu_permille);
		remember(z->memory_history, z->n_history, now->memory);
		z->n_history += z->n_history < TOP_HISTORY;
	}
	z->now = *now;
}

void top_model_update(struct top_model *m, const struct top_sample *samples, size_t n)
{
	struct top_zone *zones = xcalloc(n + 1, sizeof(*zones));
	size_t old = 0;

	for (size_t i = 0; i < n; i++) {
		int order = 1;

		while (old < m->n_zones &&
		       (order = strcmp(m->zones[old].now.name, samples[i].name)) < 0)
			old++;
		advance(&zones[i], old < m->n_zones && order == 0 ? &m->zones[old] : NULL,
			&samples[i]);
	}
	free(m->zones);
	m->zones = zones;
	m->n_zones = n;
	m->shown = xreallocarray(m->shown, n + 1, sizeof(*m->shown));
	arrange(m);
}

void top_model_sort(struct top_model *m, enum top_order order)
{
	m->is_reversed = m->order == order && !m->is_reversed;
	m->order = order;
	arrange(m);
}

void top_model_type(struct top_model *m, char c)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(m->filter);

	if (c == '\0' && n > 0)
		m->filter[n - 1] = '\0';
	else if (c != '\0' && strchr(allowed, c) && n < TOP_FILTER_MAX)
		m->filter[n] = c;
	arrange(m);
}

void top_model_unfilter(struct top_model *m)
{
	memset(m->filter, 0, sizeof(m->filter));
	arrange(m);
}

void top_model_move(struct top_model *m, long rows)
{
	long last = (long)m->n_shown - 1, at = (long)m->cursor;

	if (last < 0)
		return;
	if (rows > last)
		rows = last;
	if (rows < -last)
		rows = -last;
	at += rows;
	choose(m, at < 0 ? 0 : (size_t)(at > last ? last : at));
}

void top_model_resize(struct top_model *m, size_t height)
{
	m->height = height;
	follow(m);
}

const struct top_zone *top_model_chosen(const struct top_model *m)
{
	return m->cursor < m->n_shown ? &m->zones[m->shown[m->cursor]] : NULL;
}

struct top_totals top_model_totals(const struct top_model *m)
{
	struct top_totals t = { .zones = m->n_zones };

	for (size_t i = 0; i < m->n_zones; i++) {
		const struct top_zone *z = &m->zones[i];

		t.frozen += z->now.state == ZONE_FROZEN;
		t.cpu_permille += z->cpu_permille;
		t.memory += z->now.memory == TOP_UNKNOWN ? 0 : z->now.memory;
	}
	return t;
}

uint64_t top_scale(const uint64_t *history, size_t n, uint64_t floor)
{
	for (size_t i = 0; i < n; i++)
		if (history[i] > floor)
			floor = history[i];
	return floor;
}

void top_spark(const uint64_t *history, size_t n, uint64_t scale, unsigned int levels,
	       unsigned char *out, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		size_t back = width - i;
		uint64_t value = back <= n ? history[n - back] : 0;
		double part = scale > 0 ? (double)value / (double)scale : 0;

		/* A little is more than nothing. */
		out[i] = (unsigned char)(part >= 1 ? levels : part * levels);
		if (value > 0 && out[i] == 0)
			out[i] = 1;
	}
}
