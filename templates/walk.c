/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

/* One inode with several names, and the number of the first of them. */
struct link {
	dev_t dev;
	ino_t ino;
	uint64_t first;
};

struct links {
	struct link *slots;		/* open addressing; ino 0 is a free slot */
	size_t used, room;		/* room is a power of two, or 0 */
};

struct walk {
	const struct walk_calls *calls;	/* borrowed */
	struct str path;
	struct links links;
	uint64_t next;			/* number of the next name */
	unsigned int depth;
};

static struct link *slot_of(const struct links *links, dev_t dev, ino_t ino)
{
	size_t i = (ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (links->room - 1);

	while (links->slots[i].ino != 0 &&
	       (links->slots[i].ino != ino || links->slots[i].dev != dev))
		i = (i + 1) & (links->room - 1);
	return &links->slots[i];
}

static void links_grow(struct links *links)
{
	struct links bigger = { .room = links->room ? 2 * links->room : 256, .used = links->used };

	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (size_t i = 0; i < links->room; i++) {
		const struct link *l = &links->slots[i];

		if (l->ino != 0)
			*slot_of(&bigger, l->dev, l->ino) = *l;
	}
	free(links->slots);
	*links = bigger;
}

static uint64_t first_of(struct links *links, const struct stat *st, uint64_t number)
{
	struct link *l;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return number;
	if (2 * links->used >= links->room)
		links_grow(links);
	l = slot_of(links, st->st_dev, st->st_ino);
	if (l->ino == 0) {
		*l = (struct link){ st->st_dev, st->st_ino, number };
		links->used++;
	}
	return l->first;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_of(int dirfd, char ***out, struct error *err)
{
	AUTO_CLOSE int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = again < 0 ? NULL : fdopendir(again);
	AUTO_STRV char **names = NULL;
	const struct dirent *e;
	size_t n = 0, room = 0;

	if (!dir)
		return error_sys(err, "list directory");
	again = -1;	/* owned by dir */
	for (;;) {
		errno = 0;
		e = readdir(dir);
		if (!e && errno != 0)
			return error_sys(err, "list directory");
		if (!e)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n + 1 >= room) {
			room = room ? 2 * room : 32;
			names = xreallocarray(names, room, sizeof(*names));
		}
		names[n++] = xstrdup(e->d_name);
		names[n] = NULL;
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), by_bytes);
	*out = TAKE_PTR(names);
	return 0;
}

static int entry_open(const struct walk_calls *calls, int dirfd, const char *name,
		      struct walk_entry *e, struct error *err)
{
	if (fstatat(dirfd, name, &e->st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at it");
	e->fd = -1;
	if (!S_ISREG(e->st.st_mode) && !S_ISDIR(e->st.st_mode))
		return 0;
	if (S_ISREG(e->st.st_mode) && calls->is_known && calls->is_known(calls->arg, &e->st))
		return 0;
	e->fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (e->fd < 0)
		return error_sys(err, "open it");
	return 0;
}

static int walk_entry(struct walk *w, int dirfd, const char *name, struct error *err);

static int walk_below(struct walk *w, const struct walk_entry *e, struct error *err)
{
	AUTO_STRV char **names = NULL;
	size_t len = w->path.len;

	if (names_of(e->fd, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		if (len > 0)
			str_addc(&w->path, '/');
		str_add(&w->path, *name);
		if (walk_entry(w, e->fd, *name, err) < 0)
			return -1;
		w->path.len = len;
		w->path.data[len] = '\0';
	}
	return 0;
}

static int walk_inside(struct walk *w, const struct walk_entry *e, struct error *err)
{
	int r = w->calls->visit(w->calls->arg, e, err);

	if (r < 0)
		return error_wrap(err, "'%s'", e->path);
	if (!S_ISDIR(e->st.st_mode) || r > 0)
		return 0;
	if (++w->depth > WALK_DEPTH_MAX)
		return error_set(err, ERR_FAILED, "'%s': too deep", e->path);
	if (walk_below(w, e, err) < 0)
		return -1;
	w->depth--;
	if (w->calls->leave) {
		struct walk_entry left = *e;

		left.path = str_text(&w->path);	/* the buffer may have moved */
		if (w->calls->leave(w->calls->arg, &left, err) < 0)
			return error_wrap(err, "'%s'", left.path);
	}
	return 0;
}

static int walk_entry(struct walk *w, int dirfd, const char *name, struct error *err)
{
	struct walk_entry e = { .dirfd = dirfd, .name = name, .path = str_text(&w->path) };
	AUTO_CLOSE int fd = -1;

	if (entry_open(w->calls, dirfd, name, &e, err) < 0)
		return error_wrap(err, "'%s'", e.path);
	fd = e.fd;
	e.number = w->next++;
	e.first = first_of(&w->links, &e.st, e.number);
	return walk_inside(w, &e, err);
}

int walk_tree_by(int rootfd, const struct walk_calls *calls, struct error *err)
{
	struct walk w = { .calls = calls };
	int r = walk_entry(&w, rootfd, ".", err);

	str_clear(&w.path);
	free(w.links.slots);
	return r;
}

int walk_tree(int rootfd, int (*visit)(void *arg, const struct walk_entry *e, struct error *err),
	      int (*leave)(void *arg, const struct walk_entry *e, struct error *err), void *arg,
	      struct error *err)
{
	const struct walk_calls calls = { .visit = visit, .leave = leave, .arg = arg };

	return walk_tree_by(rootfd, &calls, err);
}
