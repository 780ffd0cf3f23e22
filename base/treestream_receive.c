/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sender may be hostile, and so may others who write in the directory: a name is checked to be
 * one component, a directory is opened without following a link and held, and a file is made under
 * a name of ours that nobody could guess, which then takes its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/treestream.h"
#include "base/treestream_io.h"

enum { NAME_TRIES = 16, LINK_IDS_MAX = 1 << 20, TEMPORARY_MODE = 0600 };

struct receiver {
	struct tree_io *io;
	const struct tree_place *place;
	int topfd;			/* what the paths of links begin at */
	unsigned int depth;
	char path[PATH_MAX];		/* of the directory at hand below topfd, "" or "a/b/" */
	char **links;			/* of link_id n, [n - 1]: a path below topfd, owned */
	size_t n_links;
};

static int refuse(struct error *err, const char *why)
{
	return error_set(err, ERR_FAILED, "the other end of the copy sent %s", why);
}

static int read_text(struct tree_io *io, char *out, size_t len, size_t max, struct error *err)
{
	if (len > max)
		return refuse(err, "a name that is too long");
	if (tree_read(io, out, len, err) < 0)
		return -1;
	out[len] = '\0';
	return strlen(out) == len ? 0 : refuse(err, "a name with a zero byte");
}

/* The struct was another's memory: its texts are made what they have to be. */
static int take_failure(struct tree_io *io, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	struct error sent;

	if (tree_read(io, &sent, sizeof(sent), err) < 0)
		return -1;
	str_add_printable(&text, sent.text, strnlen(sent.text, sizeof(sent.text) - 1));
	if (sent.kind <= ERR_NONE || sent.kind > ERR_PARTIAL)
		sent.kind = ERR_FAILED;
	error_set(err, sent.kind, "%s", str_text(&text));
	return -1;
}

struct entry {
	struct tree_record r;
	char name[TREE_NAME_MAX + 1];
	char target[TREE_TARGET_MAX + 1];
};

static int read_entry(struct tree_io *io, struct entry *e, struct error *err)
{
	if (tree_read(io, &e->r, sizeof(e->r), err) < 0)
		return -1;
	if (e->r.kind == TREE_FAILED)
		return take_failure(io, err);
	if (read_text(io, e->name, e->r.name_len, TREE_NAME_MAX, err) < 0)
		return -1;
	return read_text(io, e->target, e->r.target_len, TREE_TARGET_MAX, err);
}

static bool is_component(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int set_owner(const struct receiver *rc, int fd, const struct tree_record *r,
		     struct error *err)
{
	uid_t uid = r->uid <= TREE_ID_MAX ? r->uid : 0;
	gid_t gid = r->gid <= TREE_ID_MAX ? r->gid : 0;

	if (rc->place->has_owner) {
		uid = rc->place->owner;
		gid = rc->place->group;
	}
	if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the owner");
	return 0;
}

static struct timespec mtime_of(const struct tree_record *r)
{
	return (struct timespec){ .tv_sec = r->mtime,
				  .tv_nsec = r->mtime_nsec < 1000000000 ? r->mtime_nsec : 0 };
}

/* After the owner, as chown(2) takes the set-id bits away. */
static int finish_file(const struct receiver *rc, int fd, const struct tree_record *r,
		       struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, mtime_of(r) };
	mode_t mode = r->mode & 07777;

	if (rc->place->drops_setid)
		mode &= ~(mode_t)(r->kind == TREE_FILE ? S_ISUID | S_ISGID : S_ISUID);
	if (set_owner(rc, fd, r, err) < 0)
		return -1;
	if (fchmod(fd, mode) < 0)
		return error_sys(err, "set the mode");
	if (futimens(fd, times) < 0)
		return error_sys(err, "set the time");
	return 0;
}

/* Reads the next part of a file into the buffer; parts come in order. */
static int read_part(struct tree_io *io, uint64_t from, struct tree_part *out, struct error *err)
{
	if (tree_read(io, out, sizeof(*out), err) < 0)
		return -1;
	if (out->offset < from || out->offset > INT64_MAX - TREE_BUFFER || out->len > TREE_BUFFER)
		return refuse(err, "parts of a file out of order");
	if (tree_read(io, tree_buffer(io), out->len, err) < 0)
		return -1;
	tree_made_progress(io, out->len);
	return 0;
}

