/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "templates/unpack_headers.h"
#include "templates/unpack_layer.h"
#include "templates/unpack_name.h"
#include "templates/unpack_pipe.h"
#include "templates/unpack_tree.h"
#include "templates/unpack_xattr.h"

/*
 * From entries of an archive to a tree. What must hold, whatever the archive
 * says: it is taken whole or refused; no name is corrected; nothing is written
 * that the limits do not cover; what is left out is on purpose and counted:
 *
 *   devices   a zone gets a /dev of its own, and a node in a template would be a
 *             door wherever the tree is ever mounted without nodev
 *   sockets   they mean nothing without the process that bound them
 *   xattrs    but those on the list of unpack_xattr.c
 *   ACLs      that name users without a number
 *
 * libarchive reads, nothing more, and what it finds is held against a second
 * reader's word (unpack_headers.h). It is an attacker's first aim, so all of this
 * runs locked in (unpack_sandbox.c), and the importer believes only the report.
 */

enum {
	ID_MAX = 65535,			/* what a zone can show */
	TIME_MIN = 0,
};

#define TIME_MAX (INT64_C(1) << 34)	/* in the year 2514; ext4 ends at 2446 and clamps */

struct unpack {
	const struct unpack_limits *limits;	/* borrowed */
	struct unpack_report *report;		/* borrowed */
	struct archive *tar;
	struct archive_entry *entry;		/* borrowed from tar */
	const char *name;			/* checked; borrowed from raw */
	char raw[UNPACK_PATH_MAX];
	struct unpack_meta meta;
	bool has_entry;				/* one was found */
	uint32_t id_base;			/* what the archive calls root */
	struct unpack_layer *layer;		/* NULL: a whole tree; borrowed */
	struct unpack_tree tree;
	struct unpack_headers headers;
	int donefd;				/* where finished files are named; 0: nowhere */
	struct unpack_pipe pipe;
};

static la_ssize_t tar_read(struct archive *a, void *arg, const void **out)
{
	struct unpack *u = arg;
	size_t n = unpack_pipe_next(&u->pipe, out);
	struct error err = { 0 };

	if (n == 0 && unpack_pipe_fault(&u->pipe, &err) < 0) {
		archive_set_error(a, EIO, "%s", err.text);
		return -1;
	}
	headers_feed(&u->headers, *out, n);
	if (headers_stop(&u->headers)) {
		archive_set_error(a, EIO, "%s", headers_stop(&u->headers));
		return -1;
	}
	return (la_ssize_t)n;
}

/* The stream's own words are better than what the tar reader makes of them. */
static int damaged(struct unpack *u, struct error *err)
{
	const char *text = archive_error_string(u->tar);

	if (unpack_pipe_fault(&u->pipe, err) < 0)
		return -1;
	return error_set(err, ERR_USAGE, "damaged archive: %s", text ? text : "unreadable");
}

/* A tree that a container with ids of its own owned (systemd-nspawn -U, an unprivileged LXC)
 * begins with its root, which then belongs to a multiple of 65536. */
static void id_base_find(struct unpack *u)
{
	int64_t uid = archive_entry_uid(u->entry);

	if (!u->has_entry && archive_entry_filetype(u->entry) == AE_IFDIR &&
	    uid > ID_MAX && uid <= UINT32_MAX - ID_MAX && uid % (ID_MAX + 1) == 0 &&
	    archive_entry_gid(u->entry) == uid)
		u->id_base = (uint32_t)uid;
}

static int owner_check(const struct unpack *u, const char *what, int64_t id, struct error *err)
{
	if (id < u->id_base || id > (int64_t)u->id_base + ID_MAX)
		return error_set(err, ERR_USAGE, "its %s %lld is outside %u..%u", what,
				 (long long)id, u->id_base, u->id_base + ID_MAX);
	return 0;
}

static time_t time_clamp(int64_t t)
{
	if (t < TIME_MIN)
		return TIME_MIN;
	return t > TIME_MAX ? (time_t)TIME_MAX : (time_t)t;
}

static int meta_take(struct unpack *u, struct error *err)
{
	struct archive_entry *e = u->entry;
	long nsec = archive_entry_mtime_nsec(e);

	id_base_find(u);
	u->has_entry = true;
	if (owner_check(u, "owner", archive_entry_uid(e), err) < 0 ||
	    owner_check(u, "group", archive_entry_gid(e), err) < 0)
		return -1;
	u->meta = (struct unpack_meta){
		.mode = archive_entry_perm(e) & 07777,
		.uid = (uid_t)(archive_entry_uid(e) - u->id_base),
		.gid = (gid_t)(archive_entry_gid(e) - u->id_base),
		.mtime.tv_sec = time_clamp(archive_entry_mtime(e)),
		.mtime.tv_nsec = nsec < 0 || nsec > 999999999 ? 0 : nsec,
	};
	return 0;
}

