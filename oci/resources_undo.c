/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/resources_undo.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/resources_parts.h"

enum {
	TEXT_MAX = 16 << 10,
	ROUNDS = 3,			/* memory and swap, quota and period hold each other */
};

#define DEVICES_LIST "devices.list"
#define OOM_CONTROL "memory.oom_control"
#define NO_RATES "rbps=max wbps=max riops=max wiops=max"

/* What a section of the resources writes. A file that a host does not have is passed over. */
/* clang-format off */
static const struct file_row {
	size_t section;			/* of the pointer in struct oci_resources */
	const char *controller;
	const char *files[11];
	const char *reset;
} file_rows[] = {
#define IN(member) offsetof(struct oci_resources, member)
	{ IN(cpu), "cpu", { "cpu.shares", "cpu.weight", "cpu.idle", "cpu.max", "cpu.max.burst",
	  "cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.cfs_burst_us", "cpu.rt_period_us",
	  "cpu.rt_runtime_us" }, NULL },
	{ IN(cpu), "cpuset", { "cpuset.cpus", "cpuset.mems" }, NULL },
	{ IN(memory), "memory", { "memory.max", "memory.swap.max", "memory.low",
	  "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes",
	  "memory.kmem.tcp.limit_in_bytes", "memory.swappiness", OOM_CONTROL }, NULL },
	{ IN(pids), "pids", { "pids.max" }, NULL },
	{ IN(block_io), "blkio", { "blkio.weight", "blkio.bfq.weight", "blkio.leaf_weight" },
	  NULL },
	{ IN(block_io), "blkio", { "blkio.weight_device", "blkio.bfq.weight_device",
	  "blkio.leaf_weight_device", "blkio.throttle.read_bps_device",
	  "blkio.throttle.write_bps_device", "blkio.throttle.read_iops_device",
	  "blkio.throttle.write_iops_device" }, "0" },
	{ IN(block_io), "io", { "io.weight", "io.bfq.weight" }, "default" },
	{ IN(block_io), "io", { "io.max" }, NO_RATES },
	{ IN(network), "net_cls", { "net_cls.classid" }, NULL },
	{ IN(network), "net_prio", { "net_prio.ifpriomap" }, NULL },
	{ IN(rdma), "rdma", { "rdma.max" }, NULL },
	{ IN(devices), "devices", { DEVICES_LIST }, NULL },
#undef IN
};
/* clang-format on */

/* As it is written: of the table in memory.oom_control that is the number in the first line. */
static char *read_text(int fd, const char *file)
{
	AUTO_FREE char *text = xcalloc(1, TEXT_MAX);
	struct error missing;
	char *space;

	if (fd_read_control(fd, file, text, TEXT_MAX, &missing) < 0)
		return NULL;
	space = strchr(text, ' ');
	if (strcmp(file, OOM_CONTROL) == 0 && space)
		return xstrndup(space + 1, strcspn(space + 1, "\n"));
	return TAKE_PTR(text);
}

static void remember(struct undo *u, int fd, const char *file, const char *reset)
{
	char *text = fd >= 0 ? read_text(fd, file) : NULL;

	if (!text)
		return;
	u->rows = xreallocarray(u->rows, u->n + 1, sizeof(*u->rows));
	u->rows[u->n++] = (struct undo_row){ fd, xstrdup(file), text, reset };
}

static int group_of(const struct span *span, const char *controller)
{
	int fd = span_v1(span, controller);

	return fd >= 0 ? fd : resources_v2(span, controller);
}

void undo_remember(struct undo *out, const struct span *span, const struct oci_resources *r)
{
	static const char *const kinds[] = { "max", "rsvd.max", "limit_in_bytes",
					     "rsvd.limit_in_bytes" };

	*out = (struct undo){ 0 };
	for (size_t i = 0; i < N_ROWS(file_rows); i++) {
		const struct file_row *row = &file_rows[i];
		int fd = -1;

		if (*(void *const *)((const char *)r + row->section))
			fd = group_of(span, row->controller);
		for (const char *const *file = row->files; fd >= 0 && *file; file++)
			remember(out, fd, *file, row->reset);
	}
	for (size_t i = 0; i < r->n_hugepages; i++)
		for (size_t j = 0; j < N_ROWS(kinds); j++) {
			AUTO_FREE char *file = xasprintf("hugetlb.%s.%s", r->hugepages[i].page_size,
							 kinds[j]);

			remember(out, group_of(span, "hugetlb"), file, NULL);
		}
	for (size_t i = 0; i < r->n_unified; i++)
		if (!strchr(r->unified[i].key, '/'))
			remember(out, span_v2(span), r->unified[i].key, NULL);
}

/* "8:0" of "8:0 1000". */
static bool has_line_of(char *const *lines, const char *line)
{
	size_t n = strcspn(line, " ") + 1;

	for (; lines && *lines; lines++)
		if (strncmp(*lines, line, n) == 0)
			return true;
	return false;
}

static void reset_others(const struct undo_row *row, const char *now, char *const *lines)
{
	AUTO_STRV char **present = strv_split(now, "\n");
	struct error seen_later;

	for (char **p = present; p && *p; p++) {
		AUTO_FREE char *text = xasprintf("%.*s %s", (int)strcspn(*p, " "), *p, row->reset);

		if (!has_line_of(lines, *p))
			(void)fd_write_control(row->fd, row->file, text, &seen_later);
	}
}

/* What did not succeed is seen when it is read again. */
static void write_back(const struct undo_row *row, const char *now)
{
	bool is_list = strcmp(row->file, DEVICES_LIST) == 0;
	AUTO_STRV char **lines = strv_split(row->text, "\n");
	struct error seen_later;

	if (is_list)
		(void)fd_write_control(row->fd, "devices.deny", "a", &seen_later);
	if (row->reset)
		reset_others(row, now, lines);
	if (!*row->text && !row->reset && !is_list)
		(void)fd_write_control(row->fd, row->file, "\n", &seen_later);
	for (char **line = lines; line && *line; line++)
		(void)fd_write_control(row->fd, is_list ? "devices.allow" : row->file, *line,
				       &seen_later);
}

static const struct undo_row *restore_round(const struct undo *u)
{
	const struct undo_row *left = NULL;

	for (size_t i = 0; i < u->n; i++) {
		const struct undo_row *row = &u->rows[i];
		AUTO_FREE char *now = read_text(row->fd, row->file), *then = NULL;

		if (!now || strcmp(now, row->text) == 0)
			continue;
		write_back(row, now);
		then = read_text(row->fd, row->file);
		if (!then || strcmp(then, row->text) != 0)
			left = row;
	}
	return left;
}

int undo_restore(const struct undo *u, struct error *err)
{
	const struct undo_row *left = NULL;

	for (int i = 0; i < ROUNDS; i++) {
		left = restore_round(u);
		if (!left)
			return 0;
	}
	return error_set(err, ERR_FAILED, "'%s' could not be put back to '%s'", left->file,
			 left->text);
}

void undo_clear(struct undo *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->rows[i].file);
		free(u->rows[i].text);
	}
	free(TAKE_PTR(u->rows));
	u->n = 0;
}
