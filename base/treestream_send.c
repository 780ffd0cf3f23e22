/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/treestream.h"
#include "base/treestream_io.h"

/* Files with several names that were sent: the kernel's name of each, in a table that grows. */
struct seen {
	struct {
		dev_t dev;
		ino_t ino;
		uint32_t id;		/* 0: free */
	} *slots;
	size_t n_slots;			/* a power of two */
	uint32_t n;
};

struct sender {
	struct tree_io *io;
	struct seen seen;
	unsigned int depth;
};

static size_t slot_of(const struct seen *s, dev_t dev, ino_t ino)
{
	size_t i = ((size_t)ino * 0x9e3779b97f4a7c15ULL ^ (size_t)dev) & (s->n_slots - 1);

	while (s->slots[i].id != 0 && (s->slots[i].dev != dev || s->slots[i].ino != ino))
		i = (i + 1) & (s->n_slots - 1);
	return i;
}

static void seen_grow(struct seen *s)
{
	struct seen bigger = { .n_slots = s->n_slots ? s->n_slots * 2 : 64, .n = s->n };

	bigger.slots = xcalloc(bigger.n_slots, sizeof(*bigger.slots));
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].id != 0)
			bigger.slots[slot_of(&bigger, s->slots[i].dev, s->slots[i].ino)] =
				s->slots[i];
	free(s->slots);
	*s = bigger;
}

/* The number of the file; *out_again: it was sent already. */
static uint32_t seen_number(struct seen *s, const struct stat *st, bool *out_again)
{
	size_t i;

	if ((s->n + 1) * 2 > s->n_slots)
		seen_grow(s);
	i = slot_of(s, st->st_dev, st->st_ino);
	*out_again = s->slots[i].id != 0;
	if (!*out_again) {
		s->slots[i].dev = st->st_dev;
		s->slots[i].ino = st->st_ino;
		s->slots[i].id = ++s->n;
	}
	return s->slots[i].id;
}

static struct tree_record record_of(enum tree_kind kind, const struct stat *st)
{
	return (struct tree_record){
		.kind = kind, .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
		.mtime = st->st_mtim.tv_sec, .mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
	};
}

static int send_record(struct tree_io *io, struct tree_record *r, const char *name,
		       const char *target, struct error *err)
{
	r->name_len = (uint32_t)strlen(name);
	r->target_len = (uint32_t)strlen(target);
	if (tree_write(io, r, sizeof(*r), err) < 0 || tree_write(io, name, r->name_len, err) < 0)
		return -1;
	return tree_write(io, target, r->target_len, err);
}

static int send_part(struct tree_io *io, uint64_t offset, size_t len, struct error *err)
{
	const struct tree_part part = { offset, len };

	if (tree_write(io, &part, sizeof(part), err) < 0 ||
	    tree_write(io, tree_buffer(io), len, err) < 0)
		return -1;
	tree_made_progress(io, len);
	return 0;
}

/* From offset to end, as far as the file goes; returns where it ended. */
static int64_t send_data(struct tree_io *io, int fd, int64_t offset, int64_t end,
			 struct error *err)
{
	while (offset < end) {
		size_t room = end - offset < TREE_BUFFER ? (size_t)(end - offset) : TREE_BUFFER;
		ssize_t n = pread(fd, tree_buffer(io), room, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			break;
		if (send_part(io, (uint64_t)offset, (size_t)n, err) < 0)
			return -1;
		offset += n;
	}
	return offset;
}

/* As long as it was when it was opened: a file that grows all the time has an end, and one that
 * was cut short is as long as it was, its rest a hole. */
static int send_sparse(struct tree_io *io, int fd, int64_t size, struct error *err)
{
	int64_t offset = 0;

	while (offset < size) {
		int64_t start = lseek(fd, offset, SEEK_DATA);
		int64_t end = start < 0 ? -1 : lseek(fd, start, SEEK_HOLE);

		if (start < 0 && errno == ENXIO)
			break;
		if (start < 0 || end < 0) {	/* it has no holes to tell */
			start = offset;
			end = size;
		}
		if (start >= size)
			break;
		if (end > size)
			end = size;
		offset = send_data(io, fd, start, end, err);
		if (offset < 0)
			return -1;
		if (offset < end)
			break;
	}
	return send_part(io, (uint64_t)size, 0, err);
}

static int send_file(struct sender *s, int fd, const struct stat *st, const char *name,
		     struct error *err)
{
	struct tree_record r = record_of(TREE_FILE, st);
	bool is_again = false;

	if (st->st_nlink > 1)
		r.link_id = seen_number(&s->seen, st, &is_again);
	if (is_again) {
		r.kind = TREE_SAME;
		r.size = 0;
		return send_record(s->io, &r, name, "", err);
	}
	s->io->expected += r.size;
	s->io->count.files++;
	if (send_record(s->io, &r, name, "", err) < 0)
		return -1;
	return send_sparse(s->io, fd, st->st_size, err);
}

static int send_link(struct sender *s, int dirfd, const char *name, const struct stat *st,
		     struct error *err)
{
	struct tree_record r = record_of(TREE_LINK, st);
	char target[TREE_TARGET_MAX + 1];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n < 0)
		return error_sys(err, "read the link");
	if (n > TREE_TARGET_MAX)
		return error_set(err, ERR_USAGE, "the target of the link is too long");
	target[n] = '\0';
	return send_record(s->io, &r, name, target, err);
}

