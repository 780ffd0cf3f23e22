/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

enum {
	STEP_MS = 20,			/* group_wait(): the last step, the first is 1 ms */
	MAKE_TRIES = 32,
	REMOVE_TRIES = 8,
	REMOVE_DEPTH_MAX = 64,		/* twice what v2.c lets a zone make */
	PIDS_TEXT_MAX = 64 << 20,
};

/* Control files have a dot in their names, as systemd's units have, and v1 has "tasks". */
static bool is_taken(const char *name)
{
	return strchr(name, '.') || strcmp(name, "tasks") == 0;
}

int group_path(const char *subtree, const char *name, char out[GROUP_PATH_MAX], struct error *err)
{
	/* A leading "_" would meet another zone's escaped name. */
	if (!*name || strlen(name) > GROUP_NAME_MAX || strchr(name, '/') || *name == '_' ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, ERR_USAGE, "not a name for a cgroup");
	snprintf(out, GROUP_PATH_MAX, "%s/%s%s", subtree, is_taken(name) ? "_" : "", name);
	return 0;
}

const char *group_zone_name(const char *directory)
{
	if (*directory == '_')
		return is_taken(directory + 1) ? directory + 1 : NULL;
	return is_taken(directory) ? NULL : directory;
}

int group_open(int parentfd, const char *path, struct error *err)
{
	int fd = openat(parentfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open cgroup '%s'", path);
	return fd;
}

/* Makes what is missing of the directories before the last component. */
static int make_parents(int rootfd, const char *path, struct error *err)
{
	char part[GROUP_PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* ENOENT: another zone's end took the first of two away; the caller tries again. */
		if (mkdirat(rootfd, part, 0755) < 0 && errno != EEXIST && errno != ENOENT)
			return error_sys(err, "make cgroup '%s'", part);
		*slash = '/';
	}
	return 0;
}

int group_make(int rootfd, const char *path, struct error *err)
{
	for (int i = 0; i < MAKE_TRIES; i++) {
		if (mkdirat(rootfd, path, 0755) == 0)
			return group_open(rootfd, path, err);
		if (errno != ENOENT)
			break;
		if (make_parents(rootfd, path, err) < 0)
			return -1;
	}
	return error_sys(err, "make cgroup '%s'", path);
}

static int remove_group(int parentfd, const char *name, int depth, struct error *err);

static int remove_children(int fd, int depth, struct error *err)
{
	AUTO_CLOSE int listfd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = listfd < 0 ? NULL : fdopendir(listfd);

	if (!dir)
		return error_sys(err, "list cgroup");
	listfd = -1;		/* closed with dir */
	for (;;) {
		const struct dirent *entry = readdir(dir);

		if (!entry)
			return 0;
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (remove_group(fd, entry->d_name, depth, err) < 0)
			return -1;
	}
}

/* The kernel says EBUSY for children and for processes alike. Names of a zone's own groups are
 * any bytes, so no message repeats them. */
static int remove_group(int parentfd, const char *name, int depth, struct error *err)
{
	for (int i = 0; i < REMOVE_TRIES; i++) {
		AUTO_CLOSE int fd = -1;

		if (unlinkat(parentfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return error_sys(err, "remove cgroup");
		if (depth == REMOVE_DEPTH_MAX)
			return error_set(err, ERR_FAILED, "remove cgroup: nested too deep");
		fd = openat(parentfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? 0 : error_sys(err, "open cgroup");
		if (remove_children(fd, depth + 1, err) < 0)
			return -1;
	}
	errno = EBUSY;
	return error_sys(err, "remove cgroup");
}

int group_remove(int parentfd, const char *path, struct error *err)
{
	if (remove_group(parentfd, path, 0, err) < 0)
		return error_wrap(err, "cgroup '%s'", path);
	return 0;
}

void group_prune(int rootfd, const char *subtree)
{
	struct stat st;

	/* rmdir(2) takes the kernel's one cgroup lock even to fail; two links mean no child. */
	if (fstatat(rootfd, subtree, &st, 0) < 0 || st.st_nlink > 2)
		return;
	(void)unlinkat(rootfd, subtree, AT_REMOVEDIR);	/* a zone that starts now keeps it */
}

static int read_event(int eventsfd, const char *flag, bool *out, struct error *err)
{
	char text[128];
	ssize_t n = pread(eventsfd, text, sizeof(text) - 1, 0);
	size_t len = strlen(flag);

	if (n < 0)
		return error_sys(err, "read 'cgroup.events'");
	text[n] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, flag, len) != 0 || line[len] != ' ')
			continue;
		*out = line[len + 1] == '1';
		return 0;
	}
	return error_set(err, ERR_UNSUPPORTED, "cgroup.events has no '%s'", flag);
}

static int open_events(int fd, struct error *err)
{
	int eventsfd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (eventsfd < 0)
		return error_sys(err, "open 'cgroup.events'");
	return eventsfd;
}

int group_event(int fd, const char *flag, bool *out, struct error *err)
{
	AUTO_CLOSE int eventsfd = open_events(fd, err);

	return eventsfd < 0 ? -1 : read_event(eventsfd, flag, out, err);
}

int group_wait(int fd, const char *flag, bool value, int timeout_ms, struct error *err)
{
	AUTO_CLOSE int eventsfd = open_events(fd, err);
	struct pollfd change = { .fd = eventsfd, .events = POLLPRI };
	int64_t end = clock_ms() + timeout_ms;
	int step = 1;

	if (eventsfd < 0)
		return -1;
	/* A change after the read makes poll(2) return at once. But the kernel puts a notice that
	 * comes within 10 ms of another off, and drops it when the group is removed meanwhile
	 * (cgroup_file_notify() and cgroup_rm_file() in kernel/cgroup/cgroup.c): hence the steps,
	 * short ones first, as most zones that are killed are gone in a few milliseconds. */
	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : end - clock_ms();
		bool is_set;

		if (read_event(eventsfd, flag, &is_set, err) < 0)
			return -1;
		if (is_set == value)
			return 1;
		if (timeout_ms >= 0 && left <= 0)
			return 0;
		if (poll(&change, 1, left < 0 || left > step ? step : (int)left) < 0 &&
		    errno != EINTR)
			return error_sys(err, "wait for 'cgroup.events'");
		step = step < STEP_MS / 2 ? step * 2 : STEP_MS;
	}
}

int group_pids(int fd, pid_t **out, size_t *out_n, struct error *err)
{
	AUTO_CLOSE int procsfd = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	pid_t *pids = NULL;
	size_t n = 0, room = 0;

	if (procsfd < 0)
		return error_sys(err, "open 'cgroup.procs'");
	if (fd_read_all(procsfd, PIDS_TEXT_MAX, &text, NULL, err) < 0)
		return error_wrap(err, "read 'cgroup.procs'");
	for (char *at = text, *end; *at; at = end + (*end == '\n')) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		if (n == room) {
			room = room ? room * 2 : 64;
			pids = xreallocarray(pids, room, sizeof(*pids));
		}
		pids[n++] = (pid_t)pid;
	}
	*out = pids;
	*out_n = n;
	return 0;
}

int group_join(int fd, pid_t pid, struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return fd_write_control(fd, "cgroup.procs", text, err);
}

int group_join_thread(int fd, struct error *err)
{
	return fd_write_control(fd, "tasks", "0", err);
}
