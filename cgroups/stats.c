/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { STAT_TEXT_MAX = 4096 };

/* A file that holds one number; 0 where this kernel has no such file. */
static int read_number(int fd, const char *file, uint64_t *out, struct error *err)
{
	char text[64];
	struct error trouble;

	if (fd_read_control(fd, file, text, sizeof(text), &trouble) >= 0) {
		*out = strtoull(text, NULL, 10);
		return 0;
	}
	if (trouble.sys == ENOENT) {
		*out = 0;
		return 0;
	}
	*err = trouble;
	return -1;
}

/* The number after key in a file of "key number" lines; 0 where there is no such line. */
static int read_keyed(int fd, const char *file, const char *key, uint64_t *out, struct error *err)
{
	char text[STAT_TEXT_MAX];
	size_t len = strlen(key);

	if (fd_read_control(fd, file, text, sizeof(text), err) < 0)
		return -1;
	*out = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			*out = strtoull(line + len, NULL, 10);
	}
	return 0;
}

static int memory_stats(const struct cgroup *cg, struct cgroup_stats *out, struct error *err)
{
	int v1fd = cg->v1fd[CGROUP_MEMORY];

	out->has_memory = v1fd >= 0 || cg->on_v2[CGROUP_MEMORY];
	if (!out->has_memory)
		return 0;
	if (v1fd < 0) {
		if (read_number(cg->outerfd, "memory.current", &out->memory, err) < 0 ||
		    read_number(cg->outerfd, "memory.peak", &out->memory_peak, err) < 0)
			return -1;
		return read_keyed(cg->outerfd, "memory.events", "oom_kill", &out->oom_kills, err);
	}
	if (read_number(v1fd, "memory.usage_in_bytes", &out->memory, err) < 0 ||
	    read_number(v1fd, "memory.max_usage_in_bytes", &out->memory_peak, err) < 0)
		return -1;
	return read_keyed(v1fd, "memory.oom_control", "oom_kill", &out->oom_kills, err);
}

static int pids_stats(const struct cgroup *cg, struct cgroup_stats *out, struct error *err)
{
	int v1fd = cg->v1fd[CGROUP_PIDS];

	out->has_pids = v1fd >= 0 || cg->on_v2[CGROUP_PIDS];
	if (!out->has_pids)
		return 0;
	return read_number(v1fd >= 0 ? v1fd : cg->outerfd, "pids.current", &out->pids, err);
}

int cgroup_stats(const struct cgroup *cg, struct cgroup_stats *out, struct error *err)
{
	struct cgroup_stats stats = { 0 };

	/* Processor time is counted on v2 without any controller (cgroup-v2.rst, "cpu.stat"). */
	if (read_keyed(cg->outerfd, "cpu.stat", "usage_usec", &stats.cpu_usec, err) < 0 ||
	    memory_stats(cg, &stats, err) < 0 || pids_stats(cg, &stats, err) < 0)
		return error_wrap(err, "usage of '%s'", cg->name);
	*out = stats;
	return 0;
}
