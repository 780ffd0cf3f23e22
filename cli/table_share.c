/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/table_share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

/*
 * The names are cut into chunks. Whoever is free takes the next one, so that
 * nobody waits for another who was given the dearer zones or the slower
 * processor, and the caller, who prints all of it, is helped by the others as
 * long as there is anything to do. Each chunk has its place in the table, so
 * rows are where they belong whoever made them.
 */

enum {
	WORKERS_MAX = 8, WORTH_A_WORKER = 256,	/* zones: some 10 ms, a process costs 0.5 */
	CHUNK = 32,			/* names: 1 ms */
	PIPE_ROOM = 1 << 20,		/* so that a worker mostly need not wait for its reader */
	ROWS_MAX = 1 << 30,		/* bytes */
};

struct chunk {
	bool is_done;
	size_t n_rows;
};

struct share {
	struct cli *cli;
	struct table *t;
	char *const *names;
	size_t n, n_chunks;
	table_fill *fill;
	struct chunk *chunks;		/* owned */
	atomic_size_t *next;		/* owned, common to all processes: the next chunk to do */
	size_t failed;
};

static struct table_cell *place_of(const struct share *s, size_t chunk)
{
	return s->t->cells + chunk * CHUNK * s->t->n_columns;
}

/* Fills the rows of one chunk into cells, which has room for them. Returns how many failed. */
static size_t fill_chunk(const struct share *s, size_t chunk, struct table_cell *cells,
			 size_t *out_rows)
{
	size_t first = chunk * CHUNK, n = s->n - first < CHUNK ? s->n - first : CHUNK;
	struct table part = *s->t;
	size_t failed;

	part.cells = cells;
	part.n_rows = 0;
	part.room = CHUNK;
	failed = s->fill(s->cli, &part, s->names + first, n);
	*out_rows = part.n_rows;
	return failed;
}

static void do_chunk(struct share *s, size_t i)
{
	s->failed += fill_chunk(s, i, place_of(s, i), &s->chunks[i].n_rows);
	s->chunks[i].is_done = true;
}

/*
 * Rows as bytes. Both ends are one program: pointers to its constants are the same in both.
 */

struct packed {
	struct table_cell cell;		/* text and list are not looked at but for being there */
	size_t len;			/* of the text */
	size_t n;			/* of the list */
};

/* Of a table's columns few are shown. */
static bool is_empty(const struct table_cell *cell)
{
	return !cell->is_set && !cell->text && !cell->list && !cell->shown;
}

/* A byte that says whether there is more, for a cell that is not empty. */
static void pack_cell(struct str *out, const struct table_cell *cell)
{
	struct packed p = { .cell = *cell };

	str_addn(out, is_empty(cell) ? "" : "+", 1);
	if (is_empty(cell))
		return;
	p.n = strv_len(cell->list);
	p.len = cell->text ? strlen(cell->text) : 0;
	str_addn(out, (const char *)&p, sizeof(p));
	if (cell->text)
		str_addn(out, cell->text, p.len + 1);
	for (size_t i = 0; i < p.n; i++)
		str_addn(out, cell->list[i], strlen(cell->list[i]) + 1);
}

static const char *unpack_cell(struct table_cell *cell, const char *at)
{
	struct packed p;

	*cell = (struct table_cell){ .is_set = false };
	if (!*at++)
		return at;
	memcpy(&p, at, sizeof(p));
	at += sizeof(p);
	*cell = p.cell;
	cell->text = NULL;
	cell->list = NULL;
	if (p.cell.text) {
		cell->text = xstrdup(at);
		at += p.len + 1;
	}
	for (size_t i = 0; i < p.n; i++) {
		strv_add(&cell->list, at);
		at += strlen(at) + 1;
	}
	return at;
}

/*
 * Workers
 */

struct worker {
	pid_t pid;
	int fd;				/* where its rows come from */
};

/* Ahead of the rows of a chunk, so that what a killed worker left undone is known. */
struct report {
	size_t chunk, failed, n_rows, len;
};

static void clear_rows(struct table_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(cells[i].text);
		strv_clear(&cells[i].list);
	}
}

