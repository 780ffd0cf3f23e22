/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/wash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"

enum action {
	REMOVE,				/* with all below it */
	REMOVE_FILE,			/* unless it is a link: then it is another's */
	EMPTY,				/* the file stays, with owner and mode */
	CONTENTS,			/* of a directory: all that is in it */
	FILES,				/* of a directory: all but the directories */
	LOCK,				/* shadow(5): accounts stay, none has a password */
	UNFENCE,			/* what zonectl wrote between two comments of its own */
};

/* Names in a path may have '*'. */
/* clang-format off */
static const struct row {
	enum action action;
	const char *path;
} rows[] = {
	/* Who it is. systemd takes an empty machine-id for none (machine-id(5)). */
	{ EMPTY,       "etc/machine-id" },
	{ REMOVE_FILE, "var/lib/dbus/machine-id" },
	{ REMOVE_FILE, "etc/hostname" },
	{ UNFENCE,     "etc/hosts" },	/* its addresses, and the zones that it knew */
	{ REMOVE,      "etc/ssh/ssh_host_*" },
	{ REMOVE,      "etc/dropbear/dropbear_*_host_key" },
	{ REMOVE,      "var/lib/systemd/random-seed" },
	{ REMOVE,      "var/lib/systemd/credential.secret" },
	{ REMOVE,      "var/lib/urandom/random-seed" },
	{ REMOVE,      "var/lib/misc/random-seed" },
	{ REMOVE,      "var/lib/random-seed" },
	{ CONTENTS,    "var/lib/seedrng" },
	{ REMOVE,      "var/lib/dhcp/*.lease*" },
	{ REMOVE,      "var/lib/dhclient/*" },
	{ REMOVE,      "var/lib/dhcpcd/*" },
	{ REMOVE,      "etc/dhcpcd.duid" },
	{ REMOVE,      "etc/dhcpcd.secret" },
	{ REMOVE,      "var/lib/NetworkManager/*" },
	{ REMOVE,      "etc/udev/rules.d/*-persistent-net.rules" },
	{ REMOVE,      "etc/iscsi/initiatorname.iscsi" },
	/* cloud-init does at the first boot what it finds not done. */
	{ REMOVE,      "var/lib/cloud/instance" },
	{ CONTENTS,    "var/lib/cloud/instances" },
	{ CONTENTS,    "var/lib/cloud/data" },
	{ CONTENTS,    "var/lib/cloud/sem" },
	/* Who may enter. */
	{ REMOVE,      "root/.ssh" },
	{ REMOVE,      "home/*/.ssh" },
	{ REMOVE,      "etc/dropbear/authorized_keys" },
	{ LOCK,        "etc/shadow" },
	{ REMOVE,      "etc/passwd-" },
	{ REMOVE,      "etc/shadow-" },
	{ REMOVE,      "etc/group-" },
	{ REMOVE,      "etc/gshadow-" },
	{ REMOVE,      "etc/subuid-" },
	{ REMOVE,      "etc/subgid-" },
	/* What its users did. */
	{ REMOVE,      "root/.*_history" },
	{ REMOVE,      "home/*/.*_history" },
	{ REMOVE,      "root/.lesshst" },
	{ REMOVE,      "home/*/.lesshst" },
	{ REMOVE,      "root/.viminfo" },
	{ REMOVE,      "home/*/.viminfo" },
	{ REMOVE,      "root/.wget-hsts" },
	{ REMOVE,      "home/*/.wget-hsts" },
	{ CONTENTS,    "root/.cache" },
	{ CONTENTS,    "home/*/.cache" },
	{ FILES,       "var/spool/mail" },
	{ FILES,       "var/mail" },
	/* What it logged. These are made by nobody where they are missing. */
	{ EMPTY,       "var/log/wtmp" },
	{ EMPTY,       "var/log/btmp" },
	{ EMPTY,       "var/log/lastlog" },
	{ EMPTY,       "var/log/faillog" },
	{ EMPTY,       "var/log/tallylog" },
	{ CONTENTS,    "var/log/journal" },
	{ FILES,       "var/log" },
	{ CONTENTS,    "var/crash" },
	{ CONTENTS,    "var/lib/systemd/coredump" },
	{ CONTENTS,    "var/spool/abrt" },
	/* What can be had again. */
	{ REMOVE,      "var/cache/apt/*.bin" },
	{ FILES,       "var/cache/apt/archives" },
	{ FILES,       "var/lib/apt/lists" },
	{ CONTENTS,    "var/cache/dnf" },
	{ CONTENTS,    "var/cache/libdnf5" },
	{ CONTENTS,    "var/cache/yum" },
	{ CONTENTS,    "var/cache/zypp" },
	{ CONTENTS,    "var/cache/apk" },
	{ CONTENTS,    "var/cache/xbps" },
	{ CONTENTS,    "var/cache/pacman/pkg" },
	{ REMOVE,      "var/cache/debconf/*-old" },
	{ REMOVE,      "var/cache/ldconfig/aux-cache" },
	/* What was meant to go. */
	{ CONTENTS,    "tmp" },
	{ CONTENTS,    "var/tmp" },
	{ CONTENTS,    "run" },
};
/* clang-format on */

