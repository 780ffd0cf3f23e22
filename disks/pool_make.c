/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/pool_make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/proc.h"
#include "disks/btrfs.h"
#include "disks/btrfs_subvol.h"

/*
 * pool.json is there before anything else is, saying "not ready", and goes last. Killed between,
 * a pool that is not ready is one that the next pool create or pool remove takes away first. What
 * a file or device holds is only touched by the one call of mkfs.btrfs, which refuses a device
 * that is mounted or holds a filesystem or a partition table.
 */

enum {
	OUTPUT_MAX = 16 << 10,
	/* What mkfs.btrfs and the first subvolumes write at once. */
	SPACE_MIN = 32 << 20,
};

/* mkfs.btrfs says what is wrong in the first line that begins so, and what to do about it below. */
static int refused(char *output, struct error *err)
{
	char *line = strstr(output, "ERROR: ");

	line = line ? line + strlen("ERROR: ") : output;
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, "existing filesystem") || strstr(line, "partition table")) {
		error_set(err, ERR_EXISTS, "mkfs.btrfs: %s", line);
		return error_hint(err, "--force overwrites what is there");
	}
	return error_set(err, strstr(line, strerror(ENOSPC)) ? ERR_RESOURCE : ERR_FAILED,
			 "mkfs.btrfs: %s", *line ? line : "failed");
}