static int send_entry(struct sender *s, int dirfd, const char *name, struct error *err);

/* What was removed since its directory was read is no failure, and that holds for the directory. */
static int send_entries(struct sender *s, int fd, struct error *err)
{
	AUTO_CLOSEDIR DIR *dir = NULL;
	int copyfd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (copyfd >= 0)
		dir = fdopendir(copyfd);
	if (!dir)
		return errno == ENOENT ? 0 : error_sys(err, "read the directory");
	for (;;) {
		const struct dirent *entry;
		struct error why = { 0 };

		errno = 0;
		entry = readdir(dir);
		if (!entry && errno != 0 && errno != ENOENT)
			return error_sys(err, "read the directory");
		if (!entry)
			return 0;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (send_entry(s, fd, entry->d_name, &why) < 0 && why.sys != ENOENT) {
			*err = why;
			return -1;
		}
	}
}

static int send_directory(struct sender *s, int fd, const struct stat *st, const char *name,
			  struct error *err)
{
	struct tree_record r = record_of(TREE_DIRECTORY, st);
	struct tree_record up = { .kind = TREE_UP };
	int ret;

	if (s->depth == TREE_DEPTH_MAX)
		return error_set(err, ERR_USAGE, "more than %d directories in each other",
				 TREE_DEPTH_MAX);
	if (send_record(s->io, &r, name, "", err) < 0)
		return -1;
	s->depth++;
	ret = send_entries(s, fd, err);
	s->depth--;
	return ret < 0 ? -1 : send_record(s->io, &up, "", "", err);
}

/* A FIFO or a device is not opened: it would block, or act. */
static int send_opened(struct sender *s, int dirfd, const char *name, const struct stat *st,
		       struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, name,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return error_sys(err, "open");
	if ((now.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
		return error_set(err, ERR_FAILED, "became something else meanwhile");
	return S_ISDIR(now.st_mode) ? send_directory(s, fd, &now, name, err) :
				      send_file(s, fd, &now, name, err);
}

static int send_entry(struct sender *s, int dirfd, const char *name, struct error *err)
{
	struct stat st;
	int ret;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		ret = error_sys(err, "look");
	else if (S_ISLNK(st.st_mode))
		ret = send_link(s, dirfd, name, &st, err);
	else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		ret = send_opened(s, dirfd, name, &st, err);
	else {
		s->io->count.skipped++;
		return 0;
	}
	return ret < 0 && err->sys != EPIPE ? error_wrap(err, "'%s'", name) : ret;
}

static int send_root(struct sender *s, int dirfd, struct error *err)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return error_sys(err, "look at the directory");
	return send_directory(s, dirfd, &st, "", err);
}

int tree_send(struct tree_io *io, int dirfd, const char *name, struct error *err)
{
	struct sender s = { .io = io };
	struct tree_record end = { .kind = TREE_END };
	int ret = *name ? send_entry(&s, dirfd, name, err) : send_root(&s, dirfd, err);

	free(s.seen.slots);
	if (ret < 0 && err->sys == ENOENT)
		err->kind = ERR_NOT_FOUND;
	end.size = io->count.skipped;
	return ret < 0 ? -1 : send_record(io, &end, "", "", err);
}

static int send_until_end(struct tree_io *io, int fd, struct error *err)
{
	uint64_t offset = 0;

	for (;;) {
		ssize_t n;

		if (tree_wait(io, fd, POLLIN, err) < 0)
			return -1;
		n = read(fd, tree_buffer(io), TREE_BUFFER);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (send_part(io, offset, (size_t)n, err) < 0)
			return -1;
		if (n == 0)
			return 0;
		offset += (uint64_t)n;
	}
}

int tree_send_bytes(struct tree_io *io, int fd, mode_t mode, struct error *err)
{
	struct tree_record r = { .kind = TREE_FILE, .mode = mode };
	struct tree_record end = { .kind = TREE_END };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r.mtime = now.tv_sec;
	r.mtime_nsec = (uint32_t)now.tv_nsec;
	io->count.files++;
	/* A name, as every entry has; the receiver's place says the one that counts. */
	if (send_record(io, &r, "-", "", err) < 0 || send_until_end(io, fd, err) < 0)
		return -1;
	return send_record(io, &end, "", "", err);
}

int tree_send_failure(struct tree_io *io, const struct error *why, struct error *err)
{
	struct tree_record r = { .kind = TREE_FAILED };

	if (tree_write(io, &r, sizeof(r), err) < 0)
		return -1;
	return tree_write(io, why, sizeof(*why), err);
}