/* Kept by FILES, as rows above have emptied them. */
static const char *const kept_names[] = { "wtmp", "btmp", "lastlog", "faillog", "tallylog" };

enum { DEPTH_MAX = 300, EDITED_MAX = 16 << 20 };

/* A strv that grows by doubling: a directory may have a million names. */
struct list {
	char **names;			/* owned */
	size_t n, room;
};

struct wash {
	int rootfd;			/* borrowed */
	char *const *keep;		/* borrowed */
	struct str path;		/* where we are, "etc/ssh" */
	unsigned int depth;
	struct list removed;
};

/* Takes the name over. */
static void list_give(struct list *l, char *name)
{
	if (l->n + 1 >= l->room) {
		l->room = l->room ? 2 * l->room : 32;
		l->names = xreallocarray(l->names, l->room, sizeof(*l->names));
	}
	l->names[l->n++] = name;
	l->names[l->n] = NULL;
}

static size_t path_enter(struct wash *w, const char *name)
{
	size_t len = w->path.len;

	str_addf(&w->path, "%s%s", len ? "/" : "", name);
	return len;
}

static void path_leave(struct wash *w, size_t len)
{
	w->path.len = len;
	w->path.data[len] = '\0';
}

/* True if it, or something below it, or something above it, is to be kept. */
static bool is_kept(const struct wash *w)
{
	const char *path = str_text(&w->path);

	for (char *const *keep = w->keep; keep && *keep; keep++) {
		const char *at = *keep + strspn(*keep, "/");
		size_t n = strlen(at);

		while (n > 0 && at[n - 1] == '/')
			n--;
		if (strncmp(path, at, n < w->path.len ? n : w->path.len) != 0)
			continue;
		if (n == w->path.len || (n > w->path.len ? at[w->path.len] : path[n]) == '/')
			return true;
	}
	return false;
}

static void note(struct wash *w)
{
	list_give(&w->removed, xasprintf("/%s", str_text(&w->path)));
}

static int name_remove(struct wash *w, int dirfd, const char *name, struct error *err)
{
	if (path_remove(dirfd, name, err) < 0)
		return -1;
	note(w);
	return 0;
}

static int file_empty(struct wash *w, int dirfd, const char *name, const struct stat *st,
		      struct error *err)
{
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };
	AUTO_CLOSE int fd = -1;

	if (!S_ISREG(st->st_mode) || st->st_size == 0)
		return 0;
	fd = openat(dirfd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || futimens(fd, times) < 0)
		return error_sys(err, "empty it");
	note(w);
	return 0;
}

/* crypt(5): all but the oldest form have a '$'; that one has 13 of these. What else stands there
 * ("*", "!!", "x", "NP", nothing) is no password. */
static bool is_hash(const char *field, size_t len)
{
	const char *const letters =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t marks = 0;

	while (marks < len && field[marks] == '!')
		marks++;
	if (memchr(field, '$', len))
		return true;
	return len - marks == 13 && strspn(field + marks, letters) == 13;
}

