/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

enum { RACE_RETRIES = 128 };

enum {
	RESOLVE_READ = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	RESOLVE_WRITE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
};

/* openat2(2) as it is: -1 and errno. */
static int walk(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = resolve,
	};

	/* AT_FDCWD is no root: what it stands for is chosen by whoever started us. */
	if (dirfd < 0) {
		errno = EBADF;
		return -1;
	}
	/* EAGAIN means that a rename or a mount raced with the walk. The zone can cause that at
	 * will, so the retries are counted (openat2(2), ERRORS). */
	for (int i = 0; i < RACE_RETRIES; i++) {
		int fd = sys_openat2(dirfd, path, &how);

		if (fd >= 0 || errno != EAGAIN)
			return fd;
	}
	return -1;
}

/* A lost race is no shortage, though its errno is EAGAIN. */
static int failed(struct error *err, const char *what, const char *path)
{
	error_sys(err, "%s '%s'", what, path);
	if (err->sys == EAGAIN)
		err->kind = ERR_FAILED;
	return -1;
}

/* RESOLVE_BENEATH refuses a path that begins with a slash; ours begin at the root anyway. */
static const char *relative(const char *path)
{
	const char *at = path + strspn(path, "/");

	return *path && !*at ? "." : at;
}

/* Adds what keeps an open from acting on a FIFO, a terminal or a device; refuses writing. */
static int read_flags(int *flags)
{
	bool is_writing = (*flags & O_ACCMODE) != O_RDONLY ||
			  (*flags & (O_CREAT | O_TRUNC | O_APPEND)) != 0 ||
			  (*flags & O_TMPFILE) == O_TMPFILE;

	if (is_writing) {
		errno = EINVAL;
		return -1;
	}
	if (!(*flags & O_PATH))
		*flags |= O_NONBLOCK | O_NOCTTY;
	return 0;
}

int path_open(int rootfd, const char *path, int flags, struct error *err)
{
	int fd = read_flags(&flags) < 0 ? -1 : walk(rootfd, path, flags, 0, RESOLVE_READ);

	return fd < 0 ? failed(err, "open", path) : fd;
}

int path_open_nolink(int rootfd, const char *path, int flags, bool one_mount, struct error *err)
{
	uint64_t resolve = RESOLVE_WRITE | (one_mount ? RESOLVE_NO_XDEV : 0);
	int fd = -1;

	if (read_flags(&flags) == 0)
		fd = walk(rootfd, relative(path), flags, 0, resolve);
	return fd < 0 ? failed(err, "open", path) : fd;
}

int path_read(int rootfd, const char *path, size_t max, char **out, size_t *out_len,
	      struct error *err)
{
	AUTO_CLOSE int fd = path_open(rootfd, path, O_RDONLY, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return failed(err, "read", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_USAGE, "read '%s': not a regular file", path);
	if ((uintmax_t)st.st_size > max)
		return error_set(err, ERR_USAGE, "read '%s': longer than %zu bytes", path, max);
	if (fd_read_all(fd, max, out, out_len, err) < 0)
		return error_wrap(err, "read '%s'", path);
	return 0;
}

char *path_readlink(int rootfd, const char *path, struct error *err)
{
	AUTO_CLOSE int fd = walk(rootfd, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_READ);
	char target[PATH_MAX];
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));

	/* The kernel's ENOENT for "not a link" would read as "not there". */
	if (fd >= 0 && n < 0 && errno == ENOENT)
		errno = EINVAL;
	if (n == sizeof(target)) {
		errno = ENAMETOOLONG;
		n = -1;
	}
	if (n < 0) {
		failed(err, "read link", path);
		return NULL;
	}
	return xstrndup(target, (size_t)n);
}

int path_lstat(int rootfd, const char *path, struct stat *out, struct error *err)
{
	AUTO_CLOSE int fd = walk(rootfd, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_READ);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(err, "look at", path);
	*out = st;
	return 0;
}

