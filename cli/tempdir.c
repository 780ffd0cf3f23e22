/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/tempdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"

#define PREFIX "zonectl-build."

enum { RETRIES = 8 };

static const char *parent_path(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] == '/' ? dir : "/tmp";
}

static int dir_open(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One without an owner: root's own, which nobody else can put there, and not locked. */
static void sweep_one(int parentfd, const char *name)
{
	AUTO_CLOSE int fd = dir_open(parentfd, name);
	struct error ignored = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != 0)
		return;
	if (lock_take(fd, LOCK_ALONE, 0, &ignored) < 0)
		return;
	(void)path_remove(parentfd, name, &ignored);	/* the next build tries again */
}

static void sweep(const char *path)
{
	DIR *dir = opendir(path); /* host path */
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strncmp(d->d_name, PREFIX, strlen(PREFIX)) == 0)
			sweep_one(dirfd(dir), d->d_name);
	if (dir)
		closedir(dir);
}

/* 1: made and locked; 0: another build took it for left over before it was locked. */
static int make_one(struct tempdir *out, struct error *err)
{
	AUTO_FREE char *path = xasprintf("%s/" PREFIX "XXXXXX", parent_path());
	AUTO_CLOSE int fd = -1;
	struct error held = { 0 };
	struct stat st;

	if (!mkdtemp(path)) /* host path */
		return error_sys(err, "make directory '%s'", path);
	fd = dir_open(AT_FDCWD, path);
	if (fd < 0 || lock_take(fd, LOCK_ALONE, 0, &held) < 0)
		return 0;
	if (fchmod(fd, 0711) < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open directory '%s'", path);
	if (st.st_nlink == 0)
		return 0;
	*out = (struct tempdir){ .path = TAKE_PTR(path), .fd = TAKE_FD(fd) };
	return 1;
}

int tempdir_make(struct tempdir *out, struct error *err)
{
	sweep(parent_path());
	for (int i = 0; i < RETRIES; i++) {
		int ret = make_one(out, err);

		if (ret != 0)
			return ret < 0 ? -1 : 0;
	}
	return error_set(err, ERR_BUSY, "other builds remove the directories made in '%s'",
			 parent_path());
}

void tempdir_remove(struct tempdir *t)
{
	AUTO_CLOSE int parentfd = -1;
	struct error ignored = { 0 };
	char *slash;

	if (!t->path)
		return;
	slash = strrchr(t->path, '/');
	*slash = '\0';
	parentfd = open(*t->path ? t->path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	/* What can't be removed is in the place for such things. */
	if (parentfd >= 0)
		(void)path_remove(parentfd, slash + 1, &ignored);
	free(TAKE_PTR(t->path));
	close(t->fd);
	t->fd = -1;
}
