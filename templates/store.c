/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/object.h"

enum {
	DIGITS_MIN = 8, /* of NAME@DIGEST */
	NAME_BYTES_MAX = 63,
	HOLD_WAIT_MS = 5000, /* a removal that looks for users holds it alone meanwhile */
};

int template_name_check(const char *name, struct error *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	if (len >= 1 && len <= NAME_BYTES_MAX && strchr(first, name[0]) &&
	    strspn(name, rest) == len)
		return 0;
	error_set(err, ERR_USAGE, "bad template name '%s'", name);
	return error_hint(err,
			  "lower-case letters, digits, '.', '_', '-', the first a letter or digit, "
			  "at most %d",
			  NAME_BYTES_MAX);
}

static int make_and_open(int dirfd, const char *name, bool create, struct error *err)
{
	int fd;

	if (create && mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "make directory '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open '%s'", name) : fd;
}

int store_open(int varfd, bool create, struct error *err)
{
	AUTO_CLOSE int storefd = make_and_open(varfd, "templates", create, err);
	AUTO_CLOSE int objectsfd = -1;

	if (storefd < 0)
		return -1;
	objectsfd = make_and_open(storefd, OBJECTS_DIR, create, err);
	if (objectsfd < 0)
		return -1;
	return TAKE_FD(storefd);
}

static int not_found(const char *name, struct error *err)
{
	error_set(err, ERR_NOT_FOUND, "no template \"%s\"", name);
	return error_hint(err, "try: zonectl template list");
}

static bool is_current(int storefd, const char *name, const char *digest)
{
	char now[SHA256_HEX_SIZE];
	struct error err = { 0 };

	return object_of_name(storefd, name, now, &err) == 0 && strcmp(now, digest) == 0;
}

static void rename_to(struct template *t, const char *name)
{
	free(t->name);
	t->name = xstrdup(name);
}

/* The names in a directory that do not begin with a dot and, for .objects, are digests. */
static int names_in(int dirfd, bool want_digests, char ***out, struct error *err)
{
	AUTO_CLOSE int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir)
		return error_sys(err, "list the template store");
	fd = -1;	/* owned by dir */
	*out = NULL;
	while ((e = readdir(dir))) {
		if (e->d_name[0] != '.' && (!want_digests || object_is_digest(e->d_name)))
			strv_add(out, e->d_name);
	}
	strv_sort_unique(*out);
	return 0;
}

static int digests_of(int storefd, char ***out, struct error *err)
{
	AUTO_CLOSE int dirfd = object_dir(storefd, err);

	return dirfd < 0 ? -1 : names_in(dirfd, true, out, err);
}

/* NAME@DIGEST: the one object with these first digits that has, or was imported under, that name.
 * Returns 1 when there is none. */
static int find_version(int storefd, const char *name, const char *digits, struct template *out,
			struct error *err)
{
	AUTO_STRV char **digests = NULL;
	AUTO_TEMPLATE struct template found = { 0 };

	if (strlen(digits) < DIGITS_MIN)
		return error_set(err, ERR_USAGE, "digest '%s' has less than %d digits", digits,
				 DIGITS_MIN);
	if (digests_of(storefd, &digests, err) < 0)
		return -1;
	for (char **digest = digests; digest && *digest; digest++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };

		if (!str_starts(*digest, digits) || object_read(storefd, *digest, &t, &lost) < 0)
			continue;
		if (strcmp(t.name, name) != 0 && !is_current(storefd, name, *digest))
			continue;
		if (found.name)
			return error_set(err, ERR_USAGE, "more than one template \"%s@%s\"", name,
					 digits);
		found = t;
		t = (struct template){ 0 };
	}
	if (!found.name)
		return 1;
	*out = found;
	found = (struct template){ 0 };
	return 0;
}

int store_find(int storefd, const char *name, struct template *out, struct error *err)
{
	AUTO_STRV char **parts = strv_split(name, "@");
	char digest[SHA256_HEX_SIZE];
	bool is_digest = object_is_digest(name);

	if (strchr(name, '@')) {
		int r = strv_len(parts) == 2 ? find_version(storefd, parts[0], parts[1], out, err)
					     : 1;

		if (r != 0)
			return r > 0 ? not_found(name, err) : -1;
		rename_to(out, parts[0]);
	} else if (is_digest) {
		if (object_read(storefd, name, out, err) < 0)
			return err->kind == ERR_NOT_FOUND ? not_found(name, err) : -1;
	} else {
		if (template_name_check(name, err) < 0)
			return -1;
		if (object_of_name(storefd, name, digest, err) < 0 ||
		    object_read(storefd, digest, out, err) < 0)
			return err->kind == ERR_NOT_FOUND ? not_found(name, err) : -1;
		rename_to(out, name);
	}
	out->is_current = is_current(storefd, out->name, out->digest);
	return 0;
}