static int receive_data(struct tree_io *io, int fd, struct error *err)
{
	struct tree_part part = { 0 };

	do {
		if (read_part(io, part.offset + part.len, &part, err) < 0 ||
		    fd_write_at(fd, tree_buffer(io), part.len, (int64_t)part.offset, err) < 0)
			return -1;
	} while (part.len > 0);
	return ftruncate(fd, (off_t)part.offset) < 0 ? error_sys(err, "write") : 0;
}

static char **link_slot(struct receiver *rc, uint32_t id)
{
	size_t old = rc->n_links;

	if (id > old) {
		rc->n_links = id < 64 ? 64 : (size_t)id * 2;
		rc->links = xreallocarray(rc->links, rc->n_links, sizeof(*rc->links));
		memset(rc->links + old, 0, (rc->n_links - old) * sizeof(*rc->links));
	}
	return &rc->links[id - 1];
}

static int remember(struct receiver *rc, const struct entry *e, const char *name,
		    struct error *err)
{
	char **slot;

	if (e->r.link_id == 0)
		return 0;
	if (e->r.link_id > LINK_IDS_MAX)
		return refuse(err, "too many hard links");
	slot = link_slot(rc, e->r.link_id);
	free(*slot);
	*slot = xasprintf("%s%s", rc->path, name);
	return 0;
}

static int receive_file(struct receiver *rc, int dirfd, const char *name, const struct entry *e,
			struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				   TEMPORARY_MODE);

	if (fd < 0)
		return error_sys(err, "make");
	rc->io->count.files++;
	rc->io->expected += e->r.size;
	if (receive_data(rc->io, fd, err) < 0)
		return -1;
	return finish_file(rc, fd, &e->r, err);
}

static int receive_link(struct receiver *rc, int dirfd, const char *name, const struct entry *e,
			struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, mtime_of(&e->r) };
	AUTO_CLOSE int fd = -1;

	if (symlinkat(e->target, dirfd, name) < 0)
		return error_sys(err, "make the link");
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open the link");
	if (set_owner(rc, fd, &e->r, err) < 0)
		return -1;
	(void)utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW); /* its time serves nobody */
	return 0;
}

/* The path was put together here, of components that were checked. */
static int receive_same(struct receiver *rc, int dirfd, const char *name, const struct entry *e,
			struct error *err)
{
	uint32_t id = e->r.link_id;
	const char *path = id > 0 && id <= rc->n_links ? rc->links[id - 1] : NULL;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!path)
		return refuse(err, "a hard link to nothing");
	fd = path_open_nolink(rc->topfd, path, O_PATH, true, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERR_FAILED, "the file to link to became something else");
	if (linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0)
		return 0;
	/* Without CAP_DAC_READ_SEARCH over the file's user namespace (open(2), AT_EMPTY_PATH). */
	if (errno != ENOENT || linkat(rc->topfd, path, dirfd, name, 0) < 0)
		return error_sys(err, "link");
	return 0;
}

typedef int receive_fn(struct receiver *rc, int dirfd, const char *name, const struct entry *e,
		       struct error *err);

static receive_fn *receive_what(uint32_t kind)
{
	switch (kind) {
	case TREE_FILE:
		return receive_file;
	case TREE_LINK:
		return receive_link;
	case TREE_SAME:
		return receive_same;
	default:
		return NULL;
	}
}

/* Under a name of ours, then moved to where it belongs, replacing a file or link. */
static int receive_beside(struct receiver *rc, int dirfd, const char *name, const struct entry *e,
			  receive_fn *receive, struct error *err)
{
	char temporary[FD_TEMPORARY_SIZE];

	fd_temporary_name(temporary);
	if (receive(rc, dirfd, temporary, e, err) == 0 &&
	    (renameat(dirfd, temporary, dirfd, name) == 0 || error_sys(err, "replace") == 0)) {
		/* Two names of one file: rename(2) then leaves both. */
		(void)unlinkat(dirfd, temporary, 0);
		return remember(rc, e, name, err);
	}
	(void)unlinkat(dirfd, temporary, 0);	/* the failure above is what to tell */
	return -1;
}

