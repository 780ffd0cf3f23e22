/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strv.h"
#include "cgroups/span.h"
#include "oci/container.h"
#include "oci/oci.h"

enum { FORMAT, QUIET };
enum { PS_MAX = 16 << 20 };

const struct oci_option oci_no_options[] = { { 0 } };
const struct oci_option oci_list_options[] = {
	[FORMAT] = { "format", 'f', true }, [QUIET] = { "quiet", 'q', false }, { 0 },
};
const struct oci_option oci_ps_options[] = { [FORMAT] = { "format", 'f', true }, { 0 } };

static bool wants_json(const struct oci *oci)
{
	return oci_value(oci, FORMAT) && strcmp(oci_value(oci, FORMAT), "json") == 0;
}

static int check_format(const struct oci *oci, struct error *err)
{
	const char *format = oci_value(oci, FORMAT);

	if (!format || strcmp(format, "json") == 0 || strcmp(format, "table") == 0)
		return 0;
	return error_set(err, ERR_USAGE, "invalid format option: '%s'", format);
}

int oci_state(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct json_out out = { .depth = 0 };
	int status = -1;

	if (container_open(&c, oci->root, oci->operands[0], 0, err) == 0)
		status = container_print(&c, &out, err);
	if (status == 0)
		str_addf(&oci->out, "%s\n", str_text(&out.text));
	json_out_clear(&out);
	return status;
}

enum { COLUMNS = 6, CELL_MIN = 12, CELL_GAP = 3 };

struct listing {
	struct oci *oci;
	struct json_out json;
	char **cells;			/* COLUMNS a row */
	size_t n;
};

static int add_row(struct listing *l, struct container *c, struct error *err)
{
	enum container_status status;

	if (container_status(c, &status, err) < 0)
		return -1;
	strv_add(&l->cells, c->id);
	strv_addf(&l->cells, "%d", status == CONTAINER_STOPPED ? 0 : (int)c->state.init.pid);
	strv_add(&l->cells, container_status_name(status));
	strv_add(&l->cells, c->state.bundle ? c->state.bundle : "");
	strv_add(&l->cells, c->state.created ? c->state.created : "");
	strv_add(&l->cells, c->state.owner && *c->state.owner ? c->state.owner : "root");
	return 0;
}

/* As runc lines them up. */
static void print_rows(struct str *out, char *const *cells)
{
	size_t n = strv_len(cells);
	int widths[COLUMNS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		int width = (int)strlen(cells[i]) + CELL_GAP;
		int *column = &widths[i % COLUMNS];

		if (width < CELL_MIN)
			width = CELL_MIN;
		if (width > *column)
			*column = width;
	}
	for (size_t i = 0; i < n; i++) {
		if (i % COLUMNS == COLUMNS - 1)
			str_addf(out, "%s\n", cells[i]);
		else
			str_addf(out, "%-*s", widths[i % COLUMNS], cells[i]);
	}
}

static void add_heading(struct listing *l)
{
	static const char *const names[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED",
						    "OWNER" };

	for (size_t i = 0; i < COLUMNS; i++)
		strv_add(&l->cells, names[i]);
}

/* One that is being made, or that goes meanwhile, is left out. */
static int list_one(void *arg, const char *id, struct error *err)
{
	struct listing *l = arg;
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct error gone = { 0 };

	if (container_open(&c, l->oci->root, id, 0, &gone) < 0 || c.state.init.pid == 0)
		return 0;
	l->n++;
	if (oci_value(l->oci, QUIET)) {
		str_addf(&l->oci->out, "%s\n", id);
		return 0;
	}
	return wants_json(l->oci) ? container_print(&c, &l->json, err) : add_row(l, &c, err);
}

