/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "oci/container.h"
#include "oci/groups.h"
#include "oci/oci.h"
#include "oci/spec_linux.h"
#include "oci/spec_resources.h"

/* What the options say, in the place of a file. */
struct given {
	struct oci_cpu cpu;
	struct oci_memory memory;
	struct oci_pids pids;
	struct oci_block_io block_io;
};

enum kind { KIND_FILE, KIND_NUMBER, KIND_COUNT, KIND_BYTES, KIND_LIST, KIND_REFUSED };

struct update_row {
	enum kind kind;
	size_t offset;			/* in struct given */
};

/* clang-format off */
#define OPTION(name) { name, 0, true }
const struct oci_option oci_update_options[] = {
	{ "resources", 'r', true },
	OPTION("blkio-weight"), OPTION("cpu-period"), OPTION("cpu-quota"), OPTION("cpu-burst"),
	OPTION("cpu-share"), OPTION("cpu-rt-period"), OPTION("cpu-rt-runtime"), OPTION("cpu-idle"),
	OPTION("cpuset-cpus"), OPTION("cpuset-mems"), OPTION("kernel-memory"),
	OPTION("kernel-memory-tcp"), OPTION("memory"), OPTION("memory-reservation"),
	OPTION("memory-swap"), OPTION("pids-limit"), OPTION("l3-cache-schema"),
	OPTION("mem-bw-schema"), { 0 },
};

/* In the same order. */
static const struct update_row rows[] = {
	{ KIND_FILE, 0 },
	{ KIND_NUMBER, offsetof(struct given, block_io.weight) },
	{ KIND_COUNT, offsetof(struct given, cpu.period) },
	{ KIND_NUMBER, offsetof(struct given, cpu.quota) },
	{ KIND_COUNT, offsetof(struct given, cpu.burst) },
	{ KIND_COUNT, offsetof(struct given, cpu.shares) },
	{ KIND_COUNT, offsetof(struct given, cpu.realtime_period) },
	{ KIND_NUMBER, offsetof(struct given, cpu.realtime_runtime) },
	{ KIND_NUMBER, offsetof(struct given, cpu.idle) },
	{ KIND_LIST, offsetof(struct given, cpu.cpus) },
	{ KIND_LIST, offsetof(struct given, cpu.mems) },
	{ KIND_BYTES, offsetof(struct given, memory.kernel) },
	{ KIND_BYTES, offsetof(struct given, memory.kernel_tcp) },
	{ KIND_BYTES, offsetof(struct given, memory.limit) },
	{ KIND_BYTES, offsetof(struct given, memory.reservation) },
	{ KIND_BYTES, offsetof(struct given, memory.swap) },
	{ KIND_NUMBER, offsetof(struct given, pids.limit) },
	{ KIND_REFUSED, 0 },
	{ KIND_REFUSED, 0 },
};
/* clang-format on */

_Static_assert(N_ROWS(oci_update_options) == N_ROWS(rows) + 1, "a row for each option");

static int read_number(const char *text, int64_t *out, struct error *err)
{
	bool is_negative = text[0] == '-';
	uint64_t value;

	if (num_u64(text + is_negative, 0, INT64_MAX, &value, err) < 0)
		return -1;
	*out = is_negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

/* "512m", "1.5GB", "4096b", as Docker's units are: powers of 1024 in any case, B or not. */
static int read_bytes(const char *text, int64_t *out, struct error *err)
{
	static const char units[] = "kmgtp";
	char *end;
	double value = strtod(text, &end);
	const char *unit;

	if (strcmp(text, "-1") == 0) {
		*out = -1;
		return 0;
	}
	if (end == text || text[strspn(text, "0123456789.")] != *end || text[0] == '.')
		return error_set(err, ERR_USAGE, "'%s' is no size", text);
	unit = *end == ' ' ? ++end : end;
	unit = *unit ? strchr(units, *unit | 0x20) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		value *= 1024;
	end += unit != NULL;
	end += unit && (*end == 'i' || *end == 'I');
	end += *end == 'b' || *end == 'B';
	if (*end || value >= (double)INT64_MAX)
		return error_set(err, ERR_USAGE, "'%s' is no size", text);
	*out = (int64_t)value;
	return 0;
}

static int read_option(struct given *g, const struct update_row *row, const char *text,
		       struct error *err)
{
	struct json_number *number = (struct json_number *)((char *)g + row->offset);

	switch (row->kind) {
	case KIND_LIST:
		*(const char **)((char *)g + row->offset) = text;
		return 0;
	case KIND_NUMBER:
		number->is_set = true;
		return read_number(text, &number->i, err);
	case KIND_COUNT:
		number->is_set = true;
		return num_u64(text, 0, UINT64_MAX, &number->u, err);
	case KIND_BYTES:
		number->is_set = true;
		return read_bytes(text, &number->i, err);
	case KIND_REFUSED:
		return error_set(err, ERR_UNSUPPORTED, "linux.intelRdt is not supported");
	case KIND_FILE:
		break;
	}
	return 0;
}

static int read_given(const struct oci *oci, struct given *g, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		const char *text = oci_value(oci, (int)i);

		if (!text || !*text)
			continue;
		if (read_option(g, &rows[i], text, err) < 0)
			return error_wrap(err, "invalid value for %s", oci_update_options[i].name);
	}
	return 0;
}

static int read_file(struct oci_spec *out, const char *path, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (strcmp(path, "-") == 0)
		return spec_read_resources(out, STDIN_FILENO, "resources", err);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	if (fd < 0)
		return error_sys(err, "open '%s'", path);
	return spec_read_resources(out, fd, path, err);
}

static int update(struct oci *oci, struct container *c, struct oci_spec *spec, struct error *err)
{
	struct given g = { .cpu.cpus = NULL };
	const struct oci_resources options = { .cpu = &g.cpu, .memory = &g.memory,
					       .pids = &g.pids, .block_io = &g.block_io };
	const char *file = oci_value(oci, 0);

	if (!file || !*file)
		return read_given(oci, &g, err) < 0 ? -1 : groups_update(c, &options, err);
	if (read_file(spec, file, err) < 0)
		return -1;
	return groups_update(c, spec->linux_->resources, err);
}

int oci_update(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct oci_spec spec = { .json = NULL };
	enum container_status status;
	int result;

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, err) < 0 ||
	    container_status(&c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERR_STATE, "container not running");
	result = update(oci, &c, &spec, err);
	spec_clear(&spec);
	return result;
}
