/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/setup_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"

enum { NAME_TRIES = 8 };

void guest_warn(struct guest *g, const char *path, const char *fmt, ...)
{
	struct setup_report *r = g->setup->report;
	char *out = r->warnings[r->n_warnings];
	int n;
	va_list args;

	r->failed |= 1u << g->part;
	if (r->n_warnings == SETUP_WARNINGS_MAX)
		return;
	n = snprintf(out, SETUP_WARNING_SIZE, "/%s: ", path);
	va_start(args, fmt);
	if (n < SETUP_WARNING_SIZE)
		vsnprintf(out + n, SETUP_WARNING_SIZE - (size_t)n, fmt, args);
	va_end(args);
	r->n_warnings++;
}

static void read_kept(struct guest *g)
{
	AUTO_FREE char *text = NULL;
	AUTO_STRV char **lines = NULL;
	struct error err = { 0 };

	if (path_read(g->rootfd, SETUP_KEEP, SETUP_KEEP_MAX, &text, NULL, &err) < 0) {
		if (err.sys != ENOENT && err.sys != ENOTDIR)
			guest_warn(g, SETUP_KEEP, "not read: %s", err.text);
		return;
	}
	lines = strv_split(text, "\r\n");
	for (char **l = lines; l && *l; l++) {
		size_t n = strlen(*l);

		while (n > 1 && strchr("/ \t", (*l)[n - 1]))
			n--;
		if ((*l)[0] == '/')
			strv_give(&g->kept, xstrndup(*l + 1, n - 1));
	}
}

int guest_open(struct guest *g, const struct setup *s, struct error *err)
{
	*g = (struct guest){ .setup = s };
	g->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (g->rootfd < 0)
		return error_sys(err, "open the zone's root");
	read_kept(g);
	return 0;
}

void guest_close(struct guest *g)
{
	strv_clear(&g->kept);
	close(g->rootfd);
}

static bool is_kept(const struct guest *g, const char *path)
{
	for (char *const *k = g->kept; k && *k; k++) {
		size_t n = strlen(*k);

		if (strncmp(path, *k, n) == 0 && (n == 0 || path[n] == '/' || !path[n]))
			return true;
	}
	return false;
}

static enum guest_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return GUEST_FILE;
	case S_IFLNK:
		return GUEST_LINK;
	case S_IFDIR:
		return GUEST_DIRECTORY;
	default:
		return GUEST_SPECIAL;
	}
}

/* What has the name below dirfd; *st is filled in unless it is nothing or another mount. */
static enum guest_kind look_at(int dirfd, const char *name, struct stat *st)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(dirfd, name, O_PATH | O_NOFOLLOW, true, &err);

	if (fd < 0 && err.sys == EXDEV)
		return GUEST_MOUNT;
	if (fd < 0 || fstat(fd, st) < 0)
		return GUEST_NONE;
	return kind_of(st->st_mode);
}

enum guest_kind guest_look(struct guest *g, const char *path)
{
	struct stat st;

	return look_at(g->rootfd, path, &st);
}

bool guest_has(struct guest *g, const char *path)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open(g->rootfd, path, O_PATH, &err);

	return fd >= 0;
}

char *guest_target(struct guest *g, const char *path)
{
	struct error err = { 0 };
	char *target = path_readlink(g->rootfd, path, &err);

	return target ? target : xstrdup("");
}

char *guest_read(struct guest *g, const char *path, size_t max, bool *out_there)
{
	struct error err = { 0 };
	char *text;

	*out_there = path_read(g->rootfd, path, max, &text, NULL, &err) == 0;
	return *out_there ? text : xstrdup("");
}

/* Where a file is, or is to be: the directory that holds it, and its name there. */
struct place {
	int dirfd;
	const char *name;
	enum guest_kind kind;
	struct stat st;			/* of kind, unless GUEST_NONE or GUEST_MOUNT */
};

static void close_place(struct place *p)
{
	cleanup_close(&p->dirfd);
}

#define AUTO_PLACE __attribute__((cleanup(close_place)))

