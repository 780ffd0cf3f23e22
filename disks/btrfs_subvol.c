/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs_subvol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
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

/* Of full quotas a snapshot gets the limit of what it was taken from, whatever it is told
 * (btrfs_qgroup_inherit() in fs/btrfs/qgroup.c). */
static int limit_settle(int dirfd, const char *name, uint64_t bytes, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (btrfs_quota_mode(dirfd) != BTRFS_QUOTA_FULL)
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open snapshot '%s'", name) :
			btrfs_quota_limit(fd, bytes, err);
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
	return bytes > 0 ? limit_settle(dirfd, name, bytes, err) : 0;
}

int btrfs_subvol_id(int fd, uint64_t *out, struct error *err)
{
	struct btrfs_ioctl_ino_lookup_args args = { .objectid = BTRFS_FIRST_FREE_OBJECTID };

	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) < 0)
		return error_sys(err, "look up the subvolume");
	*out = args.treeid;
	return 0;
}

int btrfs_subvol_seal(int fd, struct error *err)
{
	uint64_t flags = BTRFS_SUBVOL_RDONLY;

	if (ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &flags) < 0)
		return error_sys(err, "make the subvolume read-only");
	return 0;
}

/* The first subvolume in one, by their ids: 1, or 0 when there is none. */
static int child_find(int fd, uint64_t id, uint64_t *out, struct error *err)
{
	struct btrfs_ioctl_search_args args = { .key = {
		.tree_id = BTRFS_ROOT_TREE_OBJECTID,
		.min_objectid = id, .max_objectid = id,
		.min_type = BTRFS_ROOT_REF_KEY, .max_type = BTRFS_ROOT_REF_KEY,
		.max_offset = UINT64_MAX, .max_transid = UINT64_MAX,
		.nr_items = 1,
	} };
	struct btrfs_ioctl_search_header found;

	if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) < 0)
		return error_sys(err, "look for subvolumes");
	if (args.key.nr_items == 0)
		return 0;
	memcpy(&found, args.buf, sizeof(found));
	*out = found.offset;
	return 1;
}

/* Of the subvolumes in one, the innermost first. */
static int children_remove(int fd, uint64_t id, struct error *err)
{
	struct btrfs_ioctl_vol_args_v2 args = { .flags = BTRFS_SUBVOL_SPEC_BY_ID };
	uint64_t child = id;
	int r;

	for (;;) {
		r = child_find(fd, child, &child, err);
		if (r < 0 || (r == 0 && child == id))
			return r;
		if (r > 0)
			continue;
		args.subvolid = child;
		if (ioctl(fd, BTRFS_IOC_SNAP_DESTROY_V2, &args) < 0)
			return error_sys(err, "remove subvolume %llu", (unsigned long long)child);
		child = id;
	}
}

static int nest_remove(int dirfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id = 0;

	if (fd < 0)
		return error_sys(err, "open subvolume '%s'", name);
	return btrfs_subvol_id(fd, &id, err) < 0 ? -1 : children_remove(fd, id, err);
}

/* ENOTEMPTY: subvolumes are in it, which the host's root made. EINVAL: a plain directory. */
int btrfs_subvol_remove(int dirfd, const char *name, struct error *err)
{
	struct btrfs_ioctl_vol_args_v2 args = { 0 };
	int r;

	if (set_name(&args, name, err) < 0)
		return -1;
	r = ioctl(dirfd, BTRFS_IOC_SNAP_DESTROY_V2, &args);
	if (r < 0 && errno == ENOTEMPTY) {
		if (nest_remove(dirfd, name, err) < 0)
			return -1;
		r = ioctl(dirfd, BTRFS_IOC_SNAP_DESTROY_V2, &args);
	}
	if (r == 0 || errno == ENOENT)
		return 0;
	return errno == EINVAL ? path_remove(dirfd, name, err) :
				 error_sys(err, "remove subvolume '%s'", name);
}
