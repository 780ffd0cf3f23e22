/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/table_share.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

enum {
	WORKERS_MAX = 8, WORTH_A_WORKER = 256,	/* zones: some 10 ms, a process costs 0.5 */
	PIPE_ROOM = 1 << 20,		/* so that a worker mostly need not wait for its reader */
	ROWS_MAX = 1 << 30,		/* bytes */
};

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
	size_t first, last;		/* names */
};

/* Ahead of the rows, so that one that was killed half-way is told from one that is through. */
struct report {
	size_t failed, n_rows, len;
};

static void worker_main(struct cli *cli, struct table *t, char *const *names, table_fill *fill,
			const struct worker *w)
{
	AUTO_STR struct str rows = { 0 };
	struct error gone = { 0 };
	struct report report;

	report.failed = fill(cli, t, names + w->first, w->last - w->first);
	report.n_rows = t->n_rows;
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		pack_cell(&rows, &t->cells[i]);
	report.len = rows.len;
	if (fd_write_all(w->fd, &report, sizeof(report), &gone) == 0)
		(void)fd_write_all(w->fd, str_text(&rows), rows.len, &gone); /* nobody reads on */
	_exit(0);
}

static void start(struct worker *w, struct cli *cli, struct table *t, char *const *names,
		  table_fill *fill)
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
		w->fd = pair[1];
		worker_main(cli, t, names, fill, w);
	}
	close(pair[1]);
	w->fd = pair[0];
}

static bool take_rows(struct worker *w, struct table *t, size_t *failed)
{
	AUTO_FREE char *rows = NULL;
	struct error gone = { 0 };
	struct report report;
	size_t len = 0;
	const char *at;

	if (w->fd < 0 || fd_read_exact(w->fd, &report, sizeof(report), &gone) < 0 ||
	    fd_read_all(w->fd, ROWS_MAX, &rows, &len, &gone) < 0 || len != report.len)
		return false;
	at = rows;
	for (size_t i = 0; i < report.n_rows; i++) {
		struct table_cell *row = table_row(t);

		for (size_t c = 0; c < t->n_columns; c++)
			at = unpack_cell(&row[c], at);
	}
	*failed += report.failed;
	return true;
}

static void reap(struct worker *w)
{
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

size_t table_share(struct cli *cli, struct table *t, char *const *names, table_fill *fill)
{
	struct worker workers[WORKERS_MAX];
	size_t n = strv_len(names), n_workers = count_workers(n), part = n / n_workers + 1;
	size_t own = part, failed = 0;

	/* This process prints all rows, which takes as long as a tenth of a part. */
	if (n_workers > 1) {
		own -= part / 10;
		part += part / 10 / (n_workers - 1) + 1;
	}
	for (size_t i = 1; i < n_workers; i++) {
		struct worker *w = &workers[i];
		size_t first = own + (i - 1) * part;

		w->first = first < n ? first : n;
		w->last = w->first + part < n ? w->first + part : n;
		start(w, cli, t, names, fill);
	}
	failed += fill(cli, t, names, own < n ? own : n);
	for (size_t i = 1; i < n_workers; i++) {
		struct worker *w = &workers[i];

		/* What a worker that could not be had, or was killed, left undone. */
		if (!take_rows(w, t, &failed))
			failed += fill(cli, t, names + w->first, w->last - w->first);
		reap(w);
	}
	return failed;
}
