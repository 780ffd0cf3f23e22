/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cgroups/group.h"

enum {
	OWN_MAX = 16 << 10,
	CONTROL_MAX = 4096,
	STEP_MS = 10,
	DEPTH_MAX = 32,
	KILL_ROUNDS = 64,
};

#define ROOT "/sys/fs/cgroup"

/* Takes the hierarchy if it is mounted below the usual place by this name. */
static bool add_part(struct span *s, const char *names, const char *name, long magic)
{
	struct span_part *part = &s->parts[s->n];
	struct statfs fs;

	if (s->n == SPAN_MAX || strlen(names) >= sizeof(part->names))
		return false;
	snprintf(part->where, sizeof(part->where), ROOT "%s%s", *name ? "/" : "", name);
	part->rootfd = open(part->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (part->rootfd < 0)
		return false;
	if (fstatfs(part->rootfd, &fs) < 0 || fs.f_type != magic) {
		close(part->rootfd);
		return false;
	}
	strcpy(part->names, names);
	part->fd = -1;
	part->is_made = false;
	s->n++;
	return true;
}

/* "4:memory:/path"; v2 has no name and is mounted in one of two places. */
static void add_line(struct span *s, char *line)
{
	char *names = strchr(line, ':'), *end = names ? strchr(names + 1, ':') : NULL;

	if (!end)
		return;
	*end = '\0';
	names++;
	if (*names)
		(void)add_part(s, names, strncmp(names, "name=", 5) == 0 ? names + 5 : names,
			       CGROUP_SUPER_MAGIC);	/* not mounted: left out */
	else if (!add_part(s, "", "", CGROUP2_SUPER_MAGIC))
		(void)add_part(s, "", "unified", CGROUP2_SUPER_MAGIC);	/* likewise */
}

int span_host(struct span *s, struct error *err)
{
	AUTO_CLOSE int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	char *save = NULL;

	s->n = 0;
	if (fd < 0)
		return error_sys(err, "open '/proc/self/cgroup'");
	if (fd_read_all(fd, OWN_MAX, &text, NULL, err) < 0)
		return error_wrap(err, "read '/proc/self/cgroup'");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		add_line(s, line);
	if (s->n > 0)
		return 0;
	error_set(err, ERR_UNSUPPORTED, "no cgroup filesystem is mounted at " ROOT);
	return error_hint(err, "mount -t cgroup2 none " ROOT);
}

static bool has_name(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; *at; at += strspn(at, ",")) {
		size_t n = strcspn(at, ",");

		if (n == len && strncmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool is_v2(const struct span_part *part)
{
	return part->names[0] == '\0';
}

bool span_is_pure(const struct span *s)
{
	return s->n == 1 && is_v2(&s->parts[0]);
}

int span_v2(const struct span *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_v2(&s->parts[i]))
			return s->parts[i].fd;
	return -1;
}

int span_v1(const struct span *s, const char *controller)
{
	for (size_t i = 0; i < s->n; i++)
		if (has_name(s->parts[i].names, controller))
			return s->parts[i].fd;
	return -1;
}

/* A new cpuset group has no processor and no memory node (cpusets(7)). */
static int inherit_cpuset(int parentfd, int fd, struct error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < N_ROWS(files); i++) {
		char text[CONTROL_MAX];

		if (fd_read_control(fd, files[i], text, sizeof(text), err) != 0)
			continue;	/* it has some already, as with clone_children */
		if (fd_read_control(parentfd, files[i], text, sizeof(text), err) < 0 ||
		    fd_write_control(fd, files[i], text, err) < 0)
			return -1;
	}
	return 0;
}

/* All that the group has, for those below it; one by one, as one that can't be had here fails the
 * whole write. What a limit needs and did not get is told when that is written. */
static void enable_all(int fd)
{
	char text[CONTROL_MAX], had[CONTROL_MAX], one[SPAN_NAMES_MAX];
	struct error ignored;
	char *save = NULL;

	if (fd_read_control(fd, "cgroup.controllers", text, sizeof(text), &ignored) <= 0)
		return;
	if (fd_read_control(fd, "cgroup.subtree_control", had, sizeof(had), &ignored) < 0)
		had[0] = '\0';
	for (char *space = had; (space = strchr(space, ' '));)
		*space = ',';
	for (char *name = strtok_r(text, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		if (has_name(had, name))
			continue;	/* a write waits for groups that are being removed */
		snprintf(one, sizeof(one), "+%s", name);
		(void)fd_write_control(fd, "cgroup.subtree_control", one, &ignored); /* see above */
	}
}

/* One directory further down. */
static int make_step(const struct span_part *part, int parentfd, const char *name, bool *out_is_new,
		     struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (is_v2(part))
		enable_all(parentfd);
	*out_is_new = mkdirat(parentfd, name, 0755) == 0;
	if (!*out_is_new && errno != EEXIST)
		return error_sys(err, "make cgroup '%s'", name);
	fd = group_open(parentfd, name, err);
	if (fd < 0)
		return -1;
	if (*out_is_new && has_name(part->names, "cpuset") &&
	    inherit_cpuset(parentfd, fd, err) < 0)
		return -1;
	return TAKE_FD(fd);
}

static int add_pids(int fd, pid_t **pids, size_t *n, struct error *err)
{
	AUTO_FREE pid_t *more = NULL;
	size_t n_more = 0;

	if (group_pids(fd, &more, &n_more, err) < 0)
		return -1;
	*pids = xreallocarray(*pids, *n + n_more + 1, sizeof(**pids));
	if (n_more > 0)
		memcpy(*pids + *n, more, n_more * sizeof(*more));
	*n += n_more;
	return 0;
}

static int collect(int fd, pid_t **pids, size_t *n, int depth, struct error *err)
{
	int listfd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = listfd < 0 ? NULL : fdopendir(listfd);

	if (!dir)
		return error_sys(err, "list cgroup");
	if (add_pids(fd, pids, n, err) < 0)
		return -1;
	for (struct dirent *e; depth < DEPTH_MAX && (e = readdir(dir));) {
		AUTO_CLOSE int below = -1;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		below = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0 && collect(below, pids, n, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int check_free(const struct span_part *part, int fd, const char *path, struct error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t n = 0;
	bool is_frozen = false;
	struct error ignored;

	if (collect(fd, &pids, &n, 0, err) < 0)
		return -1;
	if (n > 0)
		return error_set(err, ERR_STATE, "container's cgroup is not empty: %zu process(es)"
				 " found in '%s'", n, path);
	if (is_v2(part) && group_event(fd, "frozen", &is_frozen, &ignored) == 0 && is_frozen)
		return error_set(err, ERR_STATE, "container's cgroup unexpectedly frozen: '%s'",
				 path);
	return 0;
}

static int make_part(struct span_part *part, const char *path, bool is_ours, struct error *err)
{
	AUTO_CLOSE int fd = fcntl(part->rootfd, F_DUPFD_CLOEXEC, 3);
	AUTO_FREE char *names = xstrdup(path);
	bool is_new = false;
	char *save = NULL;

	if (fd < 0)
		return error_sys(err, "copy a descriptor");
	for (char *name = strtok_r(names, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		int next = make_step(part, fd, name, &is_new, err);

		if (next < 0)
			return -1;
		close(fd);
		fd = next;
	}
	if (!is_new && !is_ours && check_free(part, fd, path, err) < 0)
		return -1;
	part->fd = TAKE_FD(fd);
	part->is_made = is_new;
	return 0;
}

/* One that was there may be somebody else's. */
static void unmake(const struct span *s, const char *path)
{
	struct error ignored = { 0 };

	while (*path == '/')
		path++;
	for (size_t i = 0; i < s->n; i++)
		if (s->parts[i].is_made)
			(void)group_remove(s->parts[i].rootfd, path, &ignored);	/* it is empty */
}

static int make_all(struct span *s, const char *path, bool is_ours, struct error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (make_part(&s->parts[i], path, is_ours, err) == 0)
			continue;
		error_wrap(err, "%s", is_v2(&s->parts[i]) ? "cgroup v2" : s->parts[i].names);
		unmake(s, path);
		return -1;
	}
	return 0;
}

int span_make(struct span *s, const char *path, struct error *err)
{
	return make_all(s, path, false, err);
}

int span_adopt(struct span *s, const char *path, struct error *err)
{
	return make_all(s, path, true, err);
}

int span_give(const struct span *s, uid_t uid, struct error *err)
{
	AUTO_CLOSE int listfd = open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *names = NULL;
	int fd = span_v2(s);
	char *save = NULL;

	if (fd < 0)
		return 0;
	if (listfd < 0)
		return error_sys(err, "open '/sys/kernel/cgroup/delegate'");
	if (fd_read_all(listfd, CONTROL_MAX, &names, NULL, err) < 0)
		return -1;
	if (fchown(fd, uid, (gid_t)-1) < 0)
		return error_sys(err, "give the cgroup to user %u", uid);
	/* The list names files that a group without their controller does not have. */
	for (char *name = strtok_r(names, "\n", &save); name; name = strtok_r(NULL, "\n", &save))
		if (fchownat(fd, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return error_sys(err, "give '%s' of the cgroup to user %u", name, uid);
	return 0;
}

int span_open(struct span *s, const char *path, struct error *err)
{
	while (*path == '/')
		path++;
	for (size_t i = 0; i < s->n; i++) {
		struct span_part *part = &s->parts[i];

		part->fd = openat(part->rootfd, *path ? path : ".",
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (part->fd < 0 && errno != ENOENT)
			return error_sys(err, "open cgroup '%s'", path);
	}
	return 0;
}

int span_descend(struct span *s, const char *controller, const char *path, struct error *err)
{
	bool is_known = false;

	while (*path == '/')
		path++;
	for (size_t i = 0; i < s->n; i++) {
		struct span_part *part = &s->parts[i];
		int fd;

		if (part->fd < 0 || (controller && !has_name(part->names, controller)))
			continue;
		is_known = true;
		fd = openat(part->rootfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return error_set(err, ERR_NOT_FOUND, "there is no group '%s/%s'",
					 part->where, path);
		if (fd < 0)
			return error_sys(err, "open cgroup '%s/%s'", part->where, path);
		close(part->fd);
		part->fd = fd;
	}
	if (is_known)
		return 0;
	return error_set(err, ERR_USAGE, "unknown controller %s", controller ? controller : "");
}

int span_follow(struct span *s, pid_t pid, struct error *err)
{
	AUTO_FREE char *file = xasprintf("/proc/%d/cgroup", (int)pid);
	char text[CONTROL_MAX];
	const char *at;

	if (fd_read_control(AT_FDCWD, file, text, sizeof(text), err) < 0)
		return -1;
	at = strstr(text, "0::/");	/* the last line, where v1 is mounted too */
	for (size_t i = 0; at && i < s->n; i++) {
		const char *path = at + strlen("0::/");
		int fd;

		if (!is_v2(&s->parts[i]) || s->parts[i].fd < 0)
			continue;
		fd = group_open(s->parts[i].rootfd, *path ? path : ".", err);
		if (fd < 0)
			return -1;
		close(s->parts[i].fd);
		s->parts[i].fd = fd;
	}
	return 0;
}

void span_close(struct span *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->parts[i].fd >= 0)
			close(s->parts[i].fd);
		close(s->parts[i].rootfd);
	}
	s->n = 0;
}

bool span_has_v1(const struct span *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!is_v2(&s->parts[i]) && s->parts[i].fd >= 0)
			return true;
	return false;
}

int span_join_v1(const struct span *s, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (!is_v2(&s->parts[i]) && s->parts[i].fd >= 0 &&
		    (pid == 0 ? group_join_thread(s->parts[i].fd, err)
			      : group_join(s->parts[i].fd, pid, err)) < 0)
			return error_wrap(err, "cgroup '%s'", s->parts[i].names);
	return 0;
}

int span_join(const struct span *s, struct error *err)
{
	int fd = span_v2(s);

	if (span_join_v1(s, 0, err) < 0)
		return -1;
	return fd < 0 ? 0 : group_join(fd, 0, err);
}

/* Where everything of the container is: v2, or the first of v1. */
static int any_fd(const struct span *s)
{
	int fd = span_v2(s);

	for (size_t i = 0; i < s->n && fd < 0; i++)
		fd = s->parts[i].fd;
	return fd;
}

int span_pids(const struct span *s, pid_t **out, size_t *out_n, struct error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t n = 0;
	int fd = any_fd(s);

	if (fd >= 0 && collect(fd, &pids, &n, 0, err) < 0)
		return -1;
	*out = TAKE_PTR(pids);
	*out_n = n;
	return 0;
}

int span_wait_empty(const struct span *s, int timeout_ms, bool *out, struct error *err)
{
	int64_t end = clock_ms() + timeout_ms;

	for (;;) {
		AUTO_FREE pid_t *pids = NULL;
		size_t n = 0;

		if (span_pids(s, &pids, &n, err) < 0)
			return -1;
		*out = n == 0;
		if (*out || clock_ms() >= end)
			return 0;
		(void)poll(NULL, 0, STEP_MS);
	}
}

/* v1 has no event to wait for. */
static int freeze_v1(int fd, bool frozen, int timeout_ms, struct error *err)
{
	const char *wanted = frozen ? "FROZEN" : "THAWED";
	int64_t end = clock_ms() + timeout_ms;
	char state[32];

	do {
		if (fd_write_control(fd, "freezer.state", wanted, err) < 0 ||
		    fd_read_control(fd, "freezer.state", state, sizeof(state), err) < 0)
			return -1;
		if (strcmp(state, wanted) == 0)
			return 0;
		(void)poll(NULL, 0, STEP_MS);
	} while (clock_ms() < end);
	(void)fd_write_control(fd, "freezer.state", "THAWED", err);	/* as it was */
	return error_set(err, ERR_FAILED, "freeze: still '%s' after %d ms", state, timeout_ms);
}

int span_freeze(const struct span *s, bool frozen, int timeout_ms, struct error *err)
{
	int fd = span_v2(s);
	int done;

	if (fd < 0) {
		fd = span_v1(s, "freezer");
		if (fd < 0)
			return error_set(err, ERR_UNSUPPORTED, "this host has no freezer cgroup");
		return freeze_v1(fd, frozen, timeout_ms, err);
	}
	if (fd_write_control(fd, "cgroup.freeze", frozen ? "1" : "0", err) < 0)
		return -1;
	done = group_wait(fd, "frozen", frozen, timeout_ms, err);
	if (done != 0)
		return done < 0 ? -1 : 0;
	(void)fd_write_control(fd, "cgroup.freeze", frozen ? "0" : "1", err);	/* as it was */
	return error_set(err, ERR_FAILED, "%s: not done after %d ms", frozen ? "freeze" : "thaw",
			 timeout_ms);
}

int span_is_frozen(const struct span *s, bool *out, struct error *err)
{
	int fd = span_v2(s);
	char state[32] = "";

	*out = false;
	if (fd >= 0)
		return group_event(fd, "frozen", out, err);
	fd = span_v1(s, "freezer");
	if (fd >= 0 && fd_read_control(fd, "freezer.state", state, sizeof(state), err) < 0)
		return -1;
	*out = strcmp(state, "FROZEN") == 0;
	return 0;
}

/* Who is frozen there would not end. */
static void thaw_v1(const struct span *s)
{
	int fd = span_v1(s, "freezer");
	struct error ignored;

	if (fd >= 0)
		(void)fd_write_control(fd, "freezer.state", "THAWED", &ignored);
}

/* Without cgroup.kill, which came with Linux 5.14: until nobody is left to fork. */
static int kill_rounds(const struct span *s, struct error *err)
{
	for (int i = 0; i < KILL_ROUNDS; i++) {
		AUTO_FREE pid_t *pids = NULL;
		size_t n = 0;

		if (span_pids(s, &pids, &n, err) < 0)
			return -1;
		if (n == 0)
			return 0;
		for (size_t j = 0; j < n; j++)
			(void)kill(pids[j], SIGKILL);	/* it may be gone */
		thaw_v1(s);
		(void)poll(NULL, 0, STEP_MS);
	}
	return error_set(err, ERR_FAILED, "processes of the container do not end");
}

int span_kill(const struct span *s, int timeout_ms, struct error *err)
{
	struct error cause = { 0 };
	int fd = span_v2(s);
	int done;

	if (fd < 0 || fd_write_control(fd, "cgroup.kill", "1", &cause) < 0)
		return kill_rounds(s, err);
	thaw_v1(s);
	done = group_wait(fd, "populated", false, timeout_ms, err);
	if (done < 0)
		return -1;
	return done > 0 ? 0 : error_set(err, ERR_FAILED, "processes of the container do not end");
}

int span_remove(const struct span *s, const char *path, struct error *err)
{
	while (*path == '/')
		path++;
	if (!*path)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (group_remove(s->parts[i].rootfd, path, err) < 0)
			return -1;
	return 0;
}

void span_sweep(const struct span *s, const char *path)
{
	while (*path == '/')
		path++;
	for (size_t i = 0; *path && i < s->n; i++)
		(void)unlinkat(s->parts[i].rootfd, path, AT_REMOVEDIR);	/* not there, or in use */
}
