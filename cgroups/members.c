/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cgroups/group.h"

enum { DEPTH_MAX = 64 /* twice what v2.c lets a zone make */, TEXT_MAX = 64 << 10 };

struct found {
	pid_t *list;			/* owned */
	size_t n, room;
};

static void take(struct found *f, const pid_t *pids, size_t n)
{
	if (n > MEMBERS_MAX - f->n)
		n = MEMBERS_MAX - f->n;
	if (n == 0)
		return;
	if (f->n + n > f->room) {
		f->room = 2 * f->room + n;
		f->list = xreallocarray(f->list, f->room, sizeof(*f->list));
	}
	memcpy(f->list + f->n, pids, n * sizeof(*pids));
	f->n += n;
}

/* Groups that go while we look, and threaded ones, whose processes are listed above them
 * (cgroup-v2.rst, "Threads"), have nothing to list. */
static void take_group(int fd, void *arg)
{
	AUTO_FREE pid_t *pids = NULL;
	struct error none = { 0 };
	size_t n = 0;

	if (group_pids(fd, &pids, &n, &none) == 0)
		take(arg, pids, n);
}

/* The names below are the zone's choice, so each step is by descriptor. */
static void walk(int fd, int depth, void (*each)(int fd, void *arg), void *arg)
{
	AUTO_CLOSE int listfd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = listfd < 0 ? NULL : fdopendir(listfd);
	const struct dirent *entry;

	each(fd, arg);
	if (!dir || depth == DEPTH_MAX)
		return;
	(void)TAKE_FD(listfd);	/* closed with dir */
	while ((entry = readdir(dir)) != NULL) {
		AUTO_CLOSE int below = -1;

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		below = openat(fd, entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			walk(below, depth + 1, each, arg);
	}
}

/* Nothing for a zone without groups. */
static int walk_zone(const struct cgroup_host *host, const char *name,
		     void (*each)(int fd, void *arg), void *arg, struct error *err)
{
	char path[GROUP_PATH_MAX];
	struct error missing = { 0 };
	AUTO_CLOSE int fd = -1;

	if (group_path(host->subtree, name, path, err) < 0)
		return -1;
	fd = group_open(host->v2fd, path, &missing);
	if (fd < 0 && missing.sys != ENOENT) {
		*err = missing;
		return -1;
	}
	if (fd >= 0)
		walk(fd, 0, each, arg);
	return 0;
}

struct sum {
	const char *file, *key;
	uint64_t total;
};

static void add_group(int fd, void *arg)
{
	struct sum *s = arg;
	struct error none;
	char text[256];
	size_t len = strlen(s->key);

	if (fd_read_control(fd, s->file, text, sizeof(text), &none) < 0)
		return;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, s->key, len) == 0 && line[len] == ' ')
			s->total += strtoull(line + len, NULL, 10);
	}
}

uint64_t members_sum(const struct cgroup_host *host, const char *name, const char *file,
		     const char *key)
{
	struct sum s = { .file = file, .key = key };
	struct error none;

	(void)walk_zone(host, name, add_group, &s, &none);	/* nothing to add then */
	return s.total;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* One that was moved from group to group meanwhile may have been seen in both. */
static void sort_unique(struct found *f)
{
	size_t n = 0;

	if (f->n == 0)
		return;
	qsort(f->list, f->n, sizeof(*f->list), by_number);
	for (size_t i = 1; i < f->n; i++)
		if (f->list[i] != f->list[n])
			f->list[++n] = f->list[i];
	f->n = n + 1;
}

int members_list(const struct cgroup_host *host, const char *name, pid_t **out, size_t *out_n,
		 struct error *err)
{
	struct found f = { .n = 0 };

	*out = NULL;
	*out_n = 0;
	if (walk_zone(host, name, take_group, &f, err) < 0)
		return -1;
	sort_unique(&f);
	*out = f.list;
	*out_n = f.n;
	return 0;
}

int members_zone_of(const struct cgroup_host *host, pid_t pid, char name[64], struct error *err)
{
	AUTO_FREE char *text = xcalloc(1, TEXT_MAX);
	char file[32], directory[GROUP_PATH_MAX];
	size_t len = strlen(host->subtree);
	const char *at, *zone;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (fd_read_control(AT_FDCWD, file, text, TEXT_MAX, err) < 0) {
		if (err->sys == ENOENT || err->sys == ESRCH)
			return error_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
		return -1;
	}
	*name = '\0';
	/* "0::/SUBTREE/NAME/zone/...", on a line of its own: no group's name holds a newline. */
	at = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!at)
		return 0;
	at += strlen("0::/") + (*at == '\n');
	if (strncmp(at, host->subtree, len) != 0 || at[len] != '/')
		return 0;
	snprintf(directory, sizeof(directory), "%.*s", (int)strcspn(at + len + 1, "/\n"),
		 at + len + 1);
	zone = group_zone_name(directory);
	if (zone && strlen(zone) < 64)
		strcpy(name, zone);
	return 0;
}