/* Sets the mode of a directory that is open as O_PATH. "." of a descriptor is that very
 * directory, whatever its name means by now; chmod(2) by name would follow a link put there. */
static int set_dir_mode(int dirfd, mode_t mode)
{
	AUTO_CLOSE int fd = walk(dirfd, ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_WRITE);

	return fd < 0 ? -1 : fchmod(fd, mode);
}

/* Opens the directory name below dirfd, making it when it is missing. */
static int enter(int dirfd, const char *name, mode_t mode)
{
	const int flags = O_PATH | O_DIRECTORY;
	int fd = walk(dirfd, name, flags, 0, RESOLVE_WRITE);
	AUTO_CLOSE int made = -1;
	struct stat st;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dirfd, name, mode) < 0)
		return errno == EEXIST ? walk(dirfd, name, flags, 0, RESOLVE_WRITE) : -1;
	made = walk(dirfd, name, flags, 0, RESOLVE_WRITE);
	if (made < 0 || fstat(made, &st) < 0)
		return -1;
	/* The umask took something away. A set-group-ID bit that came from above stays. */
	if ((mode & ~st.st_mode & 07777) && set_dir_mode(made, mode | (st.st_mode & S_ISGID)) < 0)
		return -1;
	return TAKE_FD(made);
}

int path_mkdirs(int rootfd, const char *path, mode_t mode, struct error *err)
{
	AUTO_CLOSE int dirfd = walk(rootfd, ".", O_PATH | O_DIRECTORY, 0, RESOLVE_WRITE);
	char name[NAME_MAX + 1];

	if (dirfd < 0)
		return failed(err, "make directory", path);
	for (const char *at = path;;) {
		size_t n;
		int next;

		at += strspn(at, "/");
		n = strcspn(at, "/");
		if (n == 0)
			return TAKE_FD(dirfd);
		if (n > NAME_MAX) {
			errno = ENAMETOOLONG;
			return failed(err, "make directory", path);
		}
		memcpy(name, at, n);
		name[n] = '\0';
		next = enter(dirfd, name, mode);
		if (next < 0)
			return failed(err, "make directory", path);
		close(dirfd);
		dirfd = next;
		at += n;
	}
}

int path_parent(int rootfd, const char *path, const char **out_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = (size_t)(name - path);
	char dir[PATH_MAX];
	int fd = -1;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, ERR_USAGE, "'%s' names no file", path);
	if (n >= sizeof(dir) - strlen("./")) {
		errno = ENAMETOOLONG;
		return failed(err, "open", path);
	}
	snprintf(dir, sizeof(dir), "./%.*s", (int)n, path);
	fd = walk(rootfd, dir, O_PATH | O_DIRECTORY, 0, RESOLVE_WRITE);
	if (fd < 0)
		return failed(err, "open", path);
	*out_name = name;
	return fd;
}

int path_create(int rootfd, const char *path, mode_t mode, struct error *err)
{
	const char *name = path;
	AUTO_CLOSE int dirfd = path_parent(rootfd, path, &name, err);
	AUTO_CLOSE int fd = -1;

	if (dirfd < 0)
		return -1;
	fd = walk(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, RESOLVE_WRITE);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return failed(err, "create", path);
	return TAKE_FD(fd);
}

int path_write(int rootfd, const char *path, mode_t mode, const char *text, size_t len,
	       struct error *err)
{
	const char *name = path;
	AUTO_CLOSE int dirfd = path_parent(rootfd, path, &name, err);
	struct error cause = { 0 };

	if (dirfd < 0)
		return -1;
	if (fd_replace_nosync(dirfd, name, mode, text, len, &cause) == 0)
		return 0;
	/* Said again with the whole path. */
	errno = cause.sys;
	return failed(err, "write", path);
}

