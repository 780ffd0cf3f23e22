/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/version.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "templates/object.h"
#include "templates/store.h"

enum {
	NAME_MAX_BYTES = 63,
	LINK_NAME_SIZE = NAME_MAX_BYTES + 1 + 20 + 1,	/* "NAME:" and 20 digits */
	LOCK_WAIT_MS = 10000,		/* a removal looks at all zones meanwhile */
};

#define REMOVED_MARK "-"

/* One link; of NAME itself the number is 0. */
struct link {
	struct version v;		/* digest "" when there is no such object any more */
	bool is_mark;
};

struct links {
	struct link *list;		/* by name, then number; owned */
	size_t n, room;
};

#define AUTO_LINKS __attribute__((cleanup(links_clear)))

static void links_clear(struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].v.name);
	free(l->list);
	*l = (struct links){ 0 };
}

bool version_parse(const char *text, size_t *out_name_len, uint64_t *out_number)
{
	size_t len = strcspn(text, ":");
	AUTO_FREE char *name = xstrndup(text, len);
	struct error ignored = { 0 };
	uint64_t number = 0;

	if (template_name_check(name, &ignored) < 0)
		return false;
	/* One way to write a number, as it is part of a file's name. */
	if (text[len] && (text[len + 1] == '0' ||
			  num_u64(text + len + 1, 1, UINT64_MAX - 1, &number, &ignored) < 0))
		return false;
	*out_name_len = len;
	*out_number = number;
	return true;
}

static void link_read(int storefd, const char *file, struct link *link)
{
	char target[sizeof(OBJECTS_DIR) + SHA256_HEX_SIZE + 1];
	ssize_t n = readlinkat(storefd, file, target, sizeof(target) - 1);
	struct error ignored = { 0 };

	link->v.digest[0] = '\0';
	link->is_mark = n == 1 && target[0] == REMOVED_MARK[0];
	/* A link to nothing is what a removal leaves that was killed. */
	if (faccessat(storefd, file, F_OK, 0) == 0)
		(void)object_of_name(storefd, file, link->v.digest, &ignored);
}

static int by_name_and_number(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	int order = strcmp(x->v.name, y->v.name);

	if (order != 0)
		return order;
	return (x->v.number > y->v.number) - (x->v.number < y->v.number);
}

static int links_read(int storefd, const char *name, struct links *out, struct error *err)
{
	AUTO_CLOSE int fd = openat(storefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir)
		return error_sys(err, "list the template store");
	fd = -1;	/* owned by dir */
	while ((e = readdir(dir))) {
		struct link link = { 0 };
		size_t len;

		if (name && strncmp(e->d_name, name, strlen(name)) != 0)
			continue;
		if (!version_parse(e->d_name, &len, &link.v.number) ||
		    (name && len != strlen(name)))
			continue;
		link.v.name = xstrndup(e->d_name, len);
		link_read(storefd, e->d_name, &link);
		if (out->n == out->room) {
			out->room = out->room ? 2 * out->room : 16;
			out->list = xreallocarray(out->list, out->room, sizeof(*out->list));
		}
		out->list[out->n++] = link;
	}
	if (out->n > 0)
		qsort(out->list, out->n, sizeof(*out->list), by_name_and_number);
	return 0;
}

static void append(struct versions *v, const struct version *from, uint64_t number)
{
	v->list = xreallocarray(v->list, v->n + 1, sizeof(*v->list));
	v->list[v->n] = *from;
	v->list[v->n].name = xstrdup(from->name);
	v->list[v->n].number = number;
	v->list[v->n++].is_current = false;
}

/* The versions of the links first[0..n), which are those of one name. */
static void group_take(struct versions *out, const struct link *first, size_t n)
{
	const struct version *current = first->v.number == 0 ? &first->v : NULL;
	size_t begin = out->n;
	uint64_t last = first[n - 1].v.number;
	bool is_numbered = false;

	for (size_t i = n; i-- > 0;) {
		if (first[i].v.number == 0 || !first[i].v.digest[0])
			continue;
		append(out, &first[i].v, first[i].v.number);
		if (current && strcmp(current->digest, first[i].v.digest) == 0) {
			out->list[out->n - 1].is_current = true;
			is_numbered = true;
		}
	}
	if (is_numbered)
		return;
	if (current && current->digest[0]) {
		append(out, current, last + 1);
		out->list[out->n - 1].is_current = true;
	} else if (out->n > begin) {
		out->list[begin].is_current = true;
	}
}

int versions_read(int storefd, const char *name, struct versions *out, struct error *err)
{
	AUTO_LINKS struct links links = { 0 };

	*out = (struct versions){ 0 };
	if (links_read(storefd, name, &links, err) < 0)
		return -1;
	for (size_t from = 0, to; from < links.n; from = to) {
		for (to = from + 1; to < links.n; to++) {
			if (strcmp(links.list[to].v.name, links.list[from].v.name) != 0)
				break;
		}
		group_take(out, &links.list[from], to - from);
	}
	return 0;
}

void versions_clear(struct versions *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->list[i].name);
	free(v->list);
	*v = (struct versions){ 0 };
}

const struct version *versions_of_digest(const struct versions *v, const char *name,
					 const char *digest)
{
	for (size_t i = 0; i < v->n; i++) {
		if (strcmp(v->list[i].digest, digest) == 0 &&
		    (!name || strcmp(v->list[i].name, name) == 0))
			return &v->list[i];
	}
	return NULL;
}

