/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/clone_ids.h"
#include "templates/walk.h"
#include "templates/xattrs.h"

enum { COPY_SIZE = 128 * 1024 };

struct clone {
	int dstfd;			/* the root, borrowed */
	int dirfds[WALK_DEPTH_MAX + 2];	/* open directories of the copy, the root's first; owned */
	size_t depth;			/* how many */
	char **names;			/* paths of files with several names, in order; owned */
	uint64_t *numbers;		/* their numbers; owned */
	size_t n_names, room;
	bool no_reflink;		/* the filesystem said so once */
	bool is_exact;			/* with what no template has */
	const struct clone_limits *limits;	/* NULL: a tree of our own; borrowed */
	struct clone_ids ids;
	uint64_t mount;			/* of the root */
	uint64_t bytes, entries;	/* so far */
};

static int xattrs_copy(const struct clone *c, int fromfd, int tofd, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if ((c->is_exact ? xattr_list_all : xattr_list)(fromfd, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		AUTO_FREE char *value = NULL;
		size_t len;

		if (xattr_get(fromfd, *name, &value, &len, err) < 0)
			return -1;
		if (c->limits && clone_ids_xattr(&c->ids, *name, value, &len, err) < 0)
			return -1;
		if (fsetxattr(tofd, *name, value, len, 0) < 0)
			return error_sys(err, "set xattr '%s'", *name);
	}
	return 0;
}

/* Owner first: it clears setuid and capabilities. Times last: all else changes them. */
static int metadata_copy(const struct clone *c, const struct walk_entry *e, int tofd,
			 struct error *err)
{
	const struct timespec times[2] = { e->st.st_mtim, e->st.st_mtim };
	uid_t uid = e->st.st_uid;
	gid_t gid = e->st.st_gid;

	if (c->limits && clone_ids_owner(&c->ids, &uid, &gid, err) < 0)
		return -1;
	if (fchown(tofd, uid, gid) < 0)
		return error_sys(err, "set the owner");
	if (fchmod(tofd, e->st.st_mode & 07777) < 0)
		return error_sys(err, "set the mode");
	if (xattrs_copy(c, e->fd, tofd, err) < 0)
		return -1;
	return futimens(tofd, times) < 0 ? error_sys(err, "set the time") : 0;
}

static int range_copy_slow(int fromfd, int tofd, off_t from, off_t to, struct error *err)
{
	AUTO_FREE char *buf = xcalloc(1, COPY_SIZE);

	if (lseek(tofd, from, SEEK_SET) < 0)
		return error_sys(err, "seek");
	while (from < to) {
		size_t want = to - from < COPY_SIZE ? (size_t)(to - from) : COPY_SIZE;
		ssize_t n = pread(fromfd, buf, want, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			return error_set(err, ERR_FAILED, "it became shorter while it was copied");
		if (fd_write_all(tofd, buf, (size_t)n, err) < 0)
			return -1;
		from += n;
	}
	return 0;
}

static int range_copy(int fromfd, int tofd, off_t from, off_t to, struct error *err)
{
	off_t in = from, out = from;

	while (in < to) {
		ssize_t n = copy_file_range(fromfd, &in, tofd, &out, (size_t)(to - in), 0);

		if (n > 0)
			continue;
		if (n == 0)
			return error_set(err, ERR_FAILED, "it became shorter while it was copied");
		if (errno == EXDEV || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL)
			return range_copy_slow(fromfd, tofd, in, to, err);
		return error_sys(err, "copy");
	}
	return 0;
}

/* Data only; what is between stays a hole. */
static int data_copy(int fromfd, int tofd, off_t size, struct error *err)
{
	off_t data = 0, hole;

	while (data < size) {
		data = lseek(fromfd, data, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? -1 : lseek(fromfd, data, SEEK_HOLE);
		if (hole < 0)
			return error_sys(err, "find holes");
		if (hole > size)
			hole = size;
		if (range_copy(fromfd, tofd, data, hole, err) < 0)
			return -1;
		data = hole;
	}
	return ftruncate(tofd, size) < 0 ? error_sys(err, "set the size") : 0;
}

static int file_copy(struct clone *c, const struct walk_entry *e, int dirfd, struct error *err)
{
	AUTO_CLOSE int fd =
		openat(dirfd, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, "make file");
	if (!c->no_reflink && e->st.st_size > 0 && ioctl(fd, FICLONE, e->fd) == 0)
		return metadata_copy(c, e, fd, err);
	if (e->st.st_size > 0)
		c->no_reflink = true;
	if (data_copy(e->fd, fd, e->st.st_size, err) < 0)
		return -1;
	return metadata_copy(c, e, fd, err);
}

static int leaf_copy(const struct clone *c, const struct walk_entry *e, int dirfd,
		     struct error *err)
{
	const struct timespec times[2] = { e->st.st_mtim, e->st.st_mtim };
	uid_t uid = e->st.st_uid;
	gid_t gid = e->st.st_gid;
	char target[PATH_MAX];
	ssize_t n;

	if (c->limits && clone_ids_owner(&c->ids, &uid, &gid, err) < 0)
		return -1;
	if (!S_ISLNK(e->st.st_mode)) {
		if (mknodat(dirfd, e->name, (e->st.st_mode & S_IFMT) | 0600, e->st.st_rdev) < 0)
			return error_sys(err, "make special file");
		if (fchmodat(dirfd, e->name, e->st.st_mode & 07777, 0) < 0)
			return error_sys(err, "set the mode");
	} else {
		n = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);
		if (n < 0)
			return error_sys(err, "read link");
		target[n] = '\0';
		if (symlinkat(target, dirfd, e->name) < 0)
			return error_sys(err, "make link");
	}
	if (fchownat(dirfd, e->name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the owner");
	if (utimensat(dirfd, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the time");
	return 0;
}

static void name_keep(struct clone *c, const struct walk_entry *e)
{
	if (c->n_names == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->names = xreallocarray(c->names, c->room + 1, sizeof(*c->names));
		c->numbers = xreallocarray(c->numbers, c->room, sizeof(*c->numbers));
	}
	c->names[c->n_names] = xstrdup(e->path);
	c->names[c->n_names + 1] = NULL;
	c->numbers[c->n_names++] = e->number;
}

/* Numbers grow along the walk, so the list is sorted. */
static const char *name_of(const struct clone *c, uint64_t number)
{
	size_t low = 0, high = c->n_names;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->n_names && c->numbers[low] == number ? c->names[low] : NULL;
}

static int link_copy(struct clone *c, const struct walk_entry *e, int dirfd, struct error *err)
{
	const char *first = name_of(c, e->first), *leaf;
	AUTO_CLOSE int fromfd = -1;

	if (!first)
		return error_set(err, ERR_FAILED, "its other names changed while it was copied");
	fromfd = path_parent(c->dstfd, first, &leaf, err);
	if (fromfd < 0)
		return -1;
	if (linkat(fromfd, leaf, dirfd, e->name, 0) < 0)
		return error_sys(err, "make a hard link to '%s'", first);
	return 0;
}

static int directory_copy(struct clone *c, const struct walk_entry *e, struct error *err)
{
	int fd;

	if (e->number == 0) {
		fd = openat(c->dstfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		if (mkdirat(c->dirfds[c->depth - 1], e->name, 0700) < 0)
			return error_sys(err, "make directory");
		fd = openat(c->dirfds[c->depth - 1], e->name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return error_sys(err, "open directory");
	c->dirfds[c->depth++] = fd;
	return 0;
}

/* What is mounted in a tree is no part of it. */
static int mount_point_copy(const struct clone *c, const struct walk_entry *e, struct error *err)
{
	static const struct timespec never[2] = { { 0 }, { 0 } };
	int dirfd = c->dirfds[c->depth - 1];

	if (mkdirat(dirfd, e->name, 0755) < 0 || fchmodat(dirfd, e->name, 0755, 0) < 0 ||
	    utimensat(dirfd, e->name, never, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "make directory");
	return 1;
}

/* Not by its device: a directory of the same filesystem may be mounted elsewhere in it. */
static int mount_of(const struct walk_entry *e, uint64_t *out, struct error *err)
{
	struct statx st;

	if (statx(e->fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return error_sys(err, "look at its mount");
	*out = st.stx_mnt_id;
	return 0;
}

/* Returns 1 for what is mounted in the tree. A file is left out: what it hides can't be seen. */
static int mounted_check(const struct clone *c, const struct walk_entry *e, struct error *err)
{
	uint64_t mount;

	if (e->fd < 0)
		return 0;
	if (mount_of(e, &mount, err) < 0)
		return -1;
	if (mount == c->mount)
		return 0;
	return S_ISDIR(e->st.st_mode) ? mount_point_copy(c, e, err) : 1;
}

static int foreign_check(struct clone *c, const struct walk_entry *e, struct error *err)
{
	if (e->number == 0) {
		if (mount_of(e, &c->mount, err) < 0)
			return -1;
		c->ids = clone_ids_of(&e->st);
	}
	if (++c->entries > c->limits->entries)
		return error_set(err, ERR_USAGE, "it has more than %llu entries",
				 (unsigned long long)c->limits->entries);
	if (!S_ISREG(e->st.st_mode) || e->first != e->number)
		return mounted_check(c, e, err);
	if ((uint64_t)e->st.st_size > c->limits->bytes - c->bytes)
		return error_set(err, ERR_USAGE, "the files are more than %llu bytes",
				 (unsigned long long)c->limits->bytes);
	c->bytes += (uint64_t)e->st.st_size;
	return mounted_check(c, e, err);
}

static int entry_copy(void *arg, const struct walk_entry *e, struct error *err)
{
	struct clone *c = arg;
	int dirfd, r = c->limits ? foreign_check(c, e, err) : 0;

	if (r != 0)
		return r;
	if (S_ISDIR(e->st.st_mode))
		return directory_copy(c, e, err);
	dirfd = c->dirfds[c->depth - 1];
	if (e->first != e->number)
		return link_copy(c, e, dirfd, err);
	if (e->st.st_nlink > 1)
		name_keep(c, e);
	if (S_ISREG(e->st.st_mode))
		return file_copy(c, e, dirfd, err);
	if (S_ISFIFO(e->st.st_mode) || S_ISLNK(e->st.st_mode) || c->is_exact)
		return leaf_copy(c, e, dirfd, err);
	return 0;	/* devices and sockets are no part of a template (unpack.c) */
}

static int directory_leave(void *arg, const struct walk_entry *e, struct error *err)
{
	struct clone *c = arg;
	AUTO_CLOSE int fd = c->dirfds[--c->depth];

	return metadata_copy(c, e, fd, err);
}

static int tree_copy(struct clone *c, int srcfd, int dstfd, struct error *err)
{
	int r;

	c->dstfd = dstfd;
	r = walk_tree(srcfd, entry_copy, directory_leave, c, err);
	while (c->depth > 0)
		close(c->dirfds[--c->depth]);
	strv_clear(&c->names);
	free(c->numbers);
	return r < 0 ? error_wrap(err, "copy") : 0;
}

int clone_copy(int srcfd, int dstfd, struct error *err)
{
	AUTO_FREE struct clone *c = xcalloc(1, sizeof(*c));

	return tree_copy(c, srcfd, dstfd, err);
}

int clone_exact(int srcfd, int dstfd, struct error *err)
{
	AUTO_FREE struct clone *c = xcalloc(1, sizeof(*c));

	c->is_exact = true;
	return tree_copy(c, srcfd, dstfd, err);
}

int clone_foreign(int srcfd, int dstfd, const struct clone_limits *limits, struct error *err)
{
	AUTO_FREE struct clone *c = xcalloc(1, sizeof(*c));

	c->limits = limits;
	return tree_copy(c, srcfd, dstfd, err);
}

static int name_is_directory(int srcfd, const char *name, int dstfd, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int fromfd = openat(srcfd, name, flags);
	AUTO_CLOSE int tofd = -1;

	if (fromfd < 0)
		return error_sys(err, "open directory");
	if (mkdirat(dstfd, name, 0700) < 0)
		return error_sys(err, "make directory");
	tofd = openat(dstfd, name, flags);
	if (tofd < 0)
		return error_sys(err, "open directory");
	return clone_copy(fromfd, tofd, err);
}

int clone_name(int srcfd, const char *name, int dstfd, struct error *err)
{
	struct walk_entry e = { .dirfd = srcfd, .name = name, .path = name, .fd = -1 };
	AUTO_FREE struct clone *c = xcalloc(1, sizeof(*c));
	AUTO_CLOSE int fd = -1;

	if (fstatat(srcfd, name, &e.st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at it");
	if (S_ISDIR(e.st.st_mode))
		return name_is_directory(srcfd, name, dstfd, err);
	if (S_ISLNK(e.st.st_mode) || S_ISFIFO(e.st.st_mode))
		return leaf_copy(c, &e, dstfd, err);
	if (!S_ISREG(e.st.st_mode))
		return error_set(err, ERR_UNSUPPORTED, "it is a device or a socket");
	fd = openat(srcfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &e.st) < 0)
		return error_sys(err, "open it");
	if (!S_ISREG(e.st.st_mode))
		return error_set(err, ERR_FAILED, "it changed while it was copied");
	e.fd = fd;
	return file_copy(c, &e, dstfd, err);
}