/* Copies shadow with "*" for every password; true when there was one. */
static bool shadow_lock(const char *text, size_t len, struct str *out)
{
	bool is_changed = false;

	for (const char *line = text, *next; line < text + len; line = next) {
		const char *end = memchr(line, '\n', (size_t)(text + len - line));
		const char *field, *rest;

		next = end ? end + 1 : text + len;
		end = end ? end : next;
		field = memchr(line, ':', (size_t)(end - line));
		field = field ? field + 1 : end;
		rest = memchr(field, ':', (size_t)(end - field));
		rest = rest ? rest : end;
		if (!is_hash(field, (size_t)(rest - field))) {
			str_addn(out, line, (size_t)(next - line));
			continue;
		}
		str_addn(out, line, (size_t)(field - line));
		str_addc(out, '*');
		str_addn(out, rest, (size_t)(next - rest));
		is_changed = true;
	}
	return is_changed;
}

/* Copies text without what stands from a comment of zonectl's to the one that ends it; true when
 * there was one. A beginning without an end is a line like any other. */
static bool fences_remove(const char *text, size_t len, struct str *out)
{
	static const char fence[] = "# zonectl: ", closing[] = "\n# zonectl: end";
	const char *at = text;
	bool is_changed = false;

	(void)len;	/* what is behind a NUL is no hosts(5), and goes */
	while (*at) {
		const char *next = strchr(at, '\n');
		bool is_begin = strncmp(at, fence, sizeof(fence) - 1) == 0 &&
				strncmp(at, closing + 1, sizeof(closing) - 2) != 0;
		const char *end = is_begin ? strstr(at, closing) : NULL;

		if (end) {
			next = strchr(end + 1, '\n');
			is_changed = true;
		}
		next = next ? next + 1 : at + strlen(at);
		if (!end)
			str_addn(out, at, (size_t)(next - at));
		at = next;
	}
	return is_changed;
}

/* change copies the text as it is to be, and says whether it is another. */
static int file_edit(struct wash *w, int dirfd, const char *name, const struct stat *st,
		     bool (*change)(const char *text, size_t len, struct str *out),
		     struct error *err)
{
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };
	AUTO_STR struct str changed = { 0 };
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = -1;
	size_t len;

	if (!S_ISREG(st->st_mode))
		return 0;
	fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open it");
	if (fd_read_all(fd, EDITED_MAX, &text, &len, err) < 0)
		return -1;
	if (!change(text, len, &changed))
		return 0;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "write it");
	if (fd_write_all(fd, str_text(&changed), changed.len, err) < 0)
		return -1;
	if (futimens(fd, times) < 0)
		return error_sys(err, "set its time");
	list_give(&w->removed, xasprintf("/%s (%s)", str_text(&w->path),
					 change == shadow_lock ? "passwords" : "names of zones"));
	return 0;
}

static int names_each(struct wash *w, int dirfd, const char *pattern,
		      int (*work)(struct wash *w, int dirfd, const char *name, const void *arg,
				  struct error *err),
		      const void *arg, struct error *err);

static int content_remove(struct wash *w, int dirfd, const char *name, const void *arg,
			  struct error *err)
{
	(void)arg;
	return is_kept(w) ? 0 : name_remove(w, dirfd, name, err);
}

static bool is_kept_name(const char *name)
{
	for (size_t i = 0; i < N_ROWS(kept_names); i++) {
		if (strcmp(name, kept_names[i]) == 0)
			return true;
	}
	return false;
}

