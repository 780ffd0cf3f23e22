/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "templates/unpack_tree.h"

static const char mark[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";
/* What aufs kept for itself in old images: no part of the tree. */
static const char *const of_aufs[] = { ".wh..wh.aufs", ".wh..wh.orph", ".wh..wh.plnk" };

struct removal {
	const struct unpack_layer *layer;
	char path[UNPACK_PATH_MAX];	/* of what is looked at */
	struct error *err;
};

/* FNV-1a. Two names of one image with the same hash would keep a file that a whiteout names: the
 * harm is the image's own. */
static uint64_t hash_of(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return h == 0 ? 1 : h;
}

static uint64_t *slot_of(const struct unpack_layer *layer, uint64_t h)
{
	size_t i = (size_t)(h >> 7) & (layer->room - 1);

	while (layer->slots[i] != 0 && layer->slots[i] != h)
		i = (i + 1) & (layer->room - 1);
	return &layer->slots[i];
}

static void grow(struct unpack_layer *layer)
{
	struct unpack_layer bigger = { .room = layer->room ? 2 * layer->room : 1024 };

	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (size_t i = 0; i < layer->room; i++) {
		if (layer->slots[i] != 0)
			*slot_of(&bigger, layer->slots[i]) = layer->slots[i];
	}
	bigger.used = layer->used;
	free(layer->slots);
	*layer = bigger;
}

void unpack_layer_note(struct unpack_layer *layer, const char *name)
{
	uint64_t h = hash_of(name), *slot;

	if (4 * layer->used >= 3 * layer->room)
		grow(layer);
	slot = slot_of(layer, h);
	layer->used += *slot == 0;
	*slot = h;
}

static bool wrote(const struct unpack_layer *layer, const char *name)
{
	return layer->room > 0 && *slot_of(layer, hash_of(name)) != 0;
}

static int remove_at(struct removal *r, int dirfd, const char *leaf);

/* Everything in the directory; returns 1 when something stays. */
static int remove_within(struct removal *r, int dirfd)
{
	AUTO_CLOSE int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = again < 0 ? NULL : fdopendir(again);
	size_t len = strlen(r->path);
	const struct dirent *e;
	int stays = 0;

	if (!dir)
		return error_sys(r->err, "list '%s'", r->path);
	again = -1;	/* owned by dir */
	while ((e = readdir(dir))) {
		size_t more = strlen(e->d_name);
		int one;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (len + 1 + more >= sizeof(r->path))
			return error_set(r->err, ERR_USAGE, "too deep");
		if (len > 0)
			r->path[len] = '/';
		strcpy(r->path + len + (len > 0), e->d_name);
		one = remove_at(r, dirfd, e->d_name);
		r->path[len] = '\0';
		if (one < 0)
			return -1;
		stays |= one;
	}
	return stays;
}

static int remove_directory(struct removal *r, int dirfd, const char *leaf)
{
	AUTO_CLOSE int fd = openat(dirfd, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct timespec times[2];
	struct stat st;
	int stays;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(r->err, "open '%s'", r->path);
	stays = remove_within(r, fd);
	if (stays < 0)
		return -1;
	times[0] = times[1] = st.st_mtim;
	if (stays > 0 || wrote(r->layer, r->path))
		return futimens(fd, times) < 0 ? error_sys(r->err, "set the time of '%s'", r->path)
					       : 1;
	return unlinkat(dirfd, leaf, AT_REMOVEDIR) < 0 ? error_sys(r->err, "remove '%s'", r->path)
						       : 0;
}

static int remove_at(struct removal *r, int dirfd, const char *leaf)
{
	struct stat st;

	if (fstatat(dirfd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(r->err, "look at '%s'", r->path);
	if (S_ISDIR(st.st_mode))
		return remove_directory(r, dirfd, leaf);
	if (wrote(r->layer, r->path))
		return 1;
	return unlinkat(dirfd, leaf, 0) < 0 ? error_sys(r->err, "remove '%s'", r->path) : 0;
}

int unpack_layer_remove(const struct unpack_layer *layer, int dirfd, const char *leaf,
			const char *path, struct error *err)
{
	AUTO_FREE struct removal *r = xcalloc(1, sizeof(*r));

	r->layer = layer;
	r->err = err;
	strcpy(r->path, path);
	return remove_at(r, dirfd, leaf);
}

static int remove_all(const struct unpack_layer *layer, int dirfd, const char *path,
		      struct error *err)
{
	AUTO_FREE struct removal *r = xcalloc(1, sizeof(*r));

	r->layer = layer;
	r->err = err;
	strcpy(r->path, path);
	return remove_within(r, dirfd);
}

static bool is_of_aufs(const char *name)
{
	for (size_t i = 0; i < N_ROWS(of_aufs); i++) {
		size_t len = strlen(of_aufs[i]);

		if (strncmp(name, of_aufs[i], len) == 0 &&
		    (name[len] == '\0' || name[len] == '/'))
			return true;
	}
	return false;
}

/* A whiteout is no directory: nothing can stand below it. */
static bool is_below_whiteout(const char *name)
{
	return (str_starts(name, mark) && strchr(name, '/')) ||
	       (strstr(name, "/.wh.") && strchr(strstr(name, "/.wh.") + 1, '/'));
}

int unpack_layer_whiteout(struct unpack_layer *layer, struct unpack_tree *tree, const char *name,
			  struct error *err)
{
	const char *slash = strrchr(name, '/'), *leaf = slash ? slash + 1 : name, *target;
	char path[UNPACK_PATH_MAX];
	int dirfd;

	if (is_of_aufs(name))
		return 1;
	if (is_below_whiteout(name))
		return error_set(err, ERR_USAGE, "an entry below a whiteout is refused");
	if (!str_starts(leaf, mark))
		return 0;
	target = leaf + strlen(mark);
	if (strcmp(leaf, opaque) != 0 &&
	    (!*target || strcmp(target, ".") == 0 || strcmp(target, "..") == 0 ||
	     str_starts(target, mark)))
		return error_set(err, ERR_USAGE, "a whiteout of '%s' is refused", target);
	dirfd = unpack_tree_parent(tree, name, err);
	if (dirfd < 0)
		return -1;
	memcpy(path, name, (size_t)(leaf - name));
	path[leaf - name] = '\0';
	if (strcmp(leaf, opaque) == 0) {
		path[leaf > name ? leaf - name - 1 : 0] = '\0';
		return remove_all(layer, dirfd, path, err) < 0 ? -1 : 1;
	}
	strcat(path, target);
	return unpack_layer_remove(layer, dirfd, target, path, err) < 0 ? -1 : 1;
}

void unpack_layer_clear(struct unpack_layer *layer)
{
	free(layer->slots);
	*layer = (struct unpack_layer){ 0 };
}