int path_symlink(int rootfd, const char *path, const char *target, struct error *err)
{
	char temporary[FD_TEMPORARY_SIZE];
	const char *name = path;
	AUTO_CLOSE int dirfd = path_parent(rootfd, path, &name, err);

	if (dirfd < 0)
		return -1;
	if (symlinkat(target, dirfd, name) == 0)
		return 0;
	if (errno != EEXIST || symlinkat(target, dirfd, fd_temporary_name(temporary)) < 0)
		return failed(err, "make link", path);
	if (renameat(dirfd, temporary, dirfd, name) < 0) {
		failed(err, "make link", path);
		unlinkat(dirfd, temporary, 0);
		return -1;
	}
	return 0;
}

/*
 * Removal. A hostile tree is as deep as it likes and moves while it is walked,
 * so nothing ever goes up through "..": a window of LEVELS open directories is
 * all there is, each entered from the one above by a single name, without
 * links and without leaving the mount. A directory below the window is moved
 * into the topmost one, where it is found again. Where the file system moves
 * no directories (overlayfs without redirect_dir, another btrfs subvolume),
 * the window slides down over it instead and starts again from the top.
 */
enum { LEVELS = 64, PASSES_MAX = 128, NAME_TRIES = 16, ENTRIES_SIZE = 16384 };

struct removal {
	const char *path;		/* borrowed, for messages */
	unsigned int moved;		/* directories that will turn up elsewhere again */
	int depth;			/* index of the deepest open level */
	struct level {
		int fd;
		bool is_changed;	/* since the last look from its beginning */
		unsigned int passes;
		char name[NAME_MAX + 1];	/* in the level above; "": not below it */
	} levels[LEVELS];
	_Alignas(struct sys_dirent) char entries[ENTRIES_SIZE];
};

static int remove_failed(const char *path, const char *name, struct error *err)
{
	/* rmdir(2) and unlink(2) say EBUSY for a mount point, RESOLVE_NO_XDEV says EXDEV. */
	if (errno != EBUSY && errno != EXDEV)
		return error_sys(err, "remove '%s': '%s'", path, name);
	error_set(err, ERR_FAILED, "remove '%s': '%s' is a mount point", path, name);
	err->sys = EXDEV;
	return -1;
}

/* Removes what has that name, if it is no directory or an empty one: 0 when it is gone, 1 for a
 * directory with something in it, -1 and errno. */
static int remove_one(int dirfd, const char *name, bool is_dir)
{
	/* What it is may change under us; it is asked again a few times, not for ever. */
	for (int i = 0; i < NAME_TRIES; i++) {
		if (unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT)
			return 0;
		if (errno == ENOTEMPTY || errno == EEXIST)
			return 1;
		if (errno != EISDIR && errno != ENOTDIR)
			return -1;
		is_dir = errno == EISDIR;
	}
	return -1;
}