static int by_name_and_age(const void *a, const void *b)
{
	const struct template *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	if (x->is_current != y->is_current)
		return x->is_current ? -1 : 1;
	return (x->imported < y->imported) - (x->imported > y->imported);
}

static void append(struct template **list, size_t *n, struct template *t)
{
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = *t;
	*t = (struct template){ 0 };
}

int store_list(int storefd, struct template **out, size_t *n, struct error *err)
{
	AUTO_STRV char **names = NULL;
	AUTO_STRV char **digests = NULL;
	AUTO_STRV char **named = NULL;

	if (names_in(storefd, false, &names, err) < 0 || digests_of(storefd, &digests, err) < 0)
		return -1;
	*out = NULL;
	*n = 0;
	for (char **name = names; name && *name; name++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };	/* a damaged entry is left out */

		if (store_find(storefd, *name, &t, &lost) < 0)
			continue;
		strv_add(&named, t.digest);
		append(out, n, &t);
	}
	for (char **digest = digests; digest && *digest; digest++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };

		if (!strv_has(named, *digest) && object_read(storefd, *digest, &t, &lost) == 0)
			append(out, n, &t);
	}
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_name_and_age);
	return 0;
}

int store_rootfs(int storefd, const char *digest, struct error *err)
{
	AUTO_CLOSE int dirfd = object_open(storefd, digest, err);
	int fd;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the files of template '%s'", digest) : fd;
}

/* Locks the object, then looks whether it still is the object: a removal renames it first. */
static int lock_object(int storefd, const char *digest, enum lock_mode mode, int wait_ms,
		       struct error *err)
{
	AUTO_CLOSE int fd = object_open(storefd, digest, err);
	AUTO_CLOSE int again = -1;
	struct stat mine, theirs;

	if (fd < 0 || lock_take(fd, mode, wait_ms, err) < 0)
		return -1;
	again = object_open(storefd, digest, err);
	if (again < 0)
		return -1;
	if (fstat(fd, &mine) < 0 || fstat(again, &theirs) < 0)
		return error_sys(err, "look at template '%s'", digest);
	if (mine.st_ino != theirs.st_ino || mine.st_dev != theirs.st_dev)
		return error_set(err, ERR_BUSY, "template '%s' is being replaced", digest);
	return TAKE_FD(fd);
}

int store_hold(int storefd, const char *digest, struct error *err)
{
	return lock_object(storefd, digest, LOCK_SHARED, HOLD_WAIT_MS, err);
}

/* True if a name other than this one has the digest. */
static int has_other_name(int storefd, const char *name, const char *digest, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (names_in(storefd, false, &names, err) < 0)
		return -1;
	for (char **other = names; other && *other; other++) {
		if (strcmp(*other, name) != 0 && is_current(storefd, *other, digest))
			return 1;
	}
	return 0;
}

static int name_drop(int storefd, const struct template *t, struct error *err)
{
	if (!t->is_current)
		return 0;
	if (unlinkat(storefd, t->name, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove the name '%s'", t->name);
	return fsync(storefd) < 0 ? error_sys(err, "sync the template store") : 0;
}

/* Out of the way under a name that a sweep finishes, then for good. */
static int object_drop(int storefd, const char *digest, struct error *err)
{
	AUTO_CLOSE int dirfd = object_dir(storefd, err);
	char old[32];

	if (dirfd < 0)
		return -1;
	snprintf(old, sizeof(old), ".old-%.16s", digest);
	if (renameat(dirfd, digest, dirfd, old) < 0)
		return error_sys(err, "put template '%s' away", digest);
	if (fsync(dirfd) < 0)
		return error_sys(err, "sync the template store");
	return path_remove(dirfd, old, err);
}

int store_remove(int storefd, const char *name,
		 int (*is_used)(void *arg, const char *digest, struct error *err), void *arg,
		 struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int lockfd = -1;
	int r;

	if (store_find(storefd, name, &t, err) < 0)
		return -1;
	r = has_other_name(storefd, t.name, t.digest, err);
	if (r != 0)
		return r < 0 ? -1 : name_drop(storefd, &t, err);
	lockfd = lock_object(storefd, t.digest, LOCK_ALONE, 0, err);
	if (lockfd < 0)
		return error_wrap(err, "template '%s'", name);
	r = is_used ? is_used(arg, t.digest, err) : 0;
	if (r > 0)
		return error_set(err, ERR_STATE, "template '%s' is used", name);
	if (r < 0 || name_drop(storefd, &t, err) < 0)
		return -1;
	return object_drop(storefd, t.digest, err);
}