/* The directory without links and without another mount: -1 and *err. It may be made. */
static int open_dir(struct guest *g, const char *dir, bool is_made, struct error *err)
{
	const int flags = O_PATH | O_DIRECTORY;
	struct error first = { 0 };
	int fd = path_open_nolink(g->rootfd, *dir ? dir : "/", flags, true, &first);
	AUTO_CLOSE int made = -1;

	if (fd >= 0)
		return fd;
	if (first.sys != ENOENT || !is_made) {
		*err = first;
		return -1;
	}
	made = path_mkdirs(g->rootfd, dir, 0755, err);
	return made < 0 ? -1 : path_open_nolink(g->rootfd, dir, flags, true, err);
}

/* False where there is nothing to do: kept, another mount, or, warned of, out of reach. */
static bool find_place(struct guest *g, const char *path, bool is_made, struct place *p)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	struct error err = { 0 };

	*p = (struct place){ .dirfd = -1, .name = slash ? slash + 1 : path };
	if (is_kept(g, path))
		return false;
	p->dirfd = open_dir(g, dir, is_made, &err);
	if (p->dirfd < 0 && (err.sys == EXDEV || (err.sys == ENOENT && !is_made)))
		return false;
	if (p->dirfd < 0) {
		guest_warn(g, path, "%s", err.text);
		return false;
	}
	p->kind = look_at(p->dirfd, p->name, &p->st);
	return p->kind != GUEST_MOUNT;
}

static int make_temporary(int dirfd, mode_t mode, char name[FD_TEMPORARY_SIZE], struct error *err)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int fd = path_create(dirfd, fd_temporary_name(name), mode, err);

		if (fd >= 0 || err->sys != EEXIST)
			return fd;
	}
	return -1;
}

struct content {
	const char *data;
	size_t len;
};

static int fill(const struct guest *g, int fd, const struct stat *owner, const struct content *c,
		struct error *err)
{
	if (owner && (owner->st_uid != 0 || owner->st_gid != 0)) {
		if (fchown(fd, owner->st_uid, owner->st_gid) < 0 ||
		    fchmod(fd, owner->st_mode & 07777) < 0)
			return error_sys(err, "keep its owner");
	}
	if (fd_write_all(fd, c->data, c->len, err) < 0)
		return -1;
	/* The record that this was written is synced, so this is first. That of the zones that are
	 * up has no record, and is old after a crash anyway. */
	if (!g->setup->is_command && g->part != SETUP_PEERS && fsync(fd) < 0)
		return error_sys(err, "sync");
	return 0;
}

/* True if it is what was read, as far as its times can tell: the zone's owner may have written it
 * since. What has no times to tell by may be replaced whatever it is. */
static bool is_unchanged(const struct place *p)
{
	struct stat now;

	if (p->kind != GUEST_FILE)
		return true;
	return look_at(p->dirfd, p->name, &now) == GUEST_FILE && now.st_ino == p->st.st_ino &&
	       now.st_size == p->st.st_size && now.st_ctim.tv_sec == p->st.st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == p->st.st_ctim.tv_nsec;
}

/* The old file, whatever it is, or the new one, whole. */
static int replace(const struct guest *g, const struct place *p, mode_t mode,
		   const struct content *c, struct error *err)
{
	const struct stat *old = p->kind == GUEST_FILE ? &p->st : NULL;
	char temporary[FD_TEMPORARY_SIZE];
	AUTO_CLOSE int fd = -1;

	fd = make_temporary(p->dirfd, old ? old->st_mode & 07777 : mode, temporary, err);
	if (fd < 0)
		return -1;
	if (fill(g, fd, old, c, err) == 0 && !is_unchanged(p))
		error_set(err, ERR_BUSY, "somebody else writes it");
	else if (err->kind == ERR_NONE) {
		if (renameat(p->dirfd, temporary, p->dirfd, p->name) == 0)
			return 0;
		error_sys(err, "rename");
	}
	unlinkat(p->dirfd, temporary, 0);
	return -1;
}

/* The text of a regular file; what holds zero bytes is no text. */
static int read_place(const struct place *p, char **out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	if (path_read(p->dirfd, p->name, GUEST_FILE_MAX, &text, &len, err) < 0)
		return -1;
	if (strlen(text) < len)
		return error_set(err, ERR_USAGE, "read '%s': holds zero bytes", p->name);
	*out = TAKE_PTR(text);
	return 0;
}

