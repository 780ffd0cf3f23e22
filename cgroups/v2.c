/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/v2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/group.h"
#include "cgroups/slice.h"

#define INNER "zone"
#define ENTER "enter"

enum { ENTER_TRIES = 8, NAMES_MAX = 256 };

/* A zone makes groups at will. Each costs the host's memory and time in cgroup_down(), so both are
 * bounded; systemd with a hundred services and a zone in the zone stay far below. */
static const struct {
	const char *file, *value;
} bounds[] = {
	{ "cgroup.max.descendants", "4096" },
	{ "cgroup.max.depth",       "32" },
};

/* What a zone may write where /sys/kernel/cgroup/delegate can't be read (cgroups(7)). */
static const char delegate_default[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";

static int read_controllers(int fd, bool out[CGROUP_CONTROLLERS], struct error *err)
{
	char text[NAMES_MAX];
	char *save = NULL;

	memset(out, 0, sizeof(*out) * CGROUP_CONTROLLERS);
	if (fd_read_control(fd, "cgroup.controllers", text, sizeof(text), err) < 0)
		return -1;
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
			out[i] = out[i] || strcmp(word, cgroup_controller_name(i)) == 0;
	}
	return 0;
}

/* Asks for all at once, then one by one: a single controller that can't be had here (cpu, while a
 * real-time process runs outside the root) fails the whole write. Whoever needs one looks at
 * cgroup.controllers below afterwards, so failures are not reported here. */
static void enable(int fd, const bool wanted[CGROUP_CONTROLLERS])
{
	char all[NAMES_MAX] = "";
	struct error ignored;

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		size_t len = strlen(all);

		if (wanted[i])
			snprintf(all + len, sizeof(all) - len, "+%s ", cgroup_controller_name(i));
	}
	if (!*all || fd_write_control(fd, "cgroup.subtree_control", all, &ignored) == 0)
		return;
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (!wanted[i])
			continue;
		snprintf(all, sizeof(all), "+%s", cgroup_controller_name(i));
		(void)fd_write_control(fd, "cgroup.subtree_control", all, &ignored); /* see above */
	}
}

/* Enables in the root and in every group above path. They can't vanish: path exists. */
static int enable_above(int rootfd, const char *path, const bool wanted[CGROUP_CONTROLLERS],
			struct error *err)
{
	char part[GROUP_PATH_MAX];

	enable(rootfd, wanted);
	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTO_CLOSE int fd = -1;

		*slash = '\0';
		fd = group_open(rootfd, part, err);
		if (fd < 0)
			return -1;
		enable(fd, wanted);
		*slash = '/';
	}
	return 0;
}

/* Fills cg->on_v2 with what the outer group has, after trying to get what is wanted. Once the
 * subtree is set up, this is one read. */
static int get_controllers(struct cgroup *cg, const char *path,
			   const bool wanted[CGROUP_CONTROLLERS], struct error *err)
{
	bool is_complete = true;

	if (read_controllers(cg->outerfd, cg->on_v2, err) < 0)
		return -1;
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		is_complete = is_complete && (!wanted[i] || cg->on_v2[i]);
	if (is_complete)
		return 0;
	if (enable_above(cg->host->v2fd, path, wanted, err) < 0)
		return -1;
	return read_controllers(cg->outerfd, cg->on_v2, err);
}

static int make_outer(struct cgroup *cg, const char *path, struct error *err)
{
	bool is_populated = false;
	struct error first;

	slice_tell(cg->host);
	cg->outerfd = group_make(cg->host->v2fd, path, &first);
	if (cg->outerfd >= 0)
		return 0;
	if (first.sys != EEXIST) {
		*err = first;
		return -1;
	}
	/* Left by an earlier run. The zone's root had its hands in it, so nothing of it is kept. */
	cg->outerfd = group_open(cg->host->v2fd, path, err);
	if (cg->outerfd < 0 || group_event(cg->outerfd, "populated", &is_populated, err) < 0)
		return -1;
	if (is_populated)
		return error_set(err, ERR_STATE, "cgroup '%s': processes are still in it", path);
	close(TAKE_FD(cg->outerfd));
	if (group_remove(cg->host->v2fd, path, err) < 0)
		return -1;
	cg->outerfd = group_make(cg->host->v2fd, path, err);
	return cg->outerfd < 0 ? -1 : 0;
}

/* Owning the directory lets the zone make groups below; owning these files lets it move its
 * processes and hand out controllers. Every other file, the limits above all, stays the host's
 * (cgroups(7), "Cgroups delegation: nsdelegate"). */
