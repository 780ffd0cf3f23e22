/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "templates/clone.h"
#include "templates/import_job.h"

/*
 * The stage is ours alone and its unpacker has ended, so nothing moves in it
 * while it is looked at; but what is in it is hostile, so it is only ever opened
 * by descriptor and no link is followed.
 */

static const char rootfs_name[] = "rootfs";
static const char outer_name[] = "outer";

static int rootfs_open(struct import_job *job, struct error *err)
{
	struct store_stage *stage = &job->stage;

	if (stage->rootfd >= 0)
		close(TAKE_FD(stage->rootfd));
	stage->rootfd = openat(stage->dirfd, rootfs_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return stage->rootfd < 0 ? error_sys(err, "open '%s'", rootfs_name) : 0;
}

int import_set_aside(struct import_job *job, struct error *err)
{
	static const struct timespec never[2] = { { 0 }, { 0 } };
	AUTO_CLOSE int outerfd = -1;

	if (renameat(job->stage.dirfd, rootfs_name, job->stage.dirfd, outer_name) < 0)
		return error_sys(err, "set the image aside");
	outerfd = openat(job->stage.dirfd, outer_name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (outerfd < 0)
		return error_sys(err, "open '%s'", outer_name);
	if (mkdirat(job->stage.dirfd, rootfs_name, 0755) < 0)
		return error_sys(err, "make directory '%s'", rootfs_name);
	if (rootfs_open(job, err) < 0)
		return -1;
	/* The tree depends on nothing but the image: not on the umask, not on the time of day. */
	if (fchmod(job->stage.rootfd, 0755) < 0 || futimens(job->stage.rootfd, never) < 0)
		return error_sys(err, "set the mode of '%s'", rootfs_name);
	return TAKE_FD(outerfd);
}

int import_drop_outer(struct import_job *job, struct error *err)
{
	return path_remove(job->stage.dirfd, outer_name, err);
}

int import_promote(struct import_job *job, const char *path, struct error *err)
{
	AUTO_CLOSE int outerfd = import_set_aside(job, err);
	AUTO_CLOSE int parentfd = -1;
	AUTO_CLOSE int dirfd = -1;
	const char *leaf;

	if (outerfd < 0)
		return -1;
	dirfd = path_open_nolink(outerfd, path, O_PATH | O_DIRECTORY, true, err);
	parentfd = dirfd < 0 ? -1 : path_parent(outerfd, path, &leaf, err);
	if (parentfd < 0)
		return -1;
	if (unlinkat(job->stage.dirfd, rootfs_name, AT_REMOVEDIR) < 0 ||
	    renameat(parentfd, leaf, job->stage.dirfd, rootfs_name) < 0)
		return error_sys(err, "take '%s' out of the image", path);
	return rootfs_open(job, err) < 0 ? -1 : import_drop_outer(job, err);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A copy into itself would have no end. */
static int apart_check(const struct import_job *job, int dirfd, struct error *err)
{
	AUTO_CLOSE int fd = openat(job->stage.dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat source, at, above;

	if (fd < 0 || fstat(dirfd, &source) < 0 || fstat(fd, &at) < 0)
		return error_sys(err, "look at the directory");
	for (;;) {
		int up;

		if (is_same(&at, &source))
			return error_set(err, ERR_USAGE, "the template store is in this directory");
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
		if (up < 0 || fstat(up, &above) < 0)
			return error_sys(err, "look at the directory above");
		close(fd);
		fd = up;
		if (is_same(&above, &at))
			return 0;
		at = above;
	}
}

int import_directory(struct import_job *job, int dirfd, const struct format *format,
		     struct error *err)
{
	AUTO_CLOSE int sourcefd = -1;
	struct clone_limits limits = {
		.bytes = job->unpack.limits.bytes, .entries = job->unpack.limits.entries,
	};

	sourcefd = path_open_nolink(dirfd, *format->root ? format->root : "/",
				    O_RDONLY | O_DIRECTORY, false, err);
	if (sourcefd < 0 || apart_check(job, sourcefd, err) < 0)
		return -1;
	return clone_foreign(sourcefd, job->stage.rootfd, &limits, err);
}
