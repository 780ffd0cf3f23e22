/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/sys.h"
#include "disks/btrfs_subvol.h"
#include "disks/loop.h"

/*
 * What would be the end of a pool: one file behind two loop devices, mounted twice by kernels that
 * know nothing of each other's caches. So a file that has a device already, which another mount
 * namespace may have made, is mounted from that one. What is mounted is looked at before, by its
 * uuid: names of disks change from one boot to the next.
 */

enum { LOCK_WAIT_MS = 60000, DEVICE_PATH_MAX = 64 };

int pool_lock(int varfd, struct error *err)
{
	/* An open file of its own: a lock is one with all that were duplicated from it. */
	AUTO_CLOSE int fd = openat(varfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open the store");
	if (lock_take(fd, LOCK_ALONE, LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "storage pool");
	return TAKE_FD(fd);
}

bool pool_is_mounted(int varfd)
{
	struct statx here, above;
	unsigned int want = STATX_MNT_ID;

	return statx(varfd, POOL_DIR, AT_SYMLINK_NOFOLLOW, want, &here) == 0 &&
	       statx(varfd, "", AT_EMPTY_PATH, want, &above) == 0 &&
	       here.stx_mnt_id != above.stx_mnt_id;
}

/* Where the superblock of a btrfs is, and what in it (fs/btrfs/accessors.h). */
enum { SUPER_AT = 64 << 10, SUPER_UUID = 0x20, SUPER_MAGIC = 0x40, MAGIC_SIZE = 8 };

int pool_uuid_read(int fd, char out[POOL_UUID_LEN + 1], struct error *err)
{
	unsigned char super[SUPER_MAGIC + MAGIC_SIZE];
	ssize_t got = pread(fd, super, sizeof(super), SUPER_AT);
	size_t n = 0;

	if (got < 0)
		return error_sys(err, "read its superblock");
	if (got < (ssize_t)sizeof(super) || memcmp(super + SUPER_MAGIC, "_BHRfS_M", MAGIC_SIZE))
		return error_set(err, ERR_NOT_FOUND, "there is no btrfs on it");
	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(out + n, POOL_UUID_LEN + 1 - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				      super[SUPER_UUID + i]);
	return 0;
}

static int uuid_check(int fd, const struct pool_record *r, struct error *err)
{
	char uuid[POOL_UUID_LEN + 1];

	if (pool_uuid_read(fd, uuid, err) < 0)
		return -1;
	if (strcmp(uuid, r->uuid) != 0)
		return error_set(err, ERR_NOT_FOUND, "it holds another btrfs, %s", uuid);
	return 0;
}

/* The loop device of the file that is there already; -1 without one. */
static int loop_find(int filefd, int *out_number)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/sys/block"); /* host path */
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct error none = { 0 };
		uint64_t number;
		int fd;

		if (!str_starts(e->d_name, "loop") ||
		    num_u64(e->d_name + strlen("loop"), 0, INT32_MAX, &number, &none) < 0)
			continue;
		fd = loop_open((int)number, filefd, &none);
		if (fd < 0)
			continue;
		*out_number = (int)number;
		return fd;
	}
	return -1;
}

/* Opens the device of a pool in a file, and tells its path. */
static int file_device(int varfd, const struct pool_record *r, char path[DEVICE_PATH_MAX],
		       struct error *err)
{
	AUTO_CLOSE int filefd = openat(varfd, r->on, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int number, fd;

	if (filefd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "there is no such file");
	if (filefd < 0)
		return error_sys(err, "open it");
	if (uuid_check(filefd, r, err) < 0)
		return -1;
	fd = loop_find(filefd, &number);
	if (fd < 0)
		fd = loop_attach(filefd, &number, err);
	if (fd >= 0)
		snprintf(path, DEVICE_PATH_MAX, "/dev/loop%d", number);
	return fd;
}

/* By the name it was given, or, when that means another disk by now, by the uuid. */
static int disk_device(const struct pool_record *r, char path[DEVICE_PATH_MAX], struct error *err)
{
	char by_uuid[DEVICE_PATH_MAX], resolved[PATH_MAX];
	const char *const names[] = { r->on, by_uuid };
	struct error why = { 0 };

	snprintf(by_uuid, sizeof(by_uuid), "/dev/disk/by-uuid/%s", r->uuid);
	for (size_t i = 0; i < N_ROWS(names); i++) {
		AUTO_CLOSE int fd = open(names[i], O_RDONLY | O_CLOEXEC); /* host path */

		if (fd < 0) {
			error_sys(&why, "open '%s'", names[i]);
			continue;
		}
		if (uuid_check(fd, r, &why) < 0)
			continue;
		/* The kernel keeps the path, for whoever asks a btrfs for its disks. */
		if (!realpath(names[i], resolved) || /* host path */
		    strlen(resolved) >= DEVICE_PATH_MAX) {
			error_sys(&why, "look up '%s'", names[i]);
			continue;
		}
		strcpy(path, resolved);
		return TAKE_FD(fd);
	}
	*err = why;
	return -1;
}

static int btrfs_mount(const char *source, struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fsopen("btrfs", FSOPEN_CLOEXEC);
	int fd;

	if (fsfd < 0 && errno == ENODEV)
		return error_set(err, ERR_UNSUPPORTED, "this kernel has no btrfs");
	if (fsfd < 0 || sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
	    sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "mount it");
	/* Times of reads would have every zone write a copy of what it only reads. */
	fd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC,
			 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME);
	return fd < 0 ? error_sys(err, "mount it") : fd;
}