static int delegate(int fd, uid_t uid, struct error *err)
{
	char names[4096], *save = NULL;
	AUTO_CLOSE int dirfd = open("/sys/kernel/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error ignored;

	if (dirfd < 0 || fd_read_control(dirfd, "delegate", names, sizeof(names), &ignored) < 0)
		snprintf(names, sizeof(names), "%s", delegate_default);
	for (char *name = strtok_r(names, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		/* The list also names files of controllers that are not enabled here. */
		if (fchownat(fd, name, uid, uid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return error_sys(err, "delegate '%s'", name);
	}
	/* Last, so that no half-delegated group is ever writable. */
	if (fchown(fd, uid, uid) < 0)
		return error_sys(err, "delegate cgroup");
	return 0;
}

static int make_inner(struct cgroup *cg, uid_t root_uid, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(bounds); i++) {
		if (fd_write_control(cg->outerfd, bounds[i].file, bounds[i].value, err) < 0)
			return -1;
	}
	/* On a hybrid host the zone sees a tree without controllers; one that a limit needs is
	 * enabled down to the outer group only. */
	if (cg->host->layout == CGROUP_V2)
		enable(cg->outerfd, cg->on_v2);
	cg->innerfd = group_make(cg->outerfd, INNER, err);
	if (cg->innerfd < 0)
		return -1;
	return delegate(cg->innerfd, root_uid, err);
}

int v2_up(struct cgroup *cg, const char *path, uid_t root_uid, struct error *err)
{
	bool none[CGROUP_CONTROLLERS] = { false };
	const bool *wanted = cg->host->layout == CGROUP_V2 ? cg->host->on_v2 : none;

	if (make_outer(cg, path, err) < 0)
		return -1;
	if (get_controllers(cg, path, wanted, err) < 0 || make_inner(cg, root_uid, err) < 0)
		return error_wrap(err, "cgroup '%s'", path);
	return 0;
}

int v2_open(struct cgroup *cg, const char *path, struct error *err)
{
	struct error missing;

	cg->outerfd = group_open(cg->host->v2fd, path, err);
	if (cg->outerfd < 0)
		return -1;
	cg->innerfd = group_open(cg->outerfd, INNER, &missing);
	return read_controllers(cg->outerfd, cg->on_v2, err);
}

int v2_enable(struct cgroup *cg, const char *path, enum cgroup_controller controller,
	      struct error *err)
{
	bool wanted[CGROUP_CONTROLLERS] = { false };

	wanted[controller] = true;
	return get_controllers(cg, path, wanted, err);
}

/* Opens zone/NAME if it is the host's own. Its files can then only be written by the host: the
 * zone can remove the directory and put one of its own there, frozen or with pids.max=0, but
 * can't give that one a foreign owner; and what is judged is the open directory, not the name. */
static int open_enter(int innerfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (mkdirat(innerfd, name, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "make cgroup '%s'", name);
	fd = openat(innerfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open cgroup '%s'", name);
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at cgroup '%s'", name);
	if (st.st_uid != geteuid())
		return error_set(err, ERR_STATE, "cgroup '%s' was made by the zone", name);
	return TAKE_FD(fd);
}

/* "enter", or if the zone's root has put a trap there, a name that it could not know. */
static int open_own_enter(int innerfd, struct error *err)
{
	char name[32] = ENTER;
	struct error refused = { 0 };

	for (int i = 0; i < ENTER_TRIES; i++) {
		int fd = open_enter(innerfd, name, &refused);
		uint64_t number;

		if (fd >= 0)
			return fd;
		if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
			break;
		snprintf(name, sizeof(name), ENTER "-%016llx", (unsigned long long)number);
	}
	*err = refused;
	return -1;
}

/* True if the kernel lets processes into the inner group: it hands out no domain controller. The
 * root of threaded groups takes processes, but any group made below it takes none
 * (cgroup-v2.rst, "Threads"). */
static bool takes_processes(int innerfd)
{
	char text[NAMES_MAX];
	struct error ignored;

	if (fd_read_control(innerfd, "cgroup.subtree_control", text, sizeof(text), &ignored) <= 0)
		return true;
	return fd_read_control(innerfd, "cgroup.type", text, sizeof(text), &ignored) > 0 &&
		strcmp(text, "domain") != 0;
}

int v2_entry(const struct cgroup *cg, struct error *err)
{
	int fd;

	if (cg->innerfd < 0)
		return error_set(err, ERR_STATE, "the zone has no cgroup to enter");
	if (!takes_processes(cg->innerfd))
		return open_own_enter(cg->innerfd, err);
	fd = fcntl(cg->innerfd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_sys(err, "copy a descriptor") : fd;
}

int v2_join(const struct cgroup *cg, pid_t pid, struct error *err)
{
	struct error refused = { 0 };

	/* The zone's root can change its groups between the look and the move. */
	for (int i = 0; i < ENTER_TRIES; i++) {
		AUTO_CLOSE int fd = v2_entry(cg, &refused);

		if (fd >= 0 && group_join(fd, pid, &refused) == 0)
			return 0;
		if (fd < 0 || refused.sys == ESRCH)
			break;
	}
	*err = refused;
	error_wrap(err, "enter the zone's cgroup");
	return error_hint(err, "the zone's own cgroups refuse another process; reboot the zone");
}
