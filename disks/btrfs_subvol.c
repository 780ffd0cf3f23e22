/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs_subvol.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

#include "base/path.h"
#include "disks/btrfs_quota.h"

bool btrfs_is(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == BTRFS_SUPER_MAGIC;
}

static int set_name(struct btrfs_ioctl_vol_args_v2 *args, const char *name, struct error *err)
{
	if (strlen(name) > BTRFS_SUBVOL_NAME_MAX || strchr(name, '/'))
		return error_set(err, ERR_FAILED, "'%s' is no name of a subvolume", name);
	strcpy(args->name, name);
	return 0;
}

int btrfs_subvol_make(int dirfd, const char *name, struct error *err)
{
	struct btrfs_ioctl_vol_args_v2 args = { 0 };

	if (set_name(&args, name, err) < 0)
		return -1;
	if (ioctl(dirfd, BTRFS_IOC_SUBVOL_CREATE_V2, &args) < 0)
		return error_sys(err, "make subvolume '%s'", name);
	return 0;
}

int btrfs_subvol_snapshot(int srcfd, int dirfd, const char *name, uint64_t bytes,
			  struct error *err)
{
	struct btrfs_qgroup_inherit inherit = { .flags = BTRFS_QGROUP_INHERIT_SET_LIMITS };
	struct btrfs_ioctl_vol_args_v2 args = { .fd = srcfd };

	if (set_name(&args, name, err) < 0)
		return -1;
	if (bytes > 0) {
		if (btrfs_quota_need(dirfd, err) < 0)
			return -1;
		inherit.lim = btrfs_quota_of(dirfd, bytes);
		args.flags = BTRFS_SUBVOL_QGROUP_INHERIT;
		args.size = sizeof(inherit);
		args.qgroup_inherit = &inherit;
	}
	if (ioctl(dirfd, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		return error_sys(err, "make snapshot '%s'", name);
	return 0;
}

int btrfs_subvol_seal(int fd, struct error *err)
{
	uint64_t flags = BTRFS_SUBVOL_RDONLY;

	if (ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &flags) < 0)
		return error_sys(err, "make the subvolume read-only");
	return 0;
}

int btrfs_subvol_remove(int dirfd, const char *name, struct error *err)
{
	struct btrfs_ioctl_vol_args_v2 args = { 0 };

	if (set_name(&args, name, err) < 0)
		return -1;
	if (ioctl(dirfd, BTRFS_IOC_SNAP_DESTROY_V2, &args) == 0 || errno == ENOENT)
		return 0;
	/* EINVAL: a plain directory. ENOTEMPTY: subvolumes are in it, which somebody made from the
	 * host; each goes like a directory once it is empty (rmdir(2), since 4.18). */
	if (errno == EINVAL || errno == ENOTEMPTY)
		return path_remove(dirfd, name, err);
	return error_sys(err, "remove subvolume '%s'", name);
}