static int receive_entries(struct receiver *rc, int fd, bool is_ours, struct error *err);

/* In a directory that nobody but us has seen, things are made under their names at once. */
static int receive_leaf(struct receiver *rc, int dirfd, bool is_ours, const struct entry *e,
			struct error *err)
{
	receive_fn *receive = receive_what(e->r.kind);

	if (!receive)
		return refuse(err, "what is no file");
	if (!is_ours)
		return receive_beside(rc, dirfd, e->name, e, receive, err);
	if (receive(rc, dirfd, e->name, e, err) < 0)
		return -1;
	return remember(rc, e, e->name, err);
}

/* True if the directory is new, and ours; *out_fd is open. */
static int open_directory(const struct receiver *rc, int dirfd, const char *name, bool *out_is_new,
			  struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	*out_is_new = mkdirat(dirfd, name, 0700) == 0;
	if (!*out_is_new && errno != EEXIST)
		return error_sys(err, "make the directory");
	if (*out_is_new || !rc->place->follows)
		flags |= O_NOFOLLOW;
	fd = openat(dirfd, name, flags);
	return fd >= 0 ? fd : error_sys(err, "open the directory");
}

/* Path components of the directory that is entered; -1 when they get too long. */
static int push_path(struct receiver *rc, const char *name, size_t *out_len, struct error *err)
{
	size_t len = strlen(rc->path);
	int n = snprintf(rc->path + len, sizeof(rc->path) - len, "%s/", name);

	*out_len = len;
	if (rc->depth == TREE_DEPTH_MAX || n < 0 || (size_t)n >= sizeof(rc->path) - len)
		return refuse(err, "directories that are too deep");
	rc->depth++;
	return 0;
}

static int receive_directory(struct receiver *rc, int dirfd, const struct entry *e,
			     struct error *err)
{
	const struct tree_record r = e->r;
	bool is_new;
	AUTO_CLOSE int fd = open_directory(rc, dirfd, e->name, &is_new, err);
	size_t len;

	if (fd < 0 || push_path(rc, e->name, &len, err) < 0 ||
	    receive_entries(rc, fd, is_new, err) < 0)
		return -1;
	rc->path[len] = '\0';
	rc->depth--;
	return is_new ? finish_file(rc, fd, &r, err) : 0;
}

static int receive_entry(struct receiver *rc, int dirfd, bool is_ours, const struct entry *e,
			 struct error *err)
{
	int ret;

	if (!is_component(e->name))
		return refuse(err, "a name that is none");
	ret = e->r.kind == TREE_DIRECTORY ? receive_directory(rc, dirfd, e, err) :
					    receive_leaf(rc, dirfd, is_ours, e, err);
	return ret < 0 && err->sys != EPIPE ? error_wrap(err, "'%s'", e->name) : ret;
}

/* Until the record that ends the directory. One entry at a time is held, on the heap: the stack
 * holds as many directories as are in each other. */
static int receive_entries(struct receiver *rc, int fd, bool is_ours, struct error *err)
{
	AUTO_FREE struct entry *e = xcalloc(1, sizeof(*e));

	for (;;) {
		if (read_entry(rc->io, e, err) < 0)
			return -1;
		if (e->r.kind == TREE_UP)
			return 0;
		if (receive_entry(rc, fd, is_ours, e, err) < 0)
			return -1;
	}
}

/* A tree that is not there yet stands under a name of ours until it is whole. */
static int receive_new(struct receiver *rc, struct entry *e, struct error *err)
{
	const struct tree_place *place = rc->place;
	char temporary[FD_TEMPORARY_SIZE];

	strcpy(e->name, fd_temporary_name(temporary));
	if (receive_directory(rc, place->dirfd, e, err) == 0) {
		if (renameat2(place->dirfd, temporary, place->dirfd, place->name,
			      RENAME_NOREPLACE) == 0)
			return 0;
		error_sys(err, "make");
	}
	(void)path_remove(place->dirfd, temporary, &(struct error){ 0 });	/* told is why */
	return -1;
}