int oci_list(struct oci *oci, struct error *err)
{
	struct listing l = { .oci = oci, .json = { .compact = true } };
	int status;

	if (check_format(oci, err) < 0)
		return -1;
	if (wants_json(oci))
		json_out_array(&l.json, NULL);
	else if (!oci_value(oci, QUIET))
		add_heading(&l);
	status = container_each(oci->root, list_one, &l, err);
	if (wants_json(oci)) {
		json_out_end_array(&l.json);
		/* Go writes an empty list so, and what reads it was written for that. */
		str_addf(&oci->out, "%s\n", l.n > 0 ? str_text(&l.json.text) : "null");
	}
	print_rows(&oci->out, l.cells);
	strv_clear(&l.cells);
	json_out_clear(&l.json);
	return status;
}

static int pids_of(const struct container *c, pid_t **out, size_t *out_n, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };

	if (!c->state.cgroup || !*c->state.cgroup) {
		*out = xcalloc(1, sizeof(**out));
		**out = c->state.init.pid;
		*out_n = 1;
		return 0;
	}
	if (span_host(&span, err) < 0 || span_open(&span, c->state.cgroup, err) < 0)
		return -1;
	return span_pids(&span, out, out_n, err);
}

static bool has_pid(const pid_t *pids, size_t n, long pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Which word of the heading is "PID", or -1. */
static int pid_column(const char *line)
{
	AUTO_FREE char *words = xstrndup(line, strcspn(line, "\n"));
	char *save = NULL;
	int i = 0;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save), i++)
		if (strcmp(w, "PID") == 0)
			return i;
	return -1;
}

static long pid_of_line(const char *line, int column)
{
	for (int i = 0; i < column; i++) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
	}
	return strtol(line, NULL, 10);
}

/* What ps(1) of the host says, of the container's processes. */
static int add_lines(struct oci *oci, const char *text, const pid_t *pids, size_t n,
		     struct error *err)
{
	int column = pid_column(text);

	if (column < 0)
		return error_set(err, ERR_USAGE, "couldn't find PID field in ps output");
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n") + (strchr(line, '\n') != NULL);

		if (line == text || has_pid(pids, n, pid_of_line(line, column)))
			str_addn(&oci->out, line, len);
		line += len;
	}
	return 0;
}

static int ps_table(struct oci *oci, const pid_t *pids, size_t n, struct error *err)
{
	static char *const usual[] = { "ps", "-ef", NULL };
	AUTO_STRV char **argv = NULL;
	AUTO_CLOSE int outfd = memfd_create("ps", MFD_CLOEXEC);
	AUTO_CLOSE int pidfd = -1;
	AUTO_FREE char *text = NULL;
	struct proc_spawn spawn = { .argv = usual, .stdin_fd = -1, .stdout_fd = outfd,
				    .stderr_fd = 2, .dirfd = -1 };
	pid_t pid;

	if (outfd < 0)
		return error_sys(err, "make a memfd");
	if (oci->n_operands > 1) {
		strv_add(&argv, "ps");
		for (int i = 1; i < oci->n_operands; i++)
			strv_add(&argv, oci->operands[i]);
		spawn.argv = argv;
	}
	pidfd = proc_spawn(&spawn, &pid, err);
	if (pidfd < 0)
		return -1;
	if (proc_reap(pidfd, err) != 0)
		return error_set(err, ERR_FAILED, "ps of the host failed");
	if (lseek(outfd, 0, SEEK_SET) < 0)
		return error_sys(err, "read what ps said");
	if (fd_read_all(outfd, PS_MAX, &text, NULL, err) < 0)
		return -1;
	return add_lines(oci, text, pids, n, err);
}

int oci_ps(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	AUTO_FREE pid_t *pids = NULL;
	size_t n = 0;

	if (check_format(oci, err) < 0 ||
	    container_open(&c, oci->root, oci->operands[0], 0, err) < 0 ||
	    pids_of(&c, &pids, &n, err) < 0)
		return -1;
	if (!wants_json(oci))
		return ps_table(oci, pids, n, err);
	str_addc(&oci->out, '[');
	for (size_t i = 0; i < n; i++)
		str_addf(&oci->out, "%s%d", i > 0 ? "," : "", (int)pids[i]);
	str_add(&oci->out, "]\n");
	return 0;
}
