/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/blocks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { DEPTH_MAX = 8, DEVICE_TEXT_MAX = 32 };

/* Filesystems without a device, by statfs(2). */
static const struct {
	long magic;
	const char *name;
} diskless[] = {
	{ TMPFS_MAGIC,         "tmpfs" },
	{ RAMFS_MAGIC,         "ramfs" },
	{ OVERLAYFS_SUPER_MAGIC, "overlay" },
	{ NFS_SUPER_MAGIC,     "nfs" },
	{ 0x65735546,          "fuse" },	/* fs/fuse/inode.c */
	{ 0x2fc12fc1,          "zfs" },		/* openzfs, sys/fs/zfs.h */
	{ 0x01021997,          "9p" },		/* linux/magic.h of newer kernels: V9FS_MAGIC */
};

struct walk {
	struct blocks *out;
	int depth;			/* devices that stand on each other so far */
	bool is_below;			/* below a device that limits already: only queues count */
};

static int add_fs(const struct walk *w, int fd, struct error *err);

static int add_to(dev_t list[BLOCKS_MAX], size_t *n, dev_t dev, struct error *err)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == dev)
			return 0;
	if (*n == BLOCKS_MAX)
		return error_set(err, ERR_UNSUPPORTED, "more than %d disks hold it", BLOCKS_MAX);
	list[(*n)++] = dev;
	return 0;
}

/* What sysfs has of the device, below /sys/dev/block. */
static int open_sysfs(dev_t dev, const char *below, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(dev), minor(dev), below);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

static int read_dev(int dirfd, dev_t *out, struct error *err)
{
	char text[DEVICE_TEXT_MAX];
	unsigned int major, minor;

	if (fd_read_control(dirfd, "dev", text, sizeof(text), err) < 0)
		return -1;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return error_set(err, ERR_FAILED, "'%s' is no device number", text);
	*out = makedev(major, minor);
	return 0;
}

/* Throttling knows whole disks only (blkcg_bio_issue_init() and blkg_conf_prep() in
 * block/blk-cgroup.c); a partition's directory stands in its disk's. */
static int open_whole(dev_t *dev, struct error *err)
{
	AUTO_CLOSE int fd = open_sysfs(*dev, "", err);
	AUTO_CLOSE int wholefd = -1;

	if (fd < 0)
		return -1;
	if (faccessat(fd, "partition", F_OK, 0) < 0)
		return TAKE_FD(fd);
	wholefd = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (wholefd < 0)
		return error_sys(err, "open the disk of a partition");
	return read_dev(wholefd, dev, err) < 0 ? -1 : TAKE_FD(wholefd);
}