static int receive_top(struct receiver *rc, struct entry *e, struct error *err)
{
	const struct tree_place *place = rc->place;
	bool is_directory = e->r.kind == TREE_DIRECTORY;
	struct stat st;

	if (!*place->name && !is_directory)
		return error_set(err, ERR_USAGE, "a file can't be merged into a directory");
	if (!*place->name)
		return receive_entries(rc, place->dirfd, false, err);
	if (is_directory && fstatat(place->dirfd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? receive_new(rc, e, err) : error_sys(err, "look");
	if (strlen(place->name) > TREE_NAME_MAX)
		return error_set(err, ERR_USAGE, "the name is too long");
	strcpy(e->name, place->name);
	return is_directory ? receive_directory(rc, place->dirfd, e, err) :
			      receive_leaf(rc, place->dirfd, false, e, err);
}

static int receive_end(struct tree_io *io, struct entry *e, struct error *err)
{
	if (read_entry(io, e, err) < 0)
		return -1;
	if (e->r.kind != TREE_END)
		return refuse(err, "more than one tree");
	io->count.skipped = e->r.size;
	return 0;
}

int tree_receive(struct tree_io *io, const struct tree_place *place, struct error *err)
{
	struct receiver rc = { .io = io, .place = place, .topfd = place->dirfd };
	AUTO_FREE struct entry *e = xcalloc(1, sizeof(*e));
	int ret = read_entry(io, e, err);

	if (ret == 0)
		ret = receive_top(&rc, e, err);
	if (ret == 0)
		ret = receive_end(io, e, err);
	for (size_t i = 0; i < rc.n_links; i++)
		free(rc.links[i]);
	free(rc.links);
	return ret;
}

/* No more at a time than a pipe takes without blocking once it is writable (pipe(7), PIPE_BUF), or
 * a reader that sleeps could not be left. */
static int write_out(struct tree_io *io, int fd, size_t len, struct error *err)
{
	size_t room = io->stopfd < 0 ? TREE_BUFFER : PIPE_BUF;

	for (size_t at = 0; at < len; at += room) {
		size_t n = len - at < room ? len - at : room;

		if (tree_wait(io, fd, POLLOUT, err) < 0 ||
		    fd_write_all(fd, tree_buffer(io) + at, n, err) < 0)
			return -1;
	}
	return 0;
}

/* A hole is written as zeros, as fd may be a pipe. */
static int write_zeros(struct tree_io *io, int fd, uint64_t n, struct error *err)
{
	memset(tree_buffer(io), 0, TREE_BUFFER);
	while (n > 0) {
		size_t part = n < TREE_BUFFER ? (size_t)n : TREE_BUFFER;

		if (write_out(io, fd, part, err) < 0)
			return -1;
		n -= part;
	}
	return 0;
}

/* The part's data waits in the buffer that zeros need, so it is read after them. */
static int receive_part_bytes(struct tree_io *io, int fd, uint64_t from, struct tree_part *part,
			      struct error *err)
{
	if (tree_read(io, part, sizeof(*part), err) < 0)
		return -1;
	if (part->offset < from || part->len > TREE_BUFFER ||
	    part->offset > INT64_MAX - TREE_BUFFER)
		return refuse(err, "parts of a file out of order");
	if (part->offset > from && write_zeros(io, fd, part->offset - from, err) < 0)
		return -1;
	if (tree_read(io, tree_buffer(io), part->len, err) < 0 ||
	    write_out(io, fd, part->len, err) < 0)
		return -1;
	tree_made_progress(io, part->len);
	return 0;
}

int tree_receive_bytes(struct tree_io *io, int fd, struct error *err)
{
	AUTO_FREE struct entry *e = xcalloc(1, sizeof(*e));
	struct tree_part part = { 0 };

	if (read_entry(io, e, err) < 0)
		return -1;
	if (e->r.kind != TREE_FILE)
		return error_set(err, ERR_USAGE, "is no regular file, and only one goes to '-'");
	io->expected = e->r.size;
	io->count.files++;
	do {
		if (receive_part_bytes(io, fd, part.offset + part.len, &part, err) < 0)
			return -1;
	} while (part.len > 0);
	return receive_end(io, e, err);
}