static int mount_source(int varfd, const struct pool_record *r, struct error *err)
{
	char path[DEVICE_PATH_MAX];
	/* Kept until it is mounted: a loop device that nobody holds goes away. */
	AUTO_CLOSE int devicefd =
		r->is_file ? file_device(varfd, r, path, err) : disk_device(r, path, err);
	AUTO_CLOSE int mountfd = devicefd < 0 ? -1 : btrfs_mount(path, err);

	if (mountfd < 0)
		return -1;
	if (sys_move_mount(mountfd, "", varfd, POOL_DIR, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach it");
	return 0;
}

int pool_mount(int varfd, const struct pool_record *r, struct error *err)
{
	if (pool_is_mounted(varfd))
		return 0;
	if (mkdirat(varfd, POOL_DIR, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "make '%s'", POOL_DIR);
	if (mount_source(varfd, r, err) < 0)
		return error_wrap(err, "storage pool on '%s'", r->on);
	return 0;
}

static int mount_recorded(int varfd, struct error *err)
{
	AUTO_CLOSE int lockfd = pool_lock(varfd, err);
	AUTO_POOL_RECORD struct pool_record r = { 0 };
	int found;

	if (lockfd < 0)
		return -1;
	found = pool_record_read(varfd, &r, err);
	if (found < 0)
		return -1;
	if (found > 0 && r.is_ready)
		return pool_mount(varfd, &r, err);
	error_set(err, ERR_NOT_FOUND, "the store's pool was not finished, or is being removed");
	return error_hint(err, "try: zonectl pool remove, zonectl pool create");
}

/* Where the store itself is on btrfs, which needs nothing mounted. */
static int own_make(int varfd, struct error *err)
{
	static const char *const dirs[] = {
		POOL_DIR, POOL_DIR "/" POOL_ZONES, POOL_DIR "/" POOL_TEMPLATES,
	};

	if (!btrfs_is(varfd)) {
		error_set(err, ERR_UNSUPPORTED, "storage=btrfs needs a storage pool");
		return error_hint(err, "make one: zonectl pool create --size 50G");
	}
	for (size_t i = 0; i < N_ROWS(dirs); i++)
		if (mkdirat(varfd, dirs[i], 0700) < 0 && errno != EEXIST)
			return error_sys(err, "make '%s'", dirs[i]);
	return 0;
}

int pool_open(int varfd, struct error *err)
{
	bool is_made = pool_exists(varfd);
	int fd;

	if (is_made && !pool_is_mounted(varfd) && mount_recorded(varfd, err) < 0)
		return -1;
	if (!is_made && own_make(varfd, err) < 0)
		return -1;
	fd = openat(varfd, POOL_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the storage pool") : fd;
}

int pool_open_dir(int varfd, const char *name, struct error *err)
{
	AUTO_CLOSE int poolfd = pool_open(varfd, err);
	int fd = poolfd < 0 ? -1 :
			      openat(poolfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (poolfd >= 0 && fd < 0)
		return error_sys(err, "open '%s' of the storage pool", name);
	return fd;
}

int pool_unmount(int varfd, struct error *err)
{
	AUTO_CLOSE int cwdfd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;

	/* umount2(2) takes no descriptor, and one of the mount itself would keep it busy. */
	if (cwdfd < 0 || fchdir(varfd) < 0)
		return error_sys(err, "enter the store");
	if (sys_umount(POOL_DIR, SYS_UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		ret = errno == EBUSY ? error_set(err, ERR_BUSY, "the storage pool is in use") :
				       error_sys(err, "unmount the storage pool");
	if (fchdir(cwdfd) < 0 && ret == 0)
		return error_sys(err, "go back from the store");
	return ret;
}
