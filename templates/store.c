/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/object.h"
#include "templates/version.h"

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

static void name_as(struct template *t, const struct version *v)
{
	free(t->name);
	t->name = xstrdup(v->name);
	t->version = v->number;
	t->is_current = v->is_current;
}

/* The digests in .objects, sorted. */
static int digests_of(int storefd, char ***out, struct error *err)
{
	AUTO_CLOSE int fd = object_dir(storefd, err);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (fd < 0)
		return -1;
	if (!dir)
		return error_sys(err, "list the template store");
	fd = -1;	/* owned by dir */
	*out = NULL;
	while ((e = readdir(dir))) {
		if (object_is_digest(e->d_name))
			strv_add(out, e->d_name);
	}
	strv_sort_unique(*out);
	return 0;
}

/* What a user asked for: of name the current version, the one with that number, or the one whose
 * digest begins so. */
struct wanted {
	const char *text;		/* borrowed */
	char name[NAME_BYTES_MAX + 1];
	uint64_t number;		/* 0: none was given */
	const char *digits;		/* NULL: none were given; borrowed */
};

static int wanted_parse(struct wanted *w, const char *text, struct error *err)
{
	size_t len = strcspn(text, "@");

	*w = (struct wanted){ .text = text, .digits = text[len] ? text + len + 1 : NULL };
	if (!w->digits && !version_parse(text, &len, &w->number))
		return template_name_check(text, err);
	if (len > NAME_BYTES_MAX)
		return not_found(text, err);
	memcpy(w->name, text, len);
	w->name[len] = '\0';
	if (w->digits && strlen(w->digits) < DIGITS_MIN)
		return error_set(err, ERR_USAGE, "digest '%s' has less than %d digits", w->digits,
				 DIGITS_MIN);
	return 0;
}

static bool is_wanted(const struct wanted *w, const struct version *v)
{
	if (w->digits)
		return str_starts(v->digest, w->digits);
	return w->number ? v->number == w->number : v->is_current;
}

static int keep_one(const char *digest, const struct wanted *w, char found[SHA256_HEX_SIZE],
		    struct error *err)
{
	if (*found)
		return error_set(err, ERR_USAGE, "more than one template \"%s\"", w->text);
	memcpy(found, digest, SHA256_HEX_SIZE);
	return 0;
}

/* The object that has no link at all, but was imported under that name: of an import that was
 * killed, or from before versions were links. */
static int find_unlinked(int storefd, const struct wanted *w, struct template *out,
			 struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	AUTO_STRV char **digests = NULL;
	char found[SHA256_HEX_SIZE] = "";

	if (versions_read(storefd, NULL, &all, err) < 0 || digests_of(storefd, &digests, err) < 0)
		return -1;
	for (char **digest = digests; digest && *digest; digest++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };

		if (!str_starts(*digest, w->digits) || versions_of_digest(&all, NULL, *digest) ||
		    object_read(storefd, *digest, &t, &lost) < 0 || strcmp(t.name, w->name) != 0)
			continue;
		if (keep_one(*digest, w, found, err) < 0)
			return -1;
	}
	return *found ? object_read(storefd, found, out, err) : not_found(w->text, err);
}

static int find_version(int storefd, const struct wanted *w, struct template *out,
			struct error *err)
{
	AUTO_VERSIONS struct versions v = { 0 };
	char found[SHA256_HEX_SIZE] = "";

	if (versions_read(storefd, w->name, &v, err) < 0)
		return -1;
	for (size_t i = 0; i < v.n; i++) {
		if (is_wanted(w, &v.list[i]) && keep_one(v.list[i].digest, w, found, err) < 0)
			return -1;
	}
	if (!*found)
		return w->digits ? find_unlinked(storefd, w, out, err) : not_found(w->text, err);
	if (object_read(storefd, found, out, err) < 0)
		return err->kind == ERR_NOT_FOUND ? not_found(w->text, err) : -1;
	name_as(out, versions_of_digest(&v, w->name, found));
	return 0;
}

static int find_digest(int storefd, const char *digest, struct template *out, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	const struct version *v;

	if (object_read(storefd, digest, out, err) < 0)
		return err->kind == ERR_NOT_FOUND ? not_found(digest, err) : -1;
	if (versions_read(storefd, NULL, &all, err) < 0)
		return -1;
	/* The name it was imported under, else any that it has. */
	v = versions_of_digest(&all, out->name, digest);
	v = v ? v : versions_of_digest(&all, NULL, digest);
	if (v)
		name_as(out, v);
	return 0;
}

int store_find(int storefd, const char *name, struct template *out, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	struct wanted w;
	int r;

	if (object_is_digest(name))
		r = find_digest(storefd, name, &t, err);
	else
		r = wanted_parse(&w, name, err) < 0 ? -1 : find_version(storefd, &w, &t, err);
	if (r < 0)
		return -1;
	*out = t;
	t = (struct template){ 0 };
	return 0;
}

static int by_name_and_age(const void *a, const void *b)
{
	const struct template *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = (x->version < y->version) - (x->version > y->version);
	if (order == 0)
		order = (x->imported < y->imported) - (x->imported > y->imported);
	return order;
}

static void append(struct template **list, size_t *n, struct template *t)
{
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = *t;
	*t = (struct template){ 0 };
}

int store_list(int storefd, struct template **out, size_t *n, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	AUTO_STRV char **digests = NULL;

	if (versions_read(storefd, NULL, &all, err) < 0 || digests_of(storefd, &digests, err) < 0)
		return -1;
	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < all.n; i++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };	/* a damaged one is left out */

		if (object_read(storefd, all.list[i].digest, &t, &lost) < 0)
			continue;
		name_as(&t, &all.list[i]);
		append(out, n, &t);
	}
	for (char **digest = digests; digest && *digest; digest++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error lost = { 0 };

		if (!versions_of_digest(&all, NULL, *digest) &&
		    object_read(storefd, *digest, &t, &lost) == 0)
			append(out, n, &t);
	}
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_name_and_age);
	return 0;
}

int store_names(int storefd, char ***out, struct error *err)
{
	AUTO_VERSIONS struct versions all = { 0 };
	AUTO_STRV char **digests = NULL;

	if (versions_read(storefd, NULL, &all, err) < 0 || digests_of(storefd, &digests, err) < 0)
		return -1;
	*out = NULL;
	for (size_t i = 0; i < all.n; i++)
		strv_addf(out, "%s:%" PRIu64, all.list[i].name, all.list[i].number);
	for (char **digest = digests; digest && *digest; digest++) {
		if (!versions_of_digest(&all, NULL, *digest))
			strv_add(out, *digest);
	}
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

int store_hold(int storefd, const char *digest, struct error *err)
{
	return object_lock(storefd, digest, LOCK_SHARED, HOLD_WAIT_MS, err);
}