static int name_take(struct unpack *u, struct error *err)
{
	const char *name = archive_entry_pathname(u->entry);

	if (!name)
		return error_set(err, ERR_USAGE, "an entry without a name is refused");
	if (strlen(name) >= sizeof(u->raw))
		return error_set(err, ERR_USAGE, "the name has %zu bytes, more than %llu",
				 strlen(name), (unsigned long long)u->limits->path);
	strcpy(u->raw, name);
	return unpack_name_check(u->raw, archive_entry_filetype(u->entry) == AE_IFDIR, u->limits,
				 &u->name, err);
}

/* Blocks come with their offsets; what lies between them is a hole. */
static int data_write(struct unpack *u, int fd, int64_t size, struct error *err)
{
	int64_t end = 0;

	for (;;) {
		la_int64_t offset;
		const void *data;
		size_t len;
		int r = archive_read_data_block(u->tar, &data, &len, &offset);

		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return damaged(u, err);
		if (offset < end || offset > size || (int64_t)len > size - offset)
			return error_set(err, ERR_USAGE, "its data lie outside its size");
		if (fd_write_at(fd, data, len, offset, err) < 0)
			return -1;
		end = offset + (int64_t)len;
	}
	if (end < size && ftruncate(fd, size) < 0)
		return error_sys(err, "set the size");
	return 0;
}

static int xattrs_take(struct unpack *u, int fd, bool is_directory, struct error *err)
{
	if (unpack_acls(u->entry, fd, is_directory, u->id_base, &u->report->skipped, err) < 0)
		return -1;
	return unpack_xattrs(u->entry, fd, &u->report->skipped, err);
}

static int file_take(struct unpack *u, struct error *err)
{
	const struct timespec times[2] = { u->meta.mtime, u->meta.mtime };
	int64_t size = archive_entry_size(u->entry);
	AUTO_CLOSE int fd = -1;

	if (size < 0 || (uint64_t)size > u->limits->bytes - u->report->bytes)
		return error_set(err, ERR_USAGE, "the files are more than %llu bytes",
				 (unsigned long long)u->limits->bytes);
	u->report->bytes += (uint64_t)size;
	fd = unpack_tree_file(&u->tree, u->name, &u->meta, err);
	if (fd < 0 || data_write(u, fd, size, err) < 0 ||
	    unpack_tree_own(&u->tree, fd, &u->meta, err) < 0 || xattrs_take(u, fd, false, err) < 0)
		return -1;
	if (futimens(fd, times) < 0)
		return error_sys(err, "set the time");
	return 0;
}

/* So that the importer may begin to read it. A reader that lags misses some, which costs it time
 * and nothing else: the descriptor does not block. */
static void done_tell(const struct unpack *u)
{
	if (u->donefd > 0)
		(void)!write(u->donefd, u->name, strlen(u->name) + 1);
}

static int directory_take(struct unpack *u, struct error *err)
{
	int fd = unpack_tree_directory(&u->tree, u->name, &u->meta, err);

	if (fd < 0 || xattrs_take(u, fd, true, err) < 0)
		return -1;
	unpack_tree_default_acl(&u->tree);
	return 0;
}

static int symlink_take(struct unpack *u, struct error *err)
{
	const char *target = archive_entry_symlink(u->entry);

	/* Where it points is not looked at: nothing here or later follows it outside a root. */
	if (!target || !*target || strlen(target) > u->limits->path)
		return error_set(err, ERR_USAGE, "a link with a bad target is refused");
	return unpack_tree_symlink(&u->tree, u->name, target, &u->meta, err);
}

static int link_take(struct unpack *u, const char *target, struct error *err)
{
	char raw[UNPACK_PATH_MAX];
	const char *name;

	if (strlen(target) >= sizeof(raw))
		return error_set(err, ERR_USAGE, "the target of the hard link is too long");
	strcpy(raw, target);
	if (unpack_name_check(raw, false, u->limits, &name, err) < 0)
		return error_wrap(err, "target '%s'", target);
	if (!*name)
		return error_set(err, ERR_USAGE, "a hard link to the root is refused");
	return unpack_tree_link(&u->tree, u->name, name, err);
}

/* Returns 1 for what only says something of lower layers. */
static int layer_take(struct unpack *u, struct error *err)
{
	int r;

	if (!u->layer)
		return 0;
	r = unpack_layer_whiteout(u->layer, &u->tree, u->name, err);
	if (r == 0)
		unpack_layer_note(u->layer, u->name);
	return r;
}