static int add_loop_file(const struct walk *w, int sysfd, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	char path[PATH_MAX];

	if (fd_read_control(sysfd, "loop/backing_file", path, sizeof(path), err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* host path */
	if (fd < 0)
		return error_sys(err, "open '%s', which a loop device has", path);
	return add_fs(w, fd, err);
}

static int add_queues(const struct walk *above, int sysfd, dev_t dev, struct error *err);

/* Of device-mapper and md: what they are made of. Returns how many there were. */
static int add_slaves(const struct walk *w, int sysfd, struct error *err)
{
	AUTO_CLOSE int listfd = openat(sysfd, "slaves", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *list = listfd < 0 ? NULL : fdopendir(listfd);
	struct dirent *entry;
	int n = 0;

	if (!list)
		return 0;
	listfd = dup(TAKE_FD(listfd));	/* the first is the list's now */
	while ((entry = readdir(list))) {
		AUTO_CLOSE int fd = -1, wholefd = -1;
		dev_t dev;

		if (entry->d_name[0] == '.')
			continue;
		fd = openat(listfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || read_dev(fd, &dev, err) < 0)
			return fd < 0 ? error_sys(err, "open '%s'", entry->d_name) : -1;
		wholefd = open_whole(&dev, err);
		if (wholefd < 0 || add_queues(w, wholefd, dev, err) < 0)
			return -1;
		n++;
	}
	return n;
}

static bool is_loop(int sysfd)
{
	return faccessat(sysfd, "loop/backing_file", F_OK, 0) == 0;
}

static int add_queues(const struct walk *above, int sysfd, dev_t dev, struct error *err)
{
	struct walk w = *above;
	int n;

	if (++w.depth > DEPTH_MAX)
		return error_set(err, ERR_UNSUPPORTED, "more than %d devices stand on each other",
				 DEPTH_MAX);
	if (is_loop(sysfd))
		return add_loop_file(&w, sysfd, err);
	n = add_slaves(&w, sysfd, err);
	if (n != 0)
		return n < 0 ? -1 : 0;
	return add_to(w.out->queues, &w.out->n_queues, dev, err);
}

/* True if what goes through the loop device is written and read at once, in the name of whoever did
 * it (loop_queue_rq() in drivers/block/loop.c keeps it); else the page cache is between. */
static bool passes_names_on(int sysfd)
{
	struct error ignored;
	char text[DEVICE_TEXT_MAX];

	return is_loop(sysfd) &&
	       fd_read_control(sysfd, "loop/dio", text, sizeof(text), &ignored) > 0 &&
	       strcmp(text, "1") == 0;
}

static int add_device(const struct walk *above, dev_t dev, struct error *err)
{
	AUTO_CLOSE int sysfd = open_whole(&dev, err);
	struct walk w = *above;

	if (sysfd < 0)
		return -1;
	/* Limited twice it would be half as fast: the two wait for each other. */
	if (!w.is_below && !passes_names_on(sysfd)) {
		w.is_below = true;
		if (add_to(w.out->tops, &w.out->n_tops, dev, err) < 0)
			return -1;
	}
	return add_queues(&w, sysfd, dev, err);
}

/* Btrfs gives each subvolume a device number that is no device's (BTRFS_IOC_FS_INFO and
 * BTRFS_IOC_DEV_INFO, linux/btrfs.h). Ids have gaps where a device was removed. */
static int add_btrfs(const struct walk *w, int fd, struct error *err)
{
	struct btrfs_ioctl_fs_info_args fs = { 0 };

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &fs) < 0)
		return error_sys(err, "ask btrfs for its disks");
	for (uint64_t id = 1; id <= fs.max_id; id++) {
		struct btrfs_ioctl_dev_info_args dev = { .devid = id };
		struct stat st;

		if (ioctl(fd, BTRFS_IOC_DEV_INFO, &dev) < 0) {
			if (errno == ENODEV)
				continue;
			return error_sys(err, "ask btrfs for disk %llu", (unsigned long long)id);
		}
		if (stat((const char *)dev.path, &st) < 0) /* host path */
			return error_sys(err, "look at '%s'", (const char *)dev.path);
		if (add_device(w, st.st_rdev, err) < 0)
			return -1;
	}
	return 0;
}

static int add_fs(const struct walk *w, int fd, struct error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return error_sys(err, "look at the filesystem");
	if (S_ISBLK(st.st_mode))
		return add_device(w, st.st_rdev, err);
	if (fs.f_type == BTRFS_SUPER_MAGIC)
		return add_btrfs(w, fd, err);
	if (major(st.st_dev) != 0)
		return add_device(w, st.st_dev, err);
	for (size_t i = 0; i < N_ROWS(diskless); i++)
		if (fs.f_type == diskless[i].magic)
			return error_set(err, ERR_UNSUPPORTED,
					 "no disk holds it: its filesystem is %s",
					 diskless[i].name);
	return error_set(err, ERR_UNSUPPORTED,
			 "no disk that can be told holds it: its filesystem is of type 0x%lx",
			 (unsigned long)fs.f_type);
}

int blocks_add(struct blocks *b, int dirfd, struct error *err)
{
	/* The caller's may be one that only holds the place. */
	AUTO_CLOSE int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct walk w = { .out = b };

	return fd < 0 ? error_sys(err, "open a directory") : add_fs(&w, fd, err);
}

bool blocks_has_bfq(dev_t queue)
{
	AUTO_CLOSE int fd = -1;
	struct error ignored;
	char text[256];

	fd = open_sysfs(queue, "queue", &ignored);
	/* "none mq-deadline [bfq]": the one in brackets is in use. */
	return fd >= 0 && fd_read_control(fd, "scheduler", text, sizeof(text), &ignored) > 0 &&
	       strstr(text, "[bfq]") != NULL;
}

const char *blocks_name(dev_t dev, char out[64])
{
	char path[64], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	n = readlink(path, target, sizeof(target) - 1); /* host path */
	target[n < 0 ? 0 : n] = '\0';
	if (n > 0 && strrchr(target, '/'))
		snprintf(out, 64, "%.63s", strrchr(target, '/') + 1);
	else
		snprintf(out, 64, "%u:%u", major(dev), minor(dev));
	return out;
}
