/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs_quota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "disks/btrfs_subvol.h"

enum {
	ENABLE_SIMPLE = 4,	/* BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA, Linux 6.7 */
	PATH_SIZE = 96,
	NUMBER_SIZE = 32,
	SYNCS = 20,
};

/* What the kernel has in memory, which is newer than what is on the disk: files below
 * /sys/fs/btrfs/UUID/qgroups (fs/btrfs/sysfs.c). Opens a directory, or returns -1 and errno. */
static int groups_open(int fd, const char *below)
{
	struct btrfs_ioctl_fs_info_args info = { 0 };
	char path[PATH_SIZE] = "/sys/fs/btrfs/";
	size_t n = strlen(path);

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0)
		return -1;
	for (int i = 0; i < BTRFS_FSID_SIZE; i++)
		n += (size_t)snprintf(path + n, sizeof(path) - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				      info.fsid[i]);
	snprintf(path + n, sizeof(path) - n, "/qgroups/%s", below);
	return openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

enum btrfs_quota btrfs_quota_mode(int fd)
{
	AUTO_CLOSE int groupsfd = groups_open(fd, "");
	struct error none = { 0 };
	char text[NUMBER_SIZE];

	if (groupsfd < 0 || fd_read_control(groupsfd, "enabled", text, sizeof(text), &none) < 0 ||
	    strcmp(text, "1") != 0)
		return BTRFS_QUOTA_OFF;
	/* Kernels before 6.7 have one kind and no such file. */
	if (fd_read_control(groupsfd, "mode", text, sizeof(text), &none) < 0)
		return BTRFS_QUOTA_FULL;
	return strcmp(text, "squota") == 0 ? BTRFS_QUOTA_SIMPLE : BTRFS_QUOTA_FULL;
}

const char *btrfs_quota_name(enum btrfs_quota mode)
{
	static const char *const names[] = { "off", "full", "simple" };

	return names[mode];
}

int btrfs_quota_enable(int fd, struct error *err)
{
	struct btrfs_ioctl_quota_ctl_args args = { .cmd = ENABLE_SIMPLE };

	if (ioctl(fd, BTRFS_IOC_QUOTA_CTL, &args) == 0)
		return 0;
	args = (struct btrfs_ioctl_quota_ctl_args){ .cmd = BTRFS_QUOTA_CTL_ENABLE };
	if (errno == EINVAL && ioctl(fd, BTRFS_IOC_QUOTA_CTL, &args) == 0)
		return 0;
	return error_sys(err, "turn on quotas");
}

int btrfs_quota_need(int fd, struct error *err)
{
	if (btrfs_quota_mode(fd) != BTRFS_QUOTA_OFF)
		return 0;
	error_set(err, ERR_UNSUPPORTED, "disk: this btrfs does not count what its subvolumes hold");
	return error_hint(err, "turn that on: btrfs quota enable (--simple from Linux 6.7 on)");
}

/* A snapshot holds nothing of its own at first, and is counted from there. Simple accounts know no
 * difference between referenced and exclusive; of the other groups only the second leaves out what
 * the template has. */
struct btrfs_qgroup_limit btrfs_quota_of(int fd, uint64_t bytes)
{
	uint64_t max = bytes ? bytes : UINT64_MAX;	/* the kernel's word for none */

	if (btrfs_quota_mode(fd) == BTRFS_QUOTA_FULL)
		return (struct btrfs_qgroup_limit){ .flags = BTRFS_QGROUP_LIMIT_MAX_EXCL,
						    .max_excl = max };
	return (struct btrfs_qgroup_limit){ .flags = BTRFS_QGROUP_LIMIT_MAX_RFER, .max_rfer = max };
}

/* The kernel may want room in the very group that is full, EDQUOT, until what was written into it
 * is on the disk. */
static int set_limit(int fd, struct btrfs_ioctl_qgroup_limit_args *args)
{
	int status = ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, args);

	for (int tries = 0; status < 0 && errno == EDQUOT && tries < SYNCS; tries++) {
		if (ioctl(fd, BTRFS_IOC_SYNC) < 0)
			return -1;
		status = ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, args);
	}
	return status;
}

int btrfs_quota_limit(int fd, uint64_t bytes, struct error *err)
{
	struct btrfs_ioctl_qgroup_limit_args args = { 0 };	/* the group of fd's subvolume */

	if (bytes == 0 && btrfs_quota_mode(fd) == BTRFS_QUOTA_OFF)
		return 0;
	if (btrfs_quota_need(fd, err) < 0)
		return -1;
	args.lim = btrfs_quota_of(fd, bytes);
	if (set_limit(fd, &args) < 0)
		return error_sys(err, "set the subvolume's quota");
	return 0;
}

static int figure_read(int groupfd, const char *name, uint64_t *out, struct error *err)
{
	char text[NUMBER_SIZE];

	if (fd_read_control(groupfd, name, text, sizeof(text), err) < 0)
		return -1;
	return num_u64(text, 0, UINT64_MAX, out, err);
}

static int limit_read(int groupfd, uint64_t *out, struct error *err)
{
	uint64_t flags, max = 0;

	if (figure_read(groupfd, "limit_flags", &flags, err) < 0)
		return -1;
	if (flags & (BTRFS_QGROUP_LIMIT_MAX_RFER | BTRFS_QGROUP_LIMIT_MAX_EXCL) &&
	    figure_read(groupfd,
			flags & BTRFS_QGROUP_LIMIT_MAX_EXCL ? "max_exclusive" : "max_referenced",
			&max, err) < 0)
		return -1;
	*out = max == UINT64_MAX ? 0 : max;
	return 0;
}

/* Exclusive is what is told, as simple accounts have the same for both. This is asked of a thousand
 * zones at a time, so it opens as little as it can. */
int btrfs_quota_usage(int fd, struct disk_usage *out, struct error *err)
{
	AUTO_CLOSE int groupfd = -1;
	uint64_t id, held, waiting, max;
	char name[NUMBER_SIZE];

	*out = (struct disk_usage){ 0 };
	if (btrfs_subvol_id(fd, &id, err) < 0)
		return -1;
	snprintf(name, sizeof(name), "0_%" PRIu64, id);
	groupfd = groups_open(fd, name);
	if (groupfd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "find the quota of subvolume %s", name);
	if (figure_read(groupfd, "exclusive", &held, err) < 0 ||
	    figure_read(groupfd, "rsv_data", &waiting, err) < 0 ||
	    limit_read(groupfd, &max, err) < 0)
		return -1;
	*out = (struct disk_usage){
		.has_bytes = true, .bytes = held + waiting, .limits = { .bytes = max },
	};
	return 0;
}