/* Opens a directory by the name it has here: no link. -1 without an error when it is none. */
static int directory_open(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int file_remove(struct wash *w, int dirfd, const char *name, const void *arg,
		       struct error *err)
{
	AUTO_CLOSE int fd = directory_open(dirfd, name);
	int r;

	if (fd < 0)
		return is_kept(w) || is_kept_name(name) ? 0 : name_remove(w, dirfd, name, err);
	if (++w->depth > DEPTH_MAX)
		return error_set(err, ERR_FAILED, "too deep");
	r = names_each(w, fd, "*", file_remove, arg, err);
	w->depth--;
	return r;
}

static int directory_wash(struct wash *w, int dirfd, const char *name, enum action action,
			  struct error *err)
{
	AUTO_CLOSE int fd = directory_open(dirfd, name);

	if (fd < 0)
		return 0;
	return names_each(w, fd, "*", action == FILES ? file_remove : content_remove, NULL, err);
}

static int name_wash(struct wash *w, int dirfd, const char *name, const void *arg,
		     struct error *err)
{
	const struct row *row = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "look at it");
	switch (row->action) {
	case REMOVE:
		return is_kept(w) ? 0 : name_remove(w, dirfd, name, err);
	case REMOVE_FILE:
		return is_kept(w) || S_ISLNK(st.st_mode) ? 0 : name_remove(w, dirfd, name, err);
	case EMPTY:
		return is_kept(w) ? 0 : file_empty(w, dirfd, name, &st, err);
	case LOCK:
		return is_kept(w) ? 0 : file_edit(w, dirfd, name, &st, shadow_lock, err);
	case UNFENCE:
		return is_kept(w) ? 0 : file_edit(w, dirfd, name, &st, fences_remove, err);
	case CONTENTS:
	case FILES:
		return directory_wash(w, dirfd, name, row->action, err);
	}
	return 0;
}

/* "." and "..", and what a pattern that begins so leaves to one that says it. */
static bool is_match(const char *pattern, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return fnmatch(pattern, name, 0) == 0;
}

static int names_of(int dirfd, const char *pattern, char ***out, struct error *err)
{
	bool is_name = !strchr(pattern, '*');
	AUTO_CLOSE int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct list list = { 0 };
	const struct dirent *e;

	if (!dir)
		return error_sys(err, "list it");
	again = -1;	/* owned by dir */
	if (is_name)
		list_give(&list, xstrdup(pattern));
	while (!is_name && (e = readdir(dir))) {
		if (is_match(pattern, e->d_name))
			list_give(&list, xstrdup(e->d_name));
	}
	strv_sort_unique(list.names);
	*out = list.names;
	return 0;
}

/* Calls work for each name in the directory, and gives the directory back the time it had. */
static int names_each(struct wash *w, int dirfd, const char *pattern,
		      int (*work)(struct wash *w, int dirfd, const char *name, const void *arg,
				  struct error *err),
		      const void *arg, struct error *err)
{
	AUTO_STRV char **names = NULL;
	struct timespec times[2];
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return error_sys(err, "look at it");
	if (names_of(dirfd, pattern, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		size_t len = path_enter(w, *name);

		if (work(w, dirfd, *name, arg, err) < 0)
			return error_wrap(err, "'/%s'", str_text(&w->path));
		path_leave(w, len);
	}
	times[0] = times[1] = st.st_mtim;
	return futimens(dirfd, times) < 0 ? error_sys(err, "set its time") : 0;
}

/* The directories on the way to a row's last name; a link among them is followed inside the root,
 * as a program of the system would. What is not there, or no directory, has nothing to wash. */
static int walk(struct wash *w, const char *rest, const struct row *row, struct error *err)
{
	const char *slash = strchr(rest, '/');
	AUTO_FREE char *part = slash ? xstrndup(rest, (size_t)(slash - rest)) : xstrdup(rest);
	AUTO_STRV char **names = NULL;
	struct error none = { 0 };
	AUTO_CLOSE int dirfd = path_open(w->rootfd, w->path.len ? str_text(&w->path) : ".",
					 O_RDONLY | O_DIRECTORY, &none);

	if (dirfd < 0)
		return 0;
	if (!slash)
		return names_each(w, dirfd, part, name_wash, row, err);
	if (names_of(dirfd, part, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		size_t len = path_enter(w, *name);

		if (walk(w, slash + 1, row, err) < 0)
			return -1;
		path_leave(w, len);
	}
	return 0;
}

int wash_tree(int rootfd, char *const *keep, char ***out_removed, struct error *err)
{
	struct wash w = { .rootfd = rootfd, .keep = keep };
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ROWS(rows); i++) {
		w.depth = 0;
		str_clear(&w.path);
		r = walk(&w, rows[i].path, &rows[i], err);
	}
	str_clear(&w.path);
	if (r == 0)
		*out_removed = w.removed.names;
	else
		strv_clear(&w.removed.names);
	return r;
}
