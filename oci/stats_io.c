/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/stats_parts.h"

static void put_entry(struct json_out *out, unsigned long major, unsigned long minor,
		      const char *op, uint64_t value)
{
	json_out_object(out, NULL);
	stats_put(out, "major", major);
	stats_put(out, "minor", minor);
	if (*op)
		json_out_str(out, "op", op);
	stats_put(out, "value", value);
	json_out_end_object(out);
}

/* "8:0 Read 4096" or "8:0 4096"; a last line "Total 4096" is of no device. */
static bool put_line_v1(struct json_out *out, const char *line)
{
	unsigned long major, minor;
	unsigned long long value;
	char op[32];

	if (sscanf(line, "%lu:%lu %31[A-Za-z] %llu", &major, &minor, op, &value) == 4)
		put_entry(out, major, minor, op, value);
	else if (sscanf(line, "%lu:%lu %llu", &major, &minor, &value) == 3)
		put_entry(out, major, minor, "", value);
	else
		return false;
	return true;
}

/* The scheduler that has the figure, bfq before cfq, else what is counted before any of them. */
static char *read_v1(int fd, const char *name)
{
	static const char *const prefixes[] = { "blkio.bfq.", "blkio.", "blkio.throttle." };

	for (size_t i = 0; i < N_ROWS(prefixes); i++) {
		AUTO_FREE char *file = xasprintf("%s%s_recursive", prefixes[i], name);
		char *text = stats_text(fd, file);

		if (strchr(text, ':'))
			return text;
		free(text);
	}
	return xstrdup("");
}

static void io_v1(struct json_out *out, int fd)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
		{ "ioServiceBytesRecursive", "io_service_bytes" },
		{ "ioServicedRecursive", "io_serviced" },
		{ "ioQueueRecursive", "io_queued" },
		{ "ioServiceTimeRecursive", "io_service_time" },
		{ "ioWaitTimeRecursive", "io_wait_time" },
		{ "ioMergedRecursive", "io_merged" },
		{ "ioTimeRecursive", "time" },
		{ "sectorsRecursive", "sectors" },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++) {
		AUTO_FREE char *text = read_v1(fd, rows[i].name);
		char *save = NULL;

		if (!*text)
			continue;
		json_out_array(out, rows[i].key);
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			(void)put_line_v1(out, line);	/* a total is left out */
		json_out_end_array(out);
	}
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void put_line_v2(struct json_out *out, const char *line, const char *unit)
{
	static const struct {
		char letter;
		const char *op;
	} ops[] = { { 'r', "Read" }, { 'w', "Write" }, { 'd', "Discard" } };
	unsigned long major, minor;

	if (sscanf(line, "%lu:%lu ", &major, &minor) != 2)
		return;
	for (size_t i = 0; i < N_ROWS(ops); i++) {
		const char key[] = { ' ', ops[i].letter, '\0' };
		AUTO_FREE char *word = xasprintf("%s%s=", key, unit);
		const char *at = strstr(line, word);

		if (at)
			put_entry(out, major, minor, ops[i].op,
				  strtoull(at + strlen(word), NULL, 10));
	}
}

static void io_v2(struct json_out *out, int fd)
{
	static const struct {
		const char *key, *unit;
	} rows[] = { { "ioServiceBytesRecursive", "bytes" }, { "ioServicedRecursive", "ios" } };

	for (size_t i = 0; i < N_ROWS(rows); i++) {
		AUTO_FREE char *text = stats_text(fd, "io.stat");
		char *save = NULL;

		if (!strchr(text, '='))
			continue;
		json_out_array(out, rows[i].key);
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			put_line_v2(out, line, rows[i].unit);
		json_out_end_array(out);
	}
}

void stats_block_io(struct json_out *out, const struct span *span)
{
	int fd = span_v1(span, "blkio");

	json_out_object(out, "blkio");
	if (fd >= 0)
		io_v1(out, fd);
	else
		io_v2(out, span_v2(span));
	json_out_end_object(out);
}
