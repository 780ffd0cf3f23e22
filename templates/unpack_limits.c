/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "templates/unpack.h"

struct limit_row {
	const char *name;
	size_t offset;
	uint64_t value, most;
};

#define FIELD(name) #name, offsetof(struct unpack_limits, name)

/* clang-format off */
static const struct limit_row limit_rows[] = {
	/* field              default               most */
	{ FIELD(bytes),       UINT64_C(64) << 30,   INT64_MAX },
	{ FIELD(entries),     2000000,              UINT32_MAX },
	{ FIELD(ratio),       200,                  UINT32_MAX }, /* text: 10, bomb: 1000 */
	{ FIELD(path),        4095,                 4095 },		/* PATH_MAX with its NUL */
	{ FIELD(depth),       255,                  255 },		/* a descriptor each */
	{ FIELD(seconds),     3600,                 UINT32_MAX },
};
/* clang-format on */

static uint64_t *field(struct unpack_limits *limits, const struct limit_row *row)
{
	return (uint64_t *)((char *)limits + row->offset);
}

void unpack_limits_init(struct unpack_limits *limits)
{
	for (size_t i = 0; i < N_ROWS(limit_rows); i++)
		*field(limits, &limit_rows[i]) = limit_rows[i].value;
}

void unpack_limits_args(const struct unpack_limits *limits, char ***argv)
{
	struct unpack_limits copy = *limits;

	for (size_t i = 0; i < N_ROWS(limit_rows); i++)
		strv_addf(argv, "%s=%" PRIu64, limit_rows[i].name, *field(&copy, &limit_rows[i]));
}

uint64_t *unpack_limit(struct unpack_limits *limits, const char *name, size_t len,
		       uint64_t *out_most)
{
	for (size_t i = 0; i < N_ROWS(limit_rows); i++) {
		const struct limit_row *row = &limit_rows[i];

		if (strlen(row->name) != len || strncmp(row->name, name, len) != 0)
			continue;
		*out_most = row->most;
		return field(limits, row);
	}
	return NULL;
}

int unpack_limits_set(struct unpack_limits *limits, const char *arg, struct error *err)
{
	size_t len = strcspn(arg, "=");
	uint64_t most;
	uint64_t *limit = unpack_limit(limits, arg, len, &most);

	if (!limit || !arg[len])
		return error_set(err, ERR_USAGE, "unknown limit '%s'", arg);
	if (num_u64(arg + len + 1, 1, most, limit, err) < 0)
		return error_wrap(err, "limit '%.*s'", (int)len, arg);
	return 0;
}

static const char done_name[] = "done=";

static const struct { const char *name; size_t offset; } used_rows[] = {
	{ "used-bytes=",   offsetof(struct unpack_options, used_bytes) },
	{ "used-entries=", offsetof(struct unpack_options, used_entries) },
};

static uint64_t *used(struct unpack_options *options, size_t row)
{
	return (uint64_t *)((char *)options + used_rows[row].offset);
}

void unpack_options_args(const struct unpack_options *options, char ***argv)
{
	struct unpack_options copy = { .is_layer = false };

	unpack_limits_init(&copy.limits);
	if (options)
		copy = *options;
	if (copy.is_layer)
		strv_add(argv, "layer");
	if (copy.donefd > 0)
		strv_addf(argv, "%s%d", done_name, copy.donefd);
	for (size_t i = 0; i < N_ROWS(used_rows); i++)
		strv_addf(argv, "%s%" PRIu64, used_rows[i].name, *used(&copy, i));
	unpack_limits_args(&copy.limits, argv);
}

static int donefd_set(struct unpack_options *options, const char *value, struct error *err)
{
	uint64_t fd;

	if (num_u64(value, 3, INT_MAX, &fd, err) < 0)
		return error_wrap(err, "descriptor");
	options->donefd = (int)fd;
	return 0;
}

int unpack_options_set(struct unpack_options *options, const char *arg, struct error *err)
{
	if (strncmp(arg, done_name, strlen(done_name)) == 0)
		return donefd_set(options, arg + strlen(done_name), err);
	if (strcmp(arg, "layer") == 0) {
		options->is_layer = true;
		return 0;
	}
	for (size_t i = 0; i < N_ROWS(used_rows); i++) {
		size_t len = strlen(used_rows[i].name);

		if (strncmp(arg, used_rows[i].name, len) == 0)
			return num_u64(arg + len, 0, INT64_MAX, used(options, i), err);
	}
	return unpack_limits_set(&options->limits, arg, err);
}