static int run(char *const *argv, int dirfd, struct error *err)
{
	struct proc_spawn spawn = { .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .dirfd = dirfd };
	AUTO_CLOSE int readfd = -1;
	AUTO_CLOSE int pidfd = -1;
	AUTO_FREE char *output = NULL;
	struct error lost = { 0 };
	int words[2], status;
	pid_t pid;

	if (pipe2(words, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	readfd = words[0];
	spawn.stderr_fd = words[1];
	pidfd = proc_spawn(&spawn, &pid, err);
	close(words[1]);
	if (pidfd < 0)
		return err->kind == ERR_UNSUPPORTED ? error_hint(err, "install btrfs-progs") : -1;
	if (fd_read_all(readfd, OUTPUT_MAX, &output, NULL, &lost) < 0)
		output = xstrdup("");	/* it says more than anybody reads */
	status = proc_reap(pidfd, err);
	return status > 0 ? refused(output, err) : status;
}

static int format(int varfd, const char *on, const struct pool_want *want, bool is_file,
		  struct error *err)
{
	char size[NUM_TEXT_MAX];
	char *argv[12] = { "mkfs.btrfs", "-q", "-L", "zonectl" };
	size_t n = 4;

	if (want->is_forced && !is_file)
		argv[n++] = "-f";
	if (want->size && !is_file) {
		snprintf(size, sizeof(size), "%" PRIu64, want->size);
		argv[n++] = "-b";
		argv[n++] = size;
	}
	/* A file is a hole, which has nothing to discard. */
	if (is_file)
		argv[n++] = "-K";
	argv[n++] = "--";
	argv[n++] = (char *)on;
	return run(argv, varfd, err);
}

uint64_t pool_space_for(int varfd, const char *on)
{
	AUTO_FREE char *dir = xstrdup(on && *on == '/' ? on : ".");
	char *slash = strrchr(dir, '/');
	AUTO_CLOSE int fd = -1;
	struct statvfs st;

	if (slash)
		slash[slash == dir] = '\0';
	fd = openat(varfd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatvfs(fd, &st) < 0)
		return 0;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

/* One that somebody made meanwhile is not ours to remove. */
static int file_make(int varfd, struct pool_record *r, const struct pool_want *want,
		     struct error *err)
{
	AUTO_CLOSE int fd =
		openat(varfd, r->on, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	uint64_t space = pool_space_for(varfd, r->on);

	r->is_file = fd >= 0;
	if (fd < 0)
		return error_sys(err, "make '%s'", r->on);
	if (space < SPACE_MIN) {
		errno = ENOSPC;
		return error_sys(err, "make '%s'", r->on);
	}
	if (ftruncate(fd, (off_t)want->size) == 0)
		return 0;
	if (errno != EFBIG)
		return error_sys(err, "make '%s'", r->on);
	error_sys(err, "make '%s'", r->on);
	err->kind = ERR_UNSUPPORTED;
	return error_hint(err, "the filesystem it is on has no files so large");
}

/* A mounted device, or one that another program has for itself, opens for nobody alone. */
static int device_check(const struct pool_record *r, const struct pool_want *want,
			struct error *err)
{
	AUTO_CLOSE int fd = open(r->on, O_RDONLY | O_EXCL | O_CLOEXEC); /* host path */
	char asked[NUM_TEXT_MAX], has[NUM_TEXT_MAX];
	uint64_t size;

	if (fd < 0 && errno == EBUSY)
		return error_set(err, ERR_BUSY, "'%s' is mounted or in use otherwise", r->on);
	if (fd < 0)
		return error_sys(err, "open '%s'", r->on);
	if (ioctl(fd, BLKGETSIZE64, &size) < 0)
		return error_sys(err, "look at '%s'", r->on);
	if (size < POOL_SIZE_MIN || want->size > size)
		return error_set(err, ERR_USAGE, "'%s' has %s, %s are needed", r->on,
				 num_size_human(size, has),
				 num_size_human(want->size ? want->size : POOL_SIZE_MIN, asked));
	return 0;
}

static int target_check(int varfd, const struct pool_want *want, struct pool_record *r,
			struct error *err)
{
	struct stat st;

	if (fstatat(varfd, r->on, &st, 0) < 0) {
		if (errno != ENOENT)
			return error_sys(err, "look at '%s'", r->on);
		r->is_file = true;
		if (want->size >= POOL_SIZE_MIN)
			return 0;
		error_set(err, ERR_USAGE, "a file needs a size of 128M or more");
		return error_hint(err, "try: zonectl pool create --size 50G");
	}
	if (S_ISREG(st.st_mode)) {
		error_set(err, ERR_EXISTS, "there is a file '%s' already", r->on);
		return error_hint(err, "remove it, or name another by --on");
	}
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ERR_USAGE, "'%s' is neither a file nor a block device",
				 r->on);
	return device_check(r, want, err);
}

static int uuid_take(int varfd, struct pool_record *r, struct error *err)
{
	AUTO_CLOSE int fd = openat(varfd, r->on, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open '%s'", r->on) : pool_uuid_read(fd, r->uuid, err);
}

static int dirs_make(int varfd, struct error *err)
{
	AUTO_CLOSE int fd =
		openat(varfd, POOL_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0700) < 0 || mkdirat(fd, POOL_ZONES, 0700) < 0 ||
	    mkdirat(fd, POOL_TEMPLATES, 0700) < 0)
		return error_sys(err, "make the pool's directories");
	if (btrfs_quota_enable(fd, err) < 0)
		return -1;
	return syncfs(fd) < 0 ? error_sys(err, "sync the pool") : 0;
}

static int build(int varfd, struct pool_record *r, const struct pool_want *want, struct error *err)
{
	if (r->is_file && file_make(varfd, r, want, err) < 0)
		return -1;
	if (format(varfd, r->on, want, r->is_file, err) < 0 || uuid_take(varfd, r, err) < 0 ||
	    pool_mount(varfd, r, err) < 0 || dirs_make(varfd, err) < 0)
		return -1;
	r->is_ready = true;
	return pool_record_write(varfd, r, err);
}

/* What stands after a kill, in the order of build() backward. */
static int dismantle(int varfd, struct pool_record *r, struct error *err)
{
	if (pool_unmount(varfd, err) < 0)
		return -1;
	r->is_ready = false;
	if (pool_record_write(varfd, r, err) < 0)
		return -1;
	if (r->is_file && unlinkat(varfd, r->on, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", r->on);
	if (unlinkat(varfd, POOL_DIR, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", POOL_DIR);
	return pool_record_remove(varfd, err);
}

/* No pool yet; what another attempt left is taken away. */
static int clear_way(int varfd, struct error *err)
{
	AUTO_POOL_RECORD struct pool_record r = { 0 };
	int found = pool_record_read(varfd, &r, err);

	if (found < 0)
		return -1;
	if (found > 0 && r.is_ready) {
		error_set(err, ERR_EXISTS, "the store has a storage pool, on '%s'", r.on);
		return error_hint(err, "try: zonectl pool info");
	}
	if (found > 0)
		return dismantle(varfd, &r, err);
	/* Of a store on btrfs that has zones in it. */
	if (unlinkat(varfd, POOL_DIR "/" POOL_ZONES, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, ERR_EXISTS, "zones are on the store's own btrfs already");
	return path_remove(varfd, POOL_DIR, err);
}

int pool_make(int varfd, const struct pool_want *want, struct error *err)
{
	AUTO_CLOSE int lockfd = pool_lock(varfd, err);
	AUTO_POOL_RECORD struct pool_record r = { 0 };
	struct error ignored = { 0 };

	if (lockfd < 0 || clear_way(varfd, err) < 0)
		return -1;
	r.on = xstrdup(want->on ? want->on : POOL_FILE);
	if (target_check(varfd, want, &r, err) < 0 || pool_record_write(varfd, &r, err) < 0)
		return -1;
	if (build(varfd, &r, want, err) == 0)
		return 0;
	/* The error that led here is the one to tell; pool.json says what stayed. */
	(void)dismantle(varfd, &r, &ignored);
	return -1;
}

/* How many names are in a directory of the pool. */
static int count(int varfd, const char *name, uint64_t *out, struct error *err)
{
	AUTO_CLOSEDIR DIR *dir = NULL;
	int fd = pool_open_dir(varfd, name, err);
	const struct dirent *e;
	uint64_t n = 0;

	if (fd < 0)
		return -1;
	dir = fdopendir(fd);
	if (!dir) {
		error_sys(err, "read '%s' of the storage pool", name);
		close(fd);
		return -1;
	}
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	*out = n;
	return 0;
}

/* The lock is held, which pool_open() would wait for, so it is mounted here. */
static int check_unused(int varfd, const struct pool_record *r, bool is_forced, struct error *err)
{
	struct error gone = { 0 };
	uint64_t zones;

	if (pool_mount(varfd, r, &gone) < 0) {
		if (is_forced)
			return 0;
		*err = gone;
		return error_hint(err,
				  "--force forgets a pool that is gone, with its zones' files");
	}
	if (count(varfd, POOL_ZONES, &zones, err) < 0)
		return -1;
	if (zones == 0)
		return 0;
	error_set(err, ERR_STATE, "%" PRIu64 " zone%s in the storage pool", zones,
		  zones == 1 ? " is" : "s are");
	return error_hint(err, "destroy them first (zonectl list -a -o name,storage), then: "
			       "zonectl pool sweep");
}

int pool_remove(int varfd, bool is_forced, struct error *err)
{
	AUTO_CLOSE int lockfd = pool_lock(varfd, err);
	AUTO_POOL_RECORD struct pool_record r = { 0 };
	int found;

	if (lockfd < 0)
		return -1;
	found = pool_record_read(varfd, &r, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERR_NOT_FOUND, "the store has no storage pool");
	if (r.is_ready && check_unused(varfd, &r, is_forced, err) < 0)
		return -1;
	return dismantle(varfd, &r, err);
}

static int figures_read(int poolfd, struct pool_info *info, struct error *err)
{
	struct statvfs st;

	if (fstatvfs(poolfd, &st) < 0)
		return error_sys(err, "look at the storage pool");
	info->size = (uint64_t)st.f_blocks * st.f_frsize;
	info->used = (uint64_t)(st.f_blocks - st.f_bfree) * st.f_frsize;
	info->free = (uint64_t)st.f_bavail * st.f_frsize;
	info->quota = btrfs_quota_mode(poolfd);
	return 0;
}

int pool_info_read(int varfd, struct pool_info *out, struct error *err)
{
	struct pool_info info = { 0 };
	AUTO_CLOSE int poolfd = -1;

	if (!pool_exists(varfd) && !btrfs_is(varfd)) {
		error_set(err, ERR_NOT_FOUND, "the store has no storage pool");
		return error_hint(err, "make one: zonectl pool create --size 50G");
	}
	poolfd = pool_open(varfd, err);
	if (poolfd < 0 || figures_read(poolfd, &info, err) < 0 ||
	    count(varfd, POOL_ZONES, &info.zones, err) < 0 ||
	    count(varfd, POOL_TEMPLATES, &info.templates, err) < 0 ||
	    btrfs_sweep(varfd, true, &info.unowned, err) < 0 ||
	    pool_record_read(varfd, &info.record, err) < 0)
		return -1;
	*out = info;
	return 0;
}

void pool_info_clear(struct pool_info *info)
{
	pool_record_clear(&info->record);
}