static bool is_race(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* Gives a directory of the deepest level a random name in a level above: 0 when it was moved or
 * is gone, -1 and errno. */
static int lift(struct removal *r, int to, const char *name)
{
	char temporary[FD_TEMPORARY_SIZE];

	for (int i = 0; i < NAME_TRIES; i++) {
		if (renameat(r->levels[r->depth].fd, name, r->levels[to].fd,
			     fd_temporary_name(temporary)) == 0) {
			r->levels[to].is_changed = true;
			r->moved++;
			return 0;
		}
		if (errno == ENOENT)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return -1;
	}
	return -1;
}

static void open_level(struct removal *r, int depth, int fd, const char *name)
{
	struct level *level = &r->levels[depth];

	level->fd = fd;
	level->is_changed = false;
	level->passes = 0;
	snprintf(level->name, sizeof(level->name), "%s", name);
	r->depth = depth;
}

static void close_levels(struct removal *r, int depth)
{
	for (; r->depth >= depth; r->depth--)
		close(r->levels[r->depth].fd);
}

/* Goes down into a directory that is not empty, or has it moved up. */
static int descend(struct removal *r, const char *name, struct error *err)
{
	struct level *level = &r->levels[r->depth];
	int fd = -1;

	if (r->depth + 1 == LEVELS) {
		for (int to = 0; to < r->depth; to++) {
			if (lift(r, to, name) == 0)
				return 0;
			if (errno != EXDEV)
				return remove_failed(r->path, name, err);
		}
	}
	fd = walk(level->fd, name, O_RDONLY | O_DIRECTORY, 0, RESOLVE_WRITE | RESOLVE_NO_XDEV);
	if (fd < 0)
		return is_race(errno) ? 0 : remove_failed(r->path, name, err);
	if (r->depth + 1 < LEVELS) {
		open_level(r, r->depth + 1, fd, name);
		return 0;
	}
	close_levels(r, 1);
	open_level(r, 1, fd, "");
	r->moved++;
	return 0;
}

/* At the end of a directory: looks again if anything changed, else leaves and removes it. */
static int ascend(struct removal *r, struct error *err)
{
	struct level *level = &r->levels[r->depth];
	int above = r->depth - 1;

	if (level->is_changed) {
		level->is_changed = false;
		/* Reading on after a removal may miss names, so a few passes are common; many mean
		 * that somebody fills what is emptied here. */
		if (++level->passes > PASSES_MAX + r->moved) {
			errno = ENOTEMPTY;
			return error_sys(err, "remove '%s'", r->path);
		}
		if (lseek(level->fd, 0, SEEK_SET) < 0)
			return remove_failed(r->path, level->name, err);
		return 0;
	}
	close_levels(r, r->depth);
	if (above < 0 || !level->name[0] ||
	    remove_one(r->levels[above].fd, level->name, true) >= 0)
		return 0;
	return remove_failed(r->path, level->name, err);
}

/* Removes one buffer full of names. */
static int sweep(struct removal *r, struct error *err)
{
	struct level *level = &r->levels[r->depth];
	ssize_t n = sys_getdents(level->fd, r->entries, sizeof(r->entries));
	const struct sys_dirent *entry;

	/* ENOENT: the directory itself was removed by somebody, so it is empty. */
	if (n < 0 && errno != ENOENT)
		return remove_failed(r->path, level->name, err);
	if (n <= 0)
		return ascend(r, err);
	for (ssize_t at = 0; at < n; at += entry->size) {
		int left;

		entry = (const struct sys_dirent *)(r->entries + at);
		if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
			continue;
		level->is_changed = true;
		left = remove_one(level->fd, entry->name, entry->type == DT_DIR);
		if (left < 0)
			return remove_failed(r->path, entry->name, err);
		if (left == 0)
			continue;
		/* The buffer serves the directory below next; this one is read on from here, or,
		 * where that cannot be, from its beginning in the next pass. */
		(void)lseek(level->fd, entry->next, SEEK_SET);
		return descend(r, entry->name, err);
	}
	return 0;
}

static int remove_tree(int dirfd, const char *name, const char *path, struct error *err)
{
	struct removal r;
	int fd = walk(dirfd, name, O_RDONLY | O_DIRECTORY, 0, RESOLVE_WRITE | RESOLVE_NO_XDEV);
	int status = 0;

	if (fd < 0)
		return is_race(errno) ? 0 : remove_failed(path, name, err);
	r.path = path;
	r.moved = 0;
	open_level(&r, 0, fd, "");
	while (status == 0 && r.depth >= 0)
		status = sweep(&r, err);
	close_levels(&r, 0);
	return status;
}

int path_remove(int rootfd, const char *path, struct error *err)
{
	struct error cause = { 0 };
	const char *name = path;
	AUTO_CLOSE int dirfd = path_parent(rootfd, path, &name, &cause);

	if (dirfd < 0 && cause.sys == ENOENT)
		return 0;
	if (dirfd < 0) {
		*err = cause;
		return -1;
	}
	for (int i = 0; i < NAME_TRIES; i++) {
		int left = remove_one(dirfd, name, false);

		if (left == 0)
			return 0;
		if (left < 0)
			return remove_failed(path, name, err);
		if (remove_tree(dirfd, name, path, err) < 0)
			return -1;
	}
	errno = ENOTEMPTY;
	return failed(err, "remove", path);
}
