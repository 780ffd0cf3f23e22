/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/project.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/path.h"
#include "base/sys.h"

#define DATA "data"
#define DATA_NEW ".data.new"

enum { QUOTA_BLOCK = 1024 };		/* what limits are counted in (quotactl(2)) */

static int quota(const struct disk *d, int op, uint32_t id, void *arg)
{
	return sys_quotactl_fd(d->zonefd, QCMD(op, PRJQUOTA), id, arg);
}

/* Limits are held, not only counted. */
static bool is_on(const struct disk *d)
{
	struct fs_quota_statv state = { .qs_version = FS_QSTATV_VERSION1 };

	return quota(d, Q_XGETQSTATV, 0, &state) == 0 && state.qs_flags & FS_QUOTA_PDQ_ENFD;
}

static int dir_open(const struct disk *d, const char *name, struct error *err)
{
	int fd = openat(d->zonefd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open '%s'", name) : fd;
}

/* The project that is made below data/, 0: none. */
static uint32_t project_of(const struct disk *d)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int fd = dir_open(d, DATA, &ignored);
	struct fsxattr x;

	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0 ||
	    !(x.fsx_xflags & FS_XFLAG_PROJINHERIT))
		return 0;
	return x.fsx_projid;
}

static bool is_here(const struct disk *d)
{
	return project_of(d) != 0;
}

static int count(const struct disk *d, uint32_t id, struct if_dqblk *out, struct error *err)
{
	*out = (struct if_dqblk){ 0 };
	if (quota(d, Q_GETQUOTA, id, out) == 0 || errno == ENOENT)
		return 0;	/* ENOENT: nothing was ever counted */
	return error_sys(err, "read the quota of project %u", id);
}

/* Other stores on the same filesystem may have been given the same uids. */
static int can(const struct disk *d, const struct disk_want *want, struct error *why)
{
	struct if_dqblk used;

	if (want->is_subvolume || d->uid_base == 0 || !is_on(d))
		return 0;
	if (is_here(d))
		return 1;
	if (count(d, d->uid_base, &used, why) < 0)
		return 0;
	if (used.dqb_curinodes == 0 && used.dqb_curspace == 0)
		return 1;
	error_set(why, ERR_UNSUPPORTED, "project %u of the store's filesystem is in use already",
		  d->uid_base);
	return 0;
}

static int set_limits(const struct disk *d, uint32_t id, const struct disk_limits *limits,
		      struct error *err)
{
	struct if_dqblk block = {
		.dqb_bhardlimit = (limits->bytes + QUOTA_BLOCK - 1) / QUOTA_BLOCK,
		.dqb_ihardlimit = limits->inodes,
		.dqb_valid = QIF_LIMITS,
	};

	if (quota(d, Q_SETQUOTA, id, &block) < 0)
		return error_sys(err, "set the quota of project %u", id);
	return 0;
}

/* Of an empty directory. */
static int enter_project(const struct disk *d, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = dir_open(d, name, err);
	struct fsxattr x;

	if (fd < 0)
		return -1;
	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return error_sys(err, "read the project of '%s'", name);
	x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	x.fsx_projid = d->uid_base;
	if (ioctl(fd, FS_IOC_FSSETXATTR, &x) < 0)
		return error_sys(err, "set the project of '%s'", name);
	return 0;
}

static int make(const struct disk *d, const struct disk_want *want, struct error *err)
{
	if (enter_project(d, DATA, err) < 0)
		return -1;
	return set_limits(d, d->uid_base, &want->limits, err);
}

static int attach(const struct disk *d, int *out_device, struct error *err)
{
	*out_device = -1;
	return disk_data_open(d, err);
}

static int room_check(const struct if_dqblk *used, const struct disk_limits *limits,
		      struct error *err)
{
	char wanted[NUM_TEXT_MAX], now[NUM_TEXT_MAX];

	if (limits->bytes > 0 && limits->bytes < used->dqb_curspace)
		return error_set(err, ERR_RESOURCE, "disk: %s is below the %s in use",
				 num_size_text(limits->bytes, wanted),
				 num_size_human(used->dqb_curspace, now));
	if (limits->inodes > 0 && limits->inodes < used->dqb_curinodes)
		return error_set(err, ERR_RESOURCE, "inodes: %llu is below the %llu in use",
				 (unsigned long long)limits->inodes,
				 (unsigned long long)used->dqb_curinodes);
	return 0;
}

