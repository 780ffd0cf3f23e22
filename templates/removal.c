/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/object.h"
#include "templates/store.h"
#include "templates/version.h"

/*
 * Removing what the store holds. What must survive what: nobody begins to use an
 * object while it is looked at, as its lock is held alone; a kill at any moment
 * leaves a whole version, or an object that a sweep finishes and links that mean
 * nothing any more. Locks are taken in one order: objects, then the store.
 */

/* A version that is to go. */
struct target {
	struct template t;
	int lockfd; /* of its object, held alone; -1: another name keeps the object */
};

struct removal {
	int storefd;			/* borrowed */
	struct target *list;		/* owned */
	size_t n;
};

static void removal_clear(struct removal *r)
{
	for (size_t i = 0; i < r->n; i++) {
		template_clear(&r->list[i].t);
		cleanup_close(&r->list[i].lockfd);
	}
	free(r->list);
}

static void target_add(struct removal *r, struct template *t)
{
	r->list = xreallocarray(r->list, r->n + 1, sizeof(*r->list));
	r->list[r->n++] = (struct target){ .t = *t, .lockfd = -1 };
	*t = (struct template){ 0 };
}

/* What can't be read can be removed all the same. */
static void version_take(struct removal *r, const struct version *v)
{
	AUTO_TEMPLATE struct template t = { 0 };
	struct error ignored = { 0 };

	if (object_read(r->storefd, v->digest, &t, &ignored) < 0)
		memcpy(t.digest, v->digest, sizeof(t.digest));
	free(t.name);
	t.name = xstrdup(v->name);
	t.version = v->number;
	t.is_current = v->is_current;
	target_add(r, &t);
}

/* What was imported under that name and has no link. */
static int leftovers_take(struct removal *r, const char *name, struct error *err)
{
	struct template *list;
	size_t n;

	if (store_list(r->storefd, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (list[i].version == 0 && strcmp(list[i].name, name) == 0)
			target_add(r, &list[i]);
		template_clear(&list[i]);
	}
	free(list);
	return 0;
}

/* For a name alone all versions, the newest first. */
static int targets_find(struct removal *r, const char *text, struct error *err)
{
	AUTO_VERSIONS struct versions v = { 0 };
	AUTO_TEMPLATE struct template one = { 0 };
	AUTO_FREE char *name = NULL;
	uint64_t number;
	size_t len;

	if (object_is_digest(text) || !version_parse(text, &len, &number)) {
		if (store_find(r->storefd, text, &one, err) < 0)
			return -1;
		target_add(r, &one);
		return 0;
	}
	name = xstrndup(text, len);
	if (versions_read(r->storefd, name, &v, err) < 0)
		return -1;
	for (size_t i = 0; i < v.n; i++) {
		if (number == 0 || v.list[i].number == number)
			version_take(r, &v.list[i]);
	}
	if (number == 0 && leftovers_take(r, name, err) < 0)
		return -1;
	/* Which says so. */
	return r->n > 0 ? 0 : store_find(r->storefd, text, &one, err);
}

static int has_other_name(int storefd, const struct template *t, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };

	if (versions_read(storefd, NULL, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		if (strcmp(all.list[i].digest, t->digest) == 0 &&
		    strcmp(all.list[i].name, t->name) != 0)
			return 1;
	}
	return 0;
}

/* Holds the object so that nobody can begin to use it, and asks whether anybody does. */
static int target_hold(struct removal *r, struct target *at, store_used_fn *is_used, void *arg,
		       struct error *err)
{
	int other = has_other_name(r->storefd, &at->t, err), used;

	if (other != 0)
		return other < 0 ? -1 : 0;
	at->lockfd = object_lock(r->storefd, at->t.digest, LOCK_ALONE, 0, err);
	if (at->lockfd < 0)
		return error_wrap(err, "template '%s'", at->t.name);
	/* Again: whoever gives it a name holds the lock meanwhile. */
	other = has_other_name(r->storefd, &at->t, err);
	if (other > 0) {
		close(at->lockfd);
		at->lockfd = -1;
	}
	if (other != 0)
		return other < 0 ? -1 : 0;
	used = is_used ? is_used(arg, at->t.digest, err) : 0;
	if (used > 0)
		return error_set(err, ERR_STATE, "template '%s' is used", at->t.name);
	return used;
}

enum { OLD_NAME_SIZE = sizeof(".old-") + 16 };

static char *old_name(const struct target *at, char out[OLD_NAME_SIZE])
{
	snprintf(out, OLD_NAME_SIZE, ".old-%.16s", at->t.digest);
	return out;
}

/* Out of the way under a name that a sweep finishes. */
static int object_put_away(int storefd, const struct target *at, struct error *err)
{
	AUTO_CLOSE int dirfd = object_dir(storefd, err);
	char old[OLD_NAME_SIZE];

	if (dirfd < 0)
		return -1;
	if (renameat(dirfd, at->t.digest, dirfd, old_name(at, old)) < 0)
		return error_sys(err, "put template '%s' away", at->t.digest);
	return fsync(dirfd) < 0 ? error_sys(err, "sync the template store") : 0;
}

static int target_drop(struct removal *r, struct target *at, struct error *err)
{
	struct version v = {
		.name = at->t.name, .number = at->t.version, .is_current = at->t.is_current,
	};

	memcpy(v.digest, at->t.digest, sizeof(v.digest));
	if (v.number > 0 && version_leave(r->storefd, &v, err) < 0)
		return -1;
	if (at->lockfd >= 0 && object_put_away(r->storefd, at, err) < 0)
		return -1;
	return v.number > 0 ? version_drop(r->storefd, &v, err) : 0;
}

static int targets_drop(struct removal *r, struct error *err)
{
	AUTO_CLOSE int lockfd = versions_lock(r->storefd, err);

	if (lockfd < 0)
		return -1;
	/* The newest goes last: the name means it until nothing is left. */
	for (size_t i = r->n; i-- > 0;) {
		if (target_drop(r, &r->list[i], err) < 0)
			return -1;
	}
	return 0;
}

static int files_remove(struct removal *r, uint64_t *out_freed, struct error *err)
{
	AUTO_CLOSE int dirfd = object_dir(r->storefd, err);
	char old[OLD_NAME_SIZE];

	if (dirfd < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		if (r->list[i].lockfd < 0)
			continue;
		if (path_remove(dirfd, old_name(&r->list[i], old), err) < 0)
			return -1;
		*out_freed += r->list[i].t.size;
	}
	return 0;
}

int store_remove(int storefd, const char *name, store_used_fn *is_used, void *arg,
		 uint64_t *out_freed, struct error *err)
{
	struct removal r = { .storefd = storefd };
	uint64_t freed = 0;
	int status = targets_find(&r, name, err);

	for (size_t i = 0; status == 0 && i < r.n; i++)
		status = target_hold(&r, &r.list[i], is_used, arg, err);
	if (status == 0)
		status = targets_drop(&r, err);
	if (status == 0)
		status = files_remove(&r, &freed, err);
	removal_clear(&r);
	if (status == 0 && out_freed)
		*out_freed = freed;
	return status;
}