static void worker_main(const struct share *s, int fd)
{
	struct error gone = { 0 };
	size_t i;

	while ((i = atomic_fetch_add(s->next, 1)) < s->n_chunks) {
		AUTO_STR struct str rows = { 0 };
		struct report report = { .chunk = i };
		size_t n_cells;

		/* All of them in one place: what it touches is its own copy of the table. */
		report.failed = fill_chunk(s, i, s->t->cells, &report.n_rows);
		n_cells = report.n_rows * s->t->n_columns;
		str_addn(&rows, (const char *)&report, sizeof(report));
		for (size_t k = 0; k < n_cells; k++)
			pack_cell(&rows, &s->t->cells[k]);
		clear_rows(s->t->cells, n_cells);
		report.len = rows.len - sizeof(report);
		memcpy(rows.data, &report, sizeof(report));
		if (fd_write_all(fd, str_text(&rows), rows.len, &gone) < 0)
			break;	/* nobody reads on */
	}
	_exit(0);
}

static void start(struct worker *w, const struct share *s)
{
	int pair[2];

	w->pid = -1;
	w->fd = -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	(void)fcntl(pair[1], F_SETPIPE_SZ, PIPE_ROOM);	/* it works with less */
	w->pid = fork();
	if (w->pid == 0) {
		close(pair[0]);
		worker_main(s, pair[1]);
	}
	close(pair[1]);
	w->fd = pair[0];
}

/* False at the end of what a worker did. */
static bool take_chunk(struct share *s, const struct worker *w)
{
	AUTO_FREE char *rows = NULL;
	struct error gone = { 0 };
	struct table_cell *cells;
	struct report report;
	const char *at;

	if (fd_read_exact(w->fd, &report, sizeof(report), &gone) < 0 ||
	    report.chunk >= s->n_chunks || report.len > ROWS_MAX)
		return false;
	rows = xcalloc(report.len + 1, 1);
	if (fd_read_exact(w->fd, rows, report.len, &gone) < 0)
		return false;
	at = rows;
	cells = place_of(s, report.chunk);
	for (size_t i = 0; i < report.n_rows * s->t->n_columns; i++)
		at = unpack_cell(&cells[i], at);
	s->chunks[report.chunk] = (struct chunk){ .is_done = true, .n_rows = report.n_rows };
	s->failed += report.failed;
	return true;
}

static void finish(struct share *s, struct worker *w)
{
	while (w->fd >= 0 && take_chunk(s, w))
		;
	cleanup_close(&w->fd);
	while (w->pid > 0 && waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static size_t count_workers(size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = cpus > 0 && cpus < WORKERS_MAX ? (size_t)cpus : WORKERS_MAX;

	return n / WORTH_A_WORKER + 1 < most ? n / WORTH_A_WORKER + 1 : most;
}

/* The caller works, too, and does what a worker that was killed left undone. */
static void work(struct share *s, size_t n_workers)
{
	struct worker workers[WORKERS_MAX];
	size_t chunk;

	for (size_t i = 1; i < n_workers; i++)
		start(&workers[i], s);
	while ((chunk = atomic_fetch_add(s->next, 1)) < s->n_chunks)
		do_chunk(s, chunk);
	for (size_t i = 1; i < n_workers; i++)
		finish(s, &workers[i]);
	for (size_t i = 0; i < s->n_chunks; i++)
		if (!s->chunks[i].is_done)
			do_chunk(s, i);
}

/* Names without a row, as of zones that do not run, leave no gap. */
static void close_gaps(struct share *s)
{
	struct table *t = s->t;

	for (size_t i = 0; i < s->n_chunks; i++) {
		struct table_cell *to = t->cells + t->n_rows * t->n_columns;

		if (to != place_of(s, i))
			memmove(to, place_of(s, i),
				s->chunks[i].n_rows * t->n_columns * sizeof(*to));
		t->n_rows += s->chunks[i].n_rows;
	}
}

size_t table_share(struct cli *cli, struct table *t, char *const *names, table_fill *fill)
{
	struct share s = { .cli = cli, .t = t, .names = names, .n = strv_len(names), .fill = fill };
	size_t n_workers = count_workers(s.n);

	s.n_chunks = (s.n + CHUNK - 1) / CHUNK;
	s.next = n_workers > 1 ? mmap(NULL, sizeof(*s.next), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0) :
				 MAP_FAILED;
	if (s.next == MAP_FAILED)
		return fill(cli, t, names, s.n);
	s.chunks = xcalloc(s.n_chunks, sizeof(*s.chunks));
	t->room = s.n_chunks * CHUNK;
	t->cells = xreallocarray(t->cells, t->room, t->n_columns * sizeof(*t->cells));
	work(&s, n_workers);
	close_gaps(&s);
	free(s.chunks);
	munmap(s.next, sizeof(*s.next));
	return s.failed;
}
