/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/reinstall_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/merged.h"
#include "templates/clone.h"

/*
 * Both trees are mounted as the zone sees them, in a mount namespace that goes
 * with the process that copies. Their files are hostile: everything is opened by
 * descriptor, one name after the other, and a link on the way is refused.
 */

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW };

/* A directory above what is kept, which the new root has not. */
static int parent_make(int oldfd, int newfd, const char *path, struct error *err)
{
	AUTO_CLOSE int fromfd = path_open_nolink(oldfd, path, O_PATH | O_DIRECTORY, true, err);
	AUTO_CLOSE int tofd = -1;
	struct stat st;

	if (fromfd < 0)
		return -1;
	if (fstat(fromfd, &st) < 0)
		return error_sys(err, "look at '%s'", path);
	tofd = path_mkdirs(newfd, path, 0700, err);
	if (tofd < 0)
		return -1;
	if (fchownat(tofd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		return error_sys(err, "give '%s' its owner", path);
	cleanup_close(&tofd);
	tofd = path_open_nolink(newfd, path, DIR_FLAGS, true, err);
	if (tofd < 0)
		return -1;
	return fchmod(tofd, st.st_mode & 07777) < 0 ? error_sys(err, "set mode of '%s'", path) : 0;
}

static int parents_make(int oldfd, int newfd, const char *path, struct error *err)
{
	AUTO_FREE char *walk = xstrdup(path);

	for (char *at = strchr(walk + 1, '/'); at; at = strchr(at + 1, '/')) {
		struct error missing = { 0 };
		AUTO_CLOSE int fd = -1;

		*at = '\0';
		fd = path_open_nolink(newfd, walk, O_PATH | O_DIRECTORY, true, &missing);
		if (fd < 0 && missing.sys != ENOENT) {
			*err = missing;
			return error_hint(err, "the template has something else there");
		}
		if (fd < 0 && parent_make(oldfd, newfd, walk, err) < 0)
			return -1;
		*at = '/';
	}
	return 0;
}

static int keep_one(int oldfd, int newfd, const char *path, struct error *err)
{
	const char *name;
	struct stat st;
	AUTO_CLOSE int fromfd = path_parent(oldfd, path, &name, err);
	AUTO_CLOSE int tofd = -1;

	if (fromfd < 0 && err->sys != ENOENT)
		return -1;
	if (fromfd < 0 || (fstatat(fromfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT))
		return error_set(err, ERR_NOT_FOUND, "the zone has none");
	if (parents_make(oldfd, newfd, path, err) < 0 || path_remove(newfd, path, err) < 0)
		return -1;
	tofd = path_parent(newfd, path, &name, err);
	return tofd < 0 ? -1 : clone_name(fromfd, name, tofd, err);
}

static int keep_all(struct site *site, const struct keep_root *from, const struct keep_root *to,
		    char *const *paths, struct error *err)
{
	AUTO_CLOSE int oldfd = merged_open_dir(site, from->dir, from->config, false, err);
	AUTO_CLOSE int newfd =
		oldfd < 0 ? -1 : merged_open_dir(site, to->dir, to->config, true, err);

	if (newfd < 0)
		return -1;
	for (; *paths; paths++)
		if (keep_one(oldfd, newfd, *paths, err) < 0)
			return error_wrap(err, "keep '%s'", *paths);
	return syncfs(newfd) < 0 ? error_sys(err, "sync what is kept") : 0;
}

/* In the child. The site's descriptors are of the mounts before. */
static int work(const char *root, const struct keep_root *from, const struct keep_root *to,
		char *const *paths, struct error *err)
{
	struct site site;
	int ret;

	if (unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_sys(err, "mounts of its own");
	if (site_open(&site, root, err) < 0)
		return -1;
	ret = keep_all(&site, from, to, paths, err);
	site_close(&site);
	return ret;
}

/* What the child says of how it went: nothing, or its error. */
static int hear(int fd, pid_t pid, struct error *err)
{
	struct error said;
	ssize_t n = read(fd, &said, sizeof(said));
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(said)) {
		*err = said;
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(err, ERR_FAILED, "the process that copies was killed");
}

int reinstall_keep(struct site *site, const struct keep_root *from, const struct keep_root *to,
		   char *const *paths, struct error *err)
{
	struct error why = { 0 };
	int ends[2], ret;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	pid = fork();
	if (pid == 0) {
		/* Whoever holds the locks waits for it, or nobody may write there any more. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);	/* can't fail */
		ret = work(site->path, from, to, paths, &why);
		_exit(ret < 0 && write(ends[1], &why, sizeof(why)) > 0 ? 1 : ret < 0 ? 2 : 0);
	}
	close(ends[1]);
	ret = pid < 0 ? error_sys(err, "start a process") : hear(ends[0], pid, err);
	close(ends[0]);
	return ret;
}