static int entry_take(struct unpack *u, struct error *err)
{
	const char *target = archive_entry_hardlink(u->entry);
	uint64_t start = (uint64_t)archive_read_header_position(u->tar);
	int r;

	if (name_take(u, err) < 0 || headers_check(&u->headers, start, err) < 0 ||
	    meta_take(u, err) < 0)
		return -1;
	if (!*u->name && archive_entry_filetype(u->entry) != AE_IFDIR)
		return error_set(err, ERR_USAGE, "the root is no directory");
	r = layer_take(u, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (target)
		return link_take(u, target, err);
	switch (archive_entry_filetype(u->entry)) {
	case AE_IFREG:
		if (file_take(u, err) < 0)
			return -1;
		done_tell(u);
		return 0;
	case AE_IFDIR:
		return directory_take(u, err);
	case AE_IFLNK:
		return symlink_take(u, err);
	case AE_IFIFO:
		return unpack_tree_fifo(&u->tree, u->name, &u->meta, err);
	case AE_IFCHR:
	case AE_IFBLK:
		u->report->skipped.devices++;
		return 0;
	case AE_IFSOCK:
		u->report->skipped.sockets++;
		return 0;
	default:
		return error_set(err, ERR_USAGE, "an entry of an unknown kind is refused");
	}
}

/* In the C locale libarchive cannot convert a name out of UTF-8: it says so and hands over its
 * bytes as they are, which is what we want of a name. */
static bool is_harmless(struct archive *tar)
{
	const char *text = archive_error_string(tar);

	return text && strstr(text, "converted from UTF-8 to current locale");
}

static int named(struct unpack *u, struct error *err)
{
	const char *name = archive_entry_pathname(u->entry);

	return error_wrap(err, "entry '%s'", name ? name : "");
}

/* Returns 1 with an entry, 0 at the end; *out_end is the offset where the last entry ended. */
static int entry_next(struct unpack *u, uint64_t *out_end, struct error *err)
{
	int r;

	/* Takes what is left of the data and its padding. */
	if (u->entry && archive_read_data_skip(u->tar) < ARCHIVE_WARN)
		return damaged(u, err);
	*out_end = (uint64_t)archive_filter_bytes(u->tar, 0);
	r = archive_read_next_header(u->tar, &u->entry);
	if (r == ARCHIVE_EOF)
		return unpack_pipe_fault(&u->pipe, err);
	if (r == ARCHIVE_WARN && is_harmless(u->tar))
		r = ARCHIVE_OK;
	if (r != ARCHIVE_OK)
		return damaged(u, err);
	if (++u->report->entries > u->limits->entries)
		return error_set(err, ERR_USAGE, "it has more than %llu entries",
				 (unsigned long long)u->limits->entries);
	return 1;
}

static int tar_open(struct unpack *u, struct error *err)
{
	u->tar = archive_read_new();
	if (!u->tar)
		return error_set(err, ERR_RESOURCE, "no memory");
	archive_read_support_format_tar(u->tar);
	if (archive_read_open(u->tar, u, NULL, tar_read, NULL) != ARCHIVE_OK)
		return damaged(u, err);
	return 0;
}

static int entries_take(struct unpack *u, struct error *err)
{
	uint64_t end = 0;
	int r;

	while ((r = entry_next(u, &end, err)) > 0) {
		if (entry_take(u, err) < 0)
			return named(u, err);
	}
	if (r < 0 || headers_end(&u->headers, err) < 0)
		return -1;
	if (!u->has_entry && !u->layer)	/* a layer may change nothing */
		return error_set(err, ERR_USAGE, "the archive is empty");
	/* Holes cost nothing here, but whoever reads the tree, as its digest does, pays. */
	if (unpack_pipe_end(&u->pipe, end, err) < 0 ||
	    stream_ratio(&u->pipe.stream, u->report->bytes, err) < 0)
		return -1;
	return unpack_tree_end(&u->tree, err);
}

int unpack_archive(int archivefd, int rootfd, const struct unpack_options *options,
		   struct unpack_report *out, struct error *err)
{
	AUTO_FREE struct unpack *u = xcalloc(1, sizeof(*u));
	struct unpack_layer layer = { 0 };
	int r = -1;

	u->limits = &options->limits;
	u->report = out;
	out->bytes = options->used_bytes;
	out->entries = options->used_entries;
	u->layer = options->is_layer ? &layer : NULL;
	u->pipe.stream.has_sum = options->is_layer;
	u->donefd = options->donefd;
	if (unpack_tree_init(&u->tree, rootfd, u->layer, err) == 0 &&
	    unpack_pipe_open(&u->pipe, archivefd, u->limits, err) == 0 && tar_open(u, err) == 0)
		r = entries_take(u, err);
	if (r == 0 && options->is_layer)
		sha256_end(&u->pipe.stream.sum, out->unpacked_sum);
	archive_read_free(u->tar);
	headers_clear(&u->headers);
	unpack_pipe_close(&u->pipe);
	unpack_tree_clear(&u->tree);
	unpack_layer_clear(&layer);
	return r;
}