void guest_write(struct guest *g, const char *path, mode_t mode, const char *text)
{
	AUTO_FREE char *old = NULL;
	AUTO_PLACE struct place p = { .dirfd = -1 };
	struct error err = { 0 };

	if (!find_place(g, path, true, &p))
		return;
	if (p.kind == GUEST_DIRECTORY)
		guest_warn(g, path, "is a directory");
	else if (p.kind == GUEST_FILE && read_place(&p, &old, &(struct error){ 0 }) == 0 &&
		 strcmp(old, text) == 0)
		return;
	else if (replace(g, &p, mode, &(struct content){ text, strlen(text) }, &err) < 0)
		guest_warn(g, path, "%s", err.text);
}

static const char *why_not_edited(enum guest_kind kind)
{
	switch (kind) {
	case GUEST_LINK:
		return "is a link";
	case GUEST_DIRECTORY:
		return "is a directory";
	case GUEST_SPECIAL:
		return "is no regular file";
	case GUEST_NONE:
	case GUEST_FILE:
	case GUEST_MOUNT:
		break;
	}
	return NULL;
}

void guest_edit(struct guest *g, const char *path, mode_t mode,
		char *(*change)(const char *old, void *arg), void *arg)
{
	AUTO_FREE char *old = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_PLACE struct place p = { .dirfd = -1 };
	struct error err = { 0 };

	if (!find_place(g, path, false, &p))
		return;
	if (why_not_edited(p.kind)) {
		guest_warn(g, path, "%s", why_not_edited(p.kind));
		return;
	}
	if (p.kind == GUEST_FILE && read_place(&p, &old, &err) < 0) {
		guest_warn(g, path, "%s", err.text);
		return;
	}
	text = change(old ? old : "", arg);
	if (!text || strcmp(text, old ? old : "") == 0)
		return;
	if (replace(g, &p, mode, &(struct content){ text, strlen(text) }, &err) < 0)
		guest_warn(g, path, "%s", err.text);
}

bool guest_add(struct guest *g, const char *path, mode_t mode, const char *data, size_t len)
{
	const struct content content = { data, len };
	AUTO_PLACE struct place p = { .dirfd = -1 };
	struct error err = { 0 };

	if (!find_place(g, path, true, &p) || p.kind != GUEST_NONE)
		return false;
	if (replace(g, &p, mode, &content, &err) == 0)
		return true;
	guest_warn(g, path, "%s", err.text);
	return false;
}

void guest_link(struct guest *g, const char *path, const char *target)
{
	AUTO_FREE char *old = NULL;
	AUTO_PLACE struct place p = { .dirfd = -1 };
	struct error err = { 0 };

	if (!find_place(g, path, true, &p))
		return;
	if (p.kind == GUEST_LINK)
		old = path_readlink(p.dirfd, p.name, &(struct error){ 0 });
	if (old && strcmp(old, target) == 0)
		return;
	if (p.kind == GUEST_DIRECTORY)
		guest_warn(g, path, "is a directory");
	else if (path_symlink(p.dirfd, p.name, target, &err) < 0)
		guest_warn(g, path, "%s", err.text);
}

void guest_unlink(struct guest *g, const char *path)
{
	AUTO_PLACE struct place p = { .dirfd = -1 };

	if (!find_place(g, path, false, &p) || p.kind != GUEST_LINK)
		return;
	if (unlinkat(p.dirfd, p.name, 0) < 0)
		guest_warn(g, path, "remove: %s", strerror(errno));
}

bool guest_directory(struct guest *g, const char *path, mode_t mode)
{
	AUTO_PLACE struct place p = { .dirfd = -1 };
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!find_place(g, path, true, &p))
		return false;
	if (p.kind == GUEST_NONE && mkdirat(p.dirfd, p.name, mode) < 0) {
		guest_warn(g, path, "make directory: %s", strerror(errno));
		return false;
	}
	fd = path_open_nolink(p.dirfd, p.name, O_RDONLY | O_DIRECTORY, true, &err);
	if (fd < 0) {
		guest_warn(g, path, "%s", err.text);
		return false;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == 0 && (st.st_mode & 07777 & ~mode) == 0)
		return true;
	if (fchown(fd, 0, 0) == 0 && fchmod(fd, mode) == 0)
		return true;
	guest_warn(g, path, "set owner and mode: %s", strerror(errno));
	return false;
}
