/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs_template.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "disks/btrfs_subvol.h"
#include "disks/pool.h"

/*
 * The lock on templates/ is held alone by who makes or removes one, and shared by who takes a
 * snapshot. A copy gets its name once it is whole; what is called .new is of somebody who died.
 */

#define NEW ".new"

static int subvol_open(int dirfd, const char *name, struct error *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open subvolume '%s'", name) : fd;
}

static int fill(int dirfd, const struct disk_want *want, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (btrfs_subvol_make(dirfd, NEW, err) < 0)
		return -1;
	fd = subvol_open(dirfd, NEW, err);
	if (fd < 0 || want->copy(want->templatefd, fd, err) < 0)
		return -1;
	return btrfs_subvol_seal(fd, err);
}

/* The lock being held alone. */
static int copy_make(int dirfd, const struct disk_want *want, struct error *err)
{
	struct error ignored = { 0 };

	if (btrfs_subvol_remove(dirfd, NEW, err) < 0)
		return -1;
	if (fill(dirfd, want, err) < 0) {
		(void)btrfs_subvol_remove(dirfd, NEW, &ignored); /* or by the next one */
		return -1;
	}
	/* The snapshot's transaction has all of this too. */
	if (renameat(dirfd, NEW, dirfd, want->digest) < 0)
		return error_sys(err, "name the template's subvolume");
	return 0;
}

/* Returns 1 when it is to be made first. */
static int snapshot(int dirfd, const struct disk_want *want, int placefd, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, want->digest,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 1 : error_sys(err, "open the template's subvolume");
	return btrfs_subvol_snapshot(fd, placefd, "root", want->limits.bytes, err);
}

int btrfs_template_snapshot(const struct disk *d, const struct disk_want *want, int placefd,
			    struct error *err)
{
	AUTO_CLOSE int dirfd = pool_open_dir(d->varfd, POOL_TEMPLATES, err);
	int r;

	if (dirfd < 0 || lock_take(dirfd, LOCK_SHARED, -1, err) < 0)
		return -1;
	r = snapshot(dirfd, want, placefd, err);
	if (r <= 0)
		return r;
	/* Another may make it while the lock changes hands. */
	if (lock_take(dirfd, LOCK_ALONE, -1, err) < 0)
		return -1;
	r = snapshot(dirfd, want, placefd, err);
	if (r <= 0)
		return r;
	if (copy_make(dirfd, want, err) < 0)
		return error_wrap(err, "copy the template into the storage pool");
	return snapshot(dirfd, want, placefd, err);
}

static int sweep(int dirfd, DIR *dir, btrfs_template_keep_fn *keep, void *arg, struct error *err)
{
	const struct dirent *e;

	while ((e = readdir(dir))) {
		int kept = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;

		if (!kept && strcmp(e->d_name, NEW) != 0)
			kept = keep(arg, e->d_name, err);
		if (kept < 0)
			return -1;
		if (kept == 0 && btrfs_subvol_remove(dirfd, e->d_name, err) < 0)
			return -1;
	}
	return 0;
}

int btrfs_template_sweep(int varfd, btrfs_template_keep_fn *keep, void *arg, struct error *err)
{
	AUTO_CLOSEDIR DIR *dir = NULL;
	AUTO_CLOSE int dirfd = -1;
	int fd;

	if (!pool_exists(varfd) && faccessat(varfd, POOL_DIR, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	dirfd = pool_open_dir(varfd, POOL_TEMPLATES, err);
	if (dirfd < 0 || lock_take(dirfd, LOCK_ALONE, -1, err) < 0)
		return -1;
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		error_sys(err, "read the storage pool's templates");
		cleanup_close(&fd);
		return -1;
	}
	return sweep(dirfd, dir, keep, arg, err);
}
