/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/group.h"
#include "cgroups/v1.h"
#include "cgroups/v2.h"

static int path_of(const struct cgroup_host *host, const char *name, char out[GROUP_PATH_MAX],
		   struct error *err)
{
	return group_path(host->subtree, name, out, err);
}

static void begin(struct cgroup *cg, const struct cgroup_host *host, const char *name)
{
	*cg = (struct cgroup)CGROUP_NONE;
	cg->host = host;
	snprintf(cg->name, sizeof(cg->name), "%s", name);
}

static void give(struct cgroup *out, struct cgroup *cg)
{
	*out = *cg;
	*cg = (struct cgroup)CGROUP_NONE;
}

static void prune_v2(const struct cgroup_host *host)
{
	if (!host->is_systemd)
		group_prune(host->v2fd, host->subtree);
}

static int make_all(struct cgroup *cg, const char *path, const struct cgroup_limits *limits,
		    uid_t root_uid, struct error *err)
{
	if (v2_up(cg, path, root_uid, err) < 0)
		return -1;
	if (v1_up(cg, path, err) < 0)
		return -1;
	return limits_apply_new(cg, limits, err);
}

int cgroup_up(struct cgroup *out, const struct cgroup_host *host, const char *name,
	      const struct cgroup_limits *limits, uid_t root_uid, struct error *err)
{
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	char path[GROUP_PATH_MAX];
	struct error ignored;

	if (path_of(host, name, path, err) < 0 || limits_check(host, limits, err) < 0)
		return -1;
	begin(&cg, host, name);
	if (make_all(&cg, path, limits, root_uid, err) == 0) {
		give(out, &cg);
		return 0;
	}
	/* Processes of an earlier run are not this call's to end. */
	if (err->kind != ERR_STATE)
		(void)cgroup_down(host, name, 0, &ignored);	/* the first error is told */
	return -1;
}

int cgroup_open(struct cgroup *out, const struct cgroup_host *host, const char *name,
		struct error *err)
{
	AUTO_CGROUP struct cgroup cg = CGROUP_NONE;
	char path[GROUP_PATH_MAX];

	if (path_of(host, name, path, err) < 0)
		return -1;
	begin(&cg, host, name);
	if (v2_open(&cg, path, err) < 0) {
		if (err->sys == ENOENT)
			error_set(err, ERR_NOT_FOUND, "no cgroup '%s'", path);
		return -1;
	}
	if (v1_open(&cg, path, err) < 0)
		return -1;
	give(out, &cg);
	return 0;
}

void cgroup_close(struct cgroup *cg)
{
	cleanup_close(&cg->outerfd);
	cleanup_close(&cg->innerfd);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		cleanup_close(&cg->v1fd[i]);
	*cg = (struct cgroup)CGROUP_NONE;
}

int cgroup_add_controller(struct cgroup *cg, enum cgroup_controller controller,
			  struct error *err)
{
	char path[GROUP_PATH_MAX];

	if (cg->v1fd[controller] >= 0 || cg->on_v2[controller])
		return 0;
	if (path_of(cg->host, cg->name, path, err) < 0)
		return -1;
	if (cg->host->v1fd[controller] >= 0)
		return v1_add(cg, path, controller, err);
	if (v2_enable(cg, path, controller, err) < 0)
		return -1;
	if (cg->on_v2[controller])
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "the host's cgroups don't give the %s controller",
			 cgroup_controller_name(controller));
}

int cgroup_join_v1(const struct cgroup *cg, pid_t pid, struct error *err)
{
	return v1_join(cg, pid, err);
}

int cgroup_entry(const struct cgroup *cg, struct error *err)
{
	return v2_entry(cg, err);
}

int cgroup_join_v2(const struct cgroup *cg, pid_t pid, struct error *err)
{
	return v2_join(cg, pid, err);
}

int cgroup_is_frozen(const struct cgroup *cg, bool *out, struct error *err)
{
	return group_event(cg->outerfd, "frozen", out, err);
}