/* Quotas that were switched off since hold nothing: a limited zone then needs another place. */
static int limit(const struct disk *d, const struct disk_limits *limits, struct error *err)
{
	uint32_t id = project_of(d);
	struct if_dqblk now;

	if (!is_on(d)) {
		if (limits->bytes == 0 && limits->inodes == 0)
			return DISK_CHANGED;
		return d->runfd >= 0 ? DISK_STOPPED : DISK_COPY;
	}
	if (count(d, id, &now, err) < 0)
		return -1;
	if (now.dqb_bhardlimit == (limits->bytes + QUOTA_BLOCK - 1) / QUOTA_BLOCK &&
	    now.dqb_ihardlimit == limits->inodes)
		return DISK_CHANGED;
	if (room_check(&now, limits, err) < 0 || set_limits(d, id, limits, err) < 0)
		return -1;
	return DISK_CHANGED;
}

static int usage(const struct disk *d, struct disk_usage *out, struct error *err)
{
	struct if_dqblk now;

	if (!is_on(d))
		return 0;	/* nobody counts */
	if (count(d, project_of(d), &now, err) < 0)
		return -1;
	*out = (struct disk_usage){
		.has_bytes = true,
		.has_inodes = true,
		.bytes = now.dqb_curspace,
		.inodes = now.dqb_curinodes,
		.limits = { .bytes = now.dqb_bhardlimit * QUOTA_BLOCK,
			    .inodes = now.dqb_ihardlimit },
	};
	return 0;
}

/* What the files took is given back as they go. */
static int remove_limits(const struct disk *d, struct error *err)
{
	const struct disk_limits none = { 0 };

	return is_on(d) ? set_limits(d, project_of(d), &none, err) : 0;
}

bool project_is_begun(const struct disk *d)
{
	return faccessat(d->zonefd, DATA_NEW, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int project_sweep(const struct disk *d, struct error *err)
{
	return path_remove(d->zonefd, DATA_NEW, err);
}

static int fill_copy(const struct disk *d, const struct disk_want *want, struct error *err)
{
	AUTO_CLOSE int fromfd = dir_open(d, DATA, err);
	AUTO_CLOSE int tofd = fromfd < 0 ? -1 : dir_open(d, DATA_NEW, err);
	struct if_dqblk now;

	if (tofd < 0 || want->copy(fromfd, tofd, err) < 0)
		return -1;
	if (syncfs(tofd) < 0)
		return error_sys(err, "sync the zone's files");
	if (count(d, d->uid_base, &now, err) < 0)
		return -1;
	return room_check(&now, &want->limits, err);
}

static int exchange(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int fd = dir_open(d, ".", err);

	if (fd < 0)
		return -1;
	if (renameat2(fd, DATA_NEW, fd, DATA, RENAME_EXCHANGE) < 0)
		return error_sys(err, "rename '%s'", DATA_NEW);
	return fsync(fd) < 0 ? error_sys(err, "sync the zone's directory") : 0;
}

/* By a copy: the kernel sets the project of files and directories only, not of links and device
 * nodes, and those that stayed outside could not be renamed any more (EXDEV), nor could overlayfs
 * take its whiteouts away. */
static int adopt(const struct disk *d, const struct disk_want *want, struct error *err)
{
	struct error ignored = { 0 };

	if (project_sweep(d, err) < 0)
		return -1;
	if (mkdirat(d->zonefd, DATA_NEW, 0700) < 0)
		return error_sys(err, "make directory '%s'", DATA_NEW);
	if (enter_project(d, DATA_NEW, err) < 0 || fill_copy(d, want, err) < 0 ||
	    set_limits(d, d->uid_base, &want->limits, err) < 0 || exchange(d, err) < 0) {
		(void)project_sweep(d, &ignored); /* told is the first; repair looks again */
		return -1;
	}
	return project_sweep(d, err);
}

const struct disk_kind disk_project = {
	.name = "project",
	.is_here = is_here,
	.can = can,
	.make = make,
	.open = disk_data_open,
	.attach = attach,
	.limit = limit,
	.adopt = adopt,
	.usage = usage,
	.remove = remove_limits,
};
