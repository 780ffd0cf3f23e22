/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/num.h"
#include "base/sys.h"
#include "disks/ext4.h"
#include "disks/loop.h"

#define IMAGE "disk.img"
#define IMAGE_NEW ".disk.img.new"

/* A mount goes a moment after the last process that saw it, and its device after that; unmounting
 * waits for the host's disk. */
enum { FREE_WAIT_MS = 30000 };

static int file_open(const struct disk *d, const char *name, int flags, struct error *err)
{
	int fd = openat(d->zonefd, name, flags | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open '%s'", name) : fd;
}

static bool is_here(const struct disk *d)
{
	return faccessat(d->zonefd, IMAGE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int can(const struct disk *d, const struct disk_want *want, struct error *why)
{
	(void)d;	/* any filesystem has files */
	if (want->is_subvolume || (want->limits.bytes == 0 && want->limits.inodes == 0))
		return 0;
	if (want->limits.bytes > 0)
		return 1;
	error_set(why, ERR_UNSUPPORTED,
		  "inodes without disk: the store's filesystem has no project quotas");
	error_hint(why, "set disk too, and the zone gets an image file");
	return 0;
}

/* A mount of the image, which keeps its device. */
static int image_mount(const struct disk *d, const char *name, int *out_number, struct error *err)
{
	AUTO_CLOSE int filefd = file_open(d, name, O_RDWR, err);
	AUTO_CLOSE int loopfd = -1;
	struct ext4_super super;
	int mountfd;

	if (filefd < 0)
		return -1;
	if (lock_take(filefd, LOCK_ALONE, FREE_WAIT_MS, err) < 0)
		return error_wrap(err, "the image is in use");
	if (ext4_read(filefd, &super, err) < 0)
		return -1;
	loopfd = loop_attach(filefd, out_number, err);
	if (loopfd < 0)
		return -1;
	mountfd = ext4_mount(*out_number, super.has_journal, err);
	if (mountfd < 0 && err->kind == ERR_FAILED)
		error_hint(err, "zonectl repair has its filesystem checked");
	return mountfd;
}

static int image_open(const struct disk *d, const char *name, struct error *err)
{
	int number, fd;
	AUTO_CLOSE int mountfd = image_mount(d, name, &number, err);

	if (mountfd < 0)
		return -1;
	fd = openat(mountfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the image") : fd;
}

/* What every inode takes of the disk is taken when it is made. */
static int fit_check(const struct disk_limits *limits, struct error *err)
{
	enum { INODE = 256 };
	char text[NUM_TEXT_MAX];

	if (limits->inodes <= limits->bytes / 2 / INODE)
		return 0;
	return error_set(err, ERR_USAGE, "inodes: %llu do not fit into disk, %s",
			 (unsigned long long)limits->inodes, num_size_text(limits->bytes, text));
}

static int file_make(const struct disk *d, const char *name, const struct disk_want *want,
		     struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (fit_check(&want->limits, err) < 0)
		return -1;
	fd = openat(d->zonefd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "make '%s'", name);
	if (ftruncate(fd, (off_t)want->limits.bytes) < 0 && errno == EFBIG)
		return error_set(err, ERR_UNSUPPORTED,
				 "the store's filesystem has no files of that size");
	if (lseek(fd, 0, SEEK_END) != (off_t)want->limits.bytes)
		return error_sys(err, "make '%s' as long as disk says", name);
	return ext4_make(d->zonefd, name, want->limits.inodes, !want->is_ephemeral, err);
}

static int make(const struct disk *d, const struct disk_want *want, struct error *err)
{
	return file_make(d, IMAGE, want, err);
}

static int open_data(const struct disk *d, struct error *err)
{
	return image_open(d, IMAGE, err);
}

static int attach(const struct disk *d, int *out_device, struct error *err)
{
	AUTO_CLOSE int datafd = disk_data_open(d, err);
	AUTO_CLOSE int mountfd = datafd < 0 ? -1 : image_mount(d, IMAGE, out_device, err);

	if (mountfd < 0)
		return -1;
	if (sys_move_mount(mountfd, "", datafd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "attach the image");
	return disk_data_open(d, err);
}

/* A further mount of a zone's that is up, and the device; both by what boot noted. */
static int running_mount(const struct disk *d, int filefd, int *out_loopfd, struct error *err)
{
	int number = disk_device_read(d->runfd), mountfd;
	AUTO_CLOSE int loopfd = -1;

	if (number < 0)
		return error_set(err, ERR_FAILED, "the image's device is not known");
	loopfd = loop_open(number, filefd, err);
	mountfd = loopfd < 0 ? -1 : ext4_mount(number, true, err);
	if (mountfd >= 0)
		*out_loopfd = TAKE_FD(loopfd);
	return mountfd;
}

static int usage(const struct disk *d, struct disk_usage *out, struct error *err)
{
	AUTO_CLOSE int filefd = file_open(d, IMAGE, O_RDONLY, err);
	AUTO_CLOSE int loopfd = -1;
	AUTO_CLOSE int mountfd = -1;
	struct ext4_super super;

	if (filefd < 0)
		return -1;
	if (d->runfd >= 0) {
		mountfd = running_mount(d, filefd, &loopfd, err);
		return mountfd < 0 ? -1 : ext4_count(mountfd, out, err);
	}
	if (ext4_read(filefd, &super, err) < 0)
		return -1;
	*out = (struct disk_usage){
		.has_bytes = true,
		.has_inodes = true,
		.bytes = super.bytes - super.free_bytes,
		.inodes = super.inodes - super.free_inodes,
		.limits = { .bytes = super.bytes, .inodes = super.inodes },
	};
	return 0;
}

/* The file first: longer than its filesystem it is whole, shorter it would not be. */
static int grow(int filefd, int loopfd, int mountfd, uint64_t bytes, struct error *err)
{
	if (ftruncate(filefd, (off_t)bytes) < 0)
		return error_sys(err, "make the image longer");
	if (loop_grow(loopfd, err) < 0)
		return -1;
	return ext4_grow(mountfd, bytes, err);
}

static int grow_running(const struct disk *d, int filefd, uint64_t bytes, struct error *err)
{
	AUTO_CLOSE int loopfd = -1;
	AUTO_CLOSE int mountfd = running_mount(d, filefd, &loopfd, err);

	return mountfd < 0 ? -1 : grow(filefd, loopfd, mountfd, bytes, err);
}

static int grow_stopped(const struct disk *d, int filefd, uint64_t bytes, struct error *err)
{
	int number;
	AUTO_CLOSE int mountfd = image_mount(d, IMAGE, &number, err);
	AUTO_CLOSE int loopfd = mountfd < 0 ? -1 : loop_open(number, filefd, err);

	return loopfd < 0 ? -1 : grow(filefd, loopfd, mountfd, bytes, err);
}

static int room_check(const struct disk_usage *now, const struct disk_limits *limits,
		      struct error *err)
{
	char wanted[NUM_TEXT_MAX], used[NUM_TEXT_MAX];

	if (limits->bytes > 0 && limits->bytes < now->bytes)
		return error_set(err, ERR_RESOURCE, "disk: %s is below the %s in use",
				 num_size_text(limits->bytes, wanted),
				 num_size_human(now->bytes, used));
	if (limits->inodes > 0 && limits->inodes < now->inodes)
		return error_set(err, ERR_RESOURCE, "inodes: %llu is below the %llu in use",
				 (unsigned long long)limits->inodes,
				 (unsigned long long)now->inodes);
	return 0;
}

/* True if the filesystem is what was asked for: mke2fs(8) leaves a last group away that would hold
 * little beside its own tables. */
static bool is_whole(int filefd, uint64_t bytes, uint64_t wanted)
{
	enum { TABLES = 8 << 20 };
	struct stat st;

	return fstat(filefd, &st) == 0 && (uint64_t)st.st_size == wanted && bytes <= wanted &&
	       wanted - bytes < TABLES;
}

/* A filesystem grows in place, mounted or not, and its inodes with it; all else is made anew. */
static int limit(const struct disk *d, const struct disk_limits *limits, struct error *err)
{
	AUTO_CLOSE int filefd = file_open(d, IMAGE, O_RDWR, err);
	enum disk_change otherwise = d->runfd >= 0 ? DISK_STOPPED : DISK_COPY;
	struct error failure = { 0 };
	struct ext4_super super;
	struct disk_usage now;
	int ret;

	if (filefd < 0 || ext4_read(filefd, &super, err) < 0 || usage(d, &now, err) < 0)
		return -1;
	if (is_whole(filefd, now.limits.bytes, limits->bytes) &&
	    limits->inodes == super.asked_inodes)
		return DISK_CHANGED;
	if (limits->bytes < now.limits.bytes || limits->inodes > 0 || super.asked_inodes > 0)
		return room_check(&now, limits, err) < 0 ? -1 : (int)otherwise;
	ret = d->runfd >= 0 ? grow_running(d, filefd, limits->bytes, &failure) :
			      grow_stopped(d, filefd, limits->bytes, &failure);
	if (ret == 0)
		return DISK_CHANGED;
	if (failure.kind == ERR_UNSUPPORTED)
		return otherwise;
	*err = failure;
	return -1;
}

bool image_is_begun(const struct disk *d)
{
	return faccessat(d->zonefd, IMAGE_NEW, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int image_sweep(const struct disk *d, struct error *err)
{
	if (unlinkat(d->zonefd, IMAGE_NEW, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", IMAGE_NEW);
	return 0;
}

int image_begin(const struct disk *d, const struct disk_want *want, struct error *err)
{
	if (image_sweep(d, err) < 0 || file_make(d, IMAGE_NEW, want, err) < 0)
		return -1;
	return image_open(d, IMAGE_NEW, err);
}

static int directory_sync(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int fd = openat(d->zonefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_sys(err, "sync the zone's directory") : 0;
}

int image_commit(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int fd = file_open(d, IMAGE_NEW, O_RDONLY, err);

	if (fd < 0)
		return -1;
	if (fsync(fd) < 0)
		return error_sys(err, "sync the image");
	if (renameat(d->zonefd, IMAGE_NEW, d->zonefd, IMAGE) < 0)
		return error_sys(err, "rename '%s'", IMAGE_NEW);
	return directory_sync(d, err);
}

bool image_has_errors(const struct disk *d)
{
	struct error none = { 0 };
	AUTO_CLOSE int fd = file_open(d, IMAGE, O_RDONLY, &none);
	struct ext4_super super;

	return fd >= 0 && (ext4_read(fd, &super, &none) < 0 || super.has_errors);
}

int image_mend(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int fd = file_open(d, IMAGE, O_RDWR, err);

	if (fd < 0)
		return -1;
	if (lock_take(fd, LOCK_ALONE, FREE_WAIT_MS, err) < 0)
		return error_wrap(err, "the image is in use");
	return ext4_mend(d->zonefd, IMAGE, err);
}

int image_leave(const struct disk *d, struct error *err)
{
	if (unlinkat(d->zonefd, IMAGE, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", IMAGE);
	return directory_sync(d, err);
}

const struct disk_kind disk_image = {
	.name = "image",
	.has_filesystem = true,
	.is_here = is_here,
	.can = can,
	.make = make,
	.open = open_data,
	.attach = attach,
	.limit = limit,
	.usage = usage,
};