int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct error *err)
{
	struct error ignored;
	int done;

	if (fd_write_control(cg->outerfd, "cgroup.freeze", frozen ? "1" : "0", err) < 0)
		return -1;
	done = group_wait(cg->outerfd, "frozen", frozen, timeout_ms, err);
	if (done > 0)
		return 0;
	if (frozen)	/* half frozen is no state that anybody asked for */
		(void)fd_write_control(cg->outerfd, "cgroup.freeze", "0", &ignored);
	if (done < 0)
		return -1;
	return error_set(err, ERR_FAILED, "a process did not %s within %d ms",
			 frozen ? "freeze" : "thaw", timeout_ms);
}

int cgroup_is_populated(const struct cgroup *cg, bool *out, struct error *err)
{
	return group_event(cg->outerfd, "populated", out, err);
}

int cgroup_look(const struct cgroup_host *host, const char *name, bool *out_populated,
		bool *out_frozen, struct error *err)
{
	char path[GROUP_PATH_MAX], file[GROUP_PATH_MAX + sizeof("/cgroup.events")], text[128];
	struct error why = { 0 };

	*out_populated = *out_frozen = false;
	if (path_of(host, name, path, err) < 0)
		return -1;
	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	if (cgroup_host_read(host, host->v2fd, file, &(struct cgroup_text){ text, sizeof(text) },
			     &why) >= 0) {
		*out_populated = strstr(text, "populated 1");
		*out_frozen = strstr(text, "frozen 1");
		return 0;
	}
	if (why.sys == ENOENT || why.sys == ENODEV)
		return 0;
	*err = why;
	return -1;
}

/* cgroup.kill reaches frozen processes and children that are being forked (cgroup-v2.rst,
 * "cgroup.kill"), so one write is enough; what is waited for is their end. */
static int kill_all(int outerfd, int timeout_ms, struct error *err)
{
	bool is_populated;
	int done;

	if (group_event(outerfd, "populated", &is_populated, err) < 0)
		return -1;
	if (!is_populated)
		return 0;
	if (fd_write_control(outerfd, "cgroup.kill", "1", err) < 0)
		return -1;
	done = group_wait(outerfd, "populated", false, timeout_ms, err);
	if (done < 0)
		return -1;
	if (done == 0)
		return error_set(err, ERR_FAILED, "a killed process did not end within %d ms",
				 timeout_ms);
	return 0;
}

/* Others clean up after the same zone: the keeper, a halt, a repair. The files of a group that one
 * of them removed meanwhile are ENODEV if they were open, ENOENT if not; nobody is in such a group.
 */
static int kill_inside(int outerfd, int timeout_ms, struct error *err)
{
	struct error why = { 0 };

	if (kill_all(outerfd, timeout_ms, &why) == 0 || why.sys == ENODEV || why.sys == ENOENT)
		return 0;
	*err = why;
	return -1;
}

int cgroup_kill(const struct cgroup *cg, int timeout_ms, struct error *err)
{
	return kill_inside(cg->outerfd, timeout_ms, err);
}

static int remove_v2(const struct cgroup_host *host, const char *path, int timeout_ms,
		     struct error *err)
{
	struct error missing;
	AUTO_CLOSE int outerfd = group_open(host->v2fd, path, &missing);

	if (outerfd < 0 && missing.sys == ENOENT)
		return 0;
	if (outerfd < 0) {
		*err = missing;
		return -1;
	}
	if (kill_inside(outerfd, timeout_ms, err) < 0)
		return error_wrap(err, "cgroup '%s'", path);
	return group_remove(host->v2fd, path, err);
}

int cgroup_down(const struct cgroup_host *host, const char *name, int timeout_ms,
		struct error *err)
{
	char path[GROUP_PATH_MAX];

	if (path_of(host, name, path, err) < 0)
		return -1;
	if (remove_v2(host, path, timeout_ms, err) < 0)
		return -1;
	prune_v2(host);
	return v1_down(host, path, timeout_ms, err);
}

int cgroup_each(const struct cgroup_host *host,
		int (*each)(void *arg, const char *name, struct error *err), void *arg,
		struct error *err)
{
	AUTO_CLOSE int fd = openat(host->v2fd, host->subtree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return errno == ENOENT ? 0 : error_sys(err, "list cgroup '%s'", host->subtree);
	fd = -1;	/* closed with dir */
	for (;;) {
		const struct dirent *entry = readdir(dir);
		const char *name;

		if (!entry)
			return 0;
		name = group_zone_name(entry->d_name);
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || !name)
			continue;
		if (each(arg, name, err) < 0)
			return -1;
	}
}