int versions_lock(int storefd, struct error *err)
{
	/* Opened anew: a lock belongs to what is open, which the processes of a worker share. */
	AUTO_CLOSE int fd = openat(storefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open the template store");
	if (lock_take(fd, LOCK_ALONE, LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "the template store");
	return TAKE_FD(fd);
}

/* Under the lock there is one temporary at a time; what is there is of one who was killed. */
static int link_replace(int storefd, const char *file, const char *target, struct error *err)
{
	static const char temporary[] = ".link";
	AUTO_CLOSE int dirfd = object_dir(storefd, err);

	if (dirfd < 0)
		return -1;
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", temporary);
	if (symlinkat(target, dirfd, temporary) < 0 ||
	    renameat(dirfd, temporary, storefd, file) < 0)
		return error_sys(err, "make the link '%s'", file);
	return 0;
}

static int link_to(int storefd, const char *name, uint64_t number, const char *digest,
		   struct error *err)
{
	char file[LINK_NAME_SIZE], target[sizeof(OBJECTS_DIR) + SHA256_HEX_SIZE];

	if (number == 0)
		snprintf(file, sizeof(file), "%s", name);
	else
		snprintf(file, sizeof(file), "%s:%" PRIu64, name, number);
	if (digest)
		snprintf(target, sizeof(target), OBJECTS_DIR "/%s", digest);
	return link_replace(storefd, file, digest ? target : REMOVED_MARK, err);
}

static int link_remove(int storefd, const struct version *v, uint64_t number, struct error *err)
{
	char file[LINK_NAME_SIZE];

	if (number == 0)
		snprintf(file, sizeof(file), "%s", v->name);
	else
		snprintf(file, sizeof(file), "%s:%" PRIu64, v->name, number);
	if (unlinkat(storefd, file, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove the link '%s'", file);
	return 0;
}

static int sync_store(int storefd, struct error *err)
{
	return fsync(storefd) < 0 ? error_sys(err, "sync the template store") : 0;
}

/* Links of this name that are no versions: below the last number they keep nothing. */
static int links_sweep(int storefd, const struct links *links, struct error *err)
{
	for (size_t i = 0; i + 1 < links->n; i++) {
		const struct link *l = &links->list[i];

		if (l->v.number > 0 && !l->v.digest[0] &&
		    link_remove(storefd, &l->v, l->v.number, err) < 0)
			return -1;
	}
	return 0;
}

int version_add(int storefd, const char *name, const char *digest, uint64_t *out_number,
		struct error *err)
{
	AUTO_CLOSE int lockfd = versions_lock(storefd, err);
	AUTO_VERSIONS struct versions v = { 0 };
	AUTO_LINKS struct links links = { 0 };
	const struct version *known;
	uint64_t number, last;

	if (lockfd < 0 || versions_read(storefd, name, &v, err) < 0 ||
	    links_read(storefd, name, &links, err) < 0)
		return -1;
	last = links.n > 0 ? links.list[links.n - 1].v.number : 0;
	for (size_t i = 0; i < v.n; i++) {
		/* One that is current without a number, from before there were any. */
		if (v.list[i].number <= last)
			continue;
		last = v.list[i].number;
		if (link_to(storefd, name, last, v.list[i].digest, err) < 0)
			return -1;
	}
	known = versions_of_digest(&v, name, digest);
	number = known ? known->number : last + 1;
	if (!known && link_to(storefd, name, number, digest, err) < 0)
		return -1;
	if (!(known && known->is_current) && link_to(storefd, name, 0, digest, err) < 0) {
		struct version added = { .name = (char *)name };
		struct error ignored = { 0 };	/* err says what failed first */

		if (!known)
			(void)link_remove(storefd, &added, number, &ignored);
		return -1;
	}
	if (links_sweep(storefd, &links, err) < 0 || sync_store(storefd, err) < 0)
		return -1;
	*out_number = number;
	return 0;
}

/* The newest version of the name but v, or NULL. */
static const struct version *newest_but(const struct versions *all, const struct version *v)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->list[i].digest, v->digest) != 0)
			return &all->list[i];
	}
	return NULL;
}

int version_leave(int storefd, const struct version *v, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	const struct version *next;

	if (versions_read(storefd, v->name, &all, err) < 0)
		return -1;
	next = newest_but(&all, v);
	if (!v->is_current || !next)
		return 0;
	return link_to(storefd, v->name, 0, next->digest, err);
}

int version_drop(int storefd, const struct version *v, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	AUTO_LINKS struct links links = { 0 };
	uint64_t last;

	if (versions_read(storefd, v->name, &all, err) < 0 ||
	    links_read(storefd, v->name, &links, err) < 0)
		return -1;
	last = links.n > 0 ? links.list[links.n - 1].v.number : 0;
	if (newest_but(&all, v)) {
		int r = v->number == last ? link_to(storefd, v->name, last, NULL, err)
					  : link_remove(storefd, v, v->number, err);

		return r < 0 ? -1 : sync_store(storefd, err);
	}
	for (size_t i = 0; i < links.n; i++) {
		if (link_remove(storefd, v, links.list[i].v.number, err) < 0)
			return -1;
	}
	return sync_store(storefd, err);
}
