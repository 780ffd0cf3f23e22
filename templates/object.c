/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

enum { LINK_MAX = sizeof(OBJECTS_DIR) + SHA256_HEX_SIZE };

bool object_is_digest(const char *text)
{
	return strlen(text) == SHA256_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

int object_dir(int storefd, struct error *err)
{
	int fd = openat(storefd, OBJECTS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open '%s'", OBJECTS_DIR) : fd;
}

int object_open(int storefd, const char *digest, struct error *err)
{
	AUTO_CLOSE int dirfd = object_dir(storefd, err);
	int fd;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, digest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "no template with digest '%s'", digest);
	return fd < 0 ? error_sys(err, "open template '%s'", digest) : fd;
}

enum field_kind { TEXT, NUMBER, LIST };

/* clang-format off */
static const struct field {
	const char *key;
	size_t offset;
	enum field_kind kind;
	bool is_identity;		/* two templates that differ in it are two */
} fields[] = {
	{ "name",            offsetof(struct template, name),            TEXT,   false },
	{ "source",          offsetof(struct template, source),          TEXT,   false },
	{ "format",          offsetof(struct template, format),          TEXT,   false },
	{ "archive_digest",  offsetof(struct template, archive_digest),  TEXT,   false },
	{ "architecture",    offsetof(struct template, architecture),    TEXT,   false },
	{ "init",            offsetof(struct template, init),            TEXT,   false },
	{ "init_kind",       offsetof(struct template, init_kind),       TEXT,   false },
	{ "systemd_version", offsetof(struct template, systemd_version), NUMBER, false },
	{ "os_id",           offsetof(struct template, os_id),           TEXT,   false },
	{ "os_version",      offsetof(struct template, os_version),      TEXT,   false },
	{ "os_name",         offsetof(struct template, os_name),         TEXT,   false },
	{ "args",            offsetof(struct template, args),            LIST,   true },
	{ "env",             offsetof(struct template, env),             LIST,   true },
	{ "user",            offsetof(struct template, user),            TEXT,   true },
	{ "cwd",             offsetof(struct template, cwd),             TEXT,   true },
	{ "stop_signal",     offsetof(struct template, stop_signal),     TEXT,   true },
	{ "size",            offsetof(struct template, size),            NUMBER, false },
	{ "files",           offsetof(struct template, files),           NUMBER, false },
	{ "imported",        offsetof(struct template, imported),        NUMBER, false },
};
/* clang-format on */

static char **text_of(const struct template *t, const struct field *f)
{
	return (char **)((char *)t + f->offset);
}

static uint64_t *number_of(const struct template *t, const struct field *f)
{
	return (uint64_t *)((char *)t + f->offset);
}

static char ***list_of(const struct template *t, const struct field *f)
{
	return (char ***)((char *)t + f->offset);
}

void template_clear(struct template *t)
{
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		if (fields[i].kind == TEXT)
			free(*text_of(t, &fields[i]));
		else if (fields[i].kind == LIST)
			strv_clear(list_of(t, &fields[i]));
	}
	*t = (struct template){ 0 };
}

/* A key of a later version is let be; a missing one is "", 0 or empty. */
static int field_read(const struct json *j, const char *file, const struct field *f,
		      struct template *t, struct error *err)
{
	const struct json *value = json_get(j, f->key);
	const char *text = "";

	if (f->kind == NUMBER)
		return value ? json_u64(value, file, 0, UINT64_MAX, number_of(t, f), err) : 0;
	if (f->kind == LIST)
		return value ? json_strv(value, file, list_of(t, f), err) : 0;
	if (value && json_str(value, file, &text, err) < 0)
		return -1;
	*text_of(t, f) = xstrdup(text);
	return 0;
}

int object_read(int storefd, const char *digest, struct template *out, struct error *err)
{
	AUTO_CLOSE int dirfd = object_open(storefd, digest, err);
	AUTO_CLOSE int fd = -1;
	AUTO_JSON struct json *j = NULL;
	AUTO_TEMPLATE struct template t = { 0 };

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, "template.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open 'template.json' of template '%s'", digest);
	j = json_read(fd, "template.json", NULL, err);
	if (!j)
		return -1;
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		if (field_read(j, "template.json", &fields[i], &t, err) < 0)
			return -1;
	}
	snprintf(t.digest, sizeof(t.digest), "%s", digest);
	*out = t;
	t = (struct template){ 0 };
	return 0;
}

static void field_write(struct json_out *o, const struct field *f, const struct template *t)
{
	const char *text;

	if (f->kind == NUMBER) {
		json_out_u64(o, f->key, *number_of(t, f));
	} else if (f->kind == LIST) {
		json_out_strv(o, f->key, *list_of(t, f));
	} else {
		text = *text_of(t, f);
		json_out_str(o, f->key, text ? text : "");
	}
}

static bool is_set(const struct field *f, const struct template *t)
{
	if (f->kind == LIST)
		return *list_of(t, f) && **list_of(t, f);
	return *text_of(t, f) && **text_of(t, f);
}

void object_identity(const struct template *t, const char *tree_hex, char out[SHA256_HEX_SIZE])
{
	struct json_out o = { .compact = true };
	uint8_t sum[SHA256_SIZE];
	struct sha256 sha;
	bool is_plain = true;

	json_out_object(&o, NULL);
	json_out_str(&o, "tree", tree_hex);
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		if (!fields[i].is_identity || !is_set(&fields[i], t))
			continue;
		field_write(&o, &fields[i], t);
		is_plain = false;
	}
	json_out_end_object(&o);
	sha256_init(&sha);
	sha256_add(&sha, str_text(&o.text), o.text.len);
	sha256_end(&sha, sum);
	if (is_plain)
		memcpy(out, tree_hex, SHA256_HEX_SIZE);
	else
		sha256_hex(sum, out);
	json_out_clear(&o);
}

int object_write(int objectfd, const struct template *t, struct error *err)
{
	struct json_out o = { 0 };
	int r;

	json_out_object(&o, NULL);
	json_out_str(&o, "digest", t->digest);
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		field_write(&o, &fields[i], t);
	}
	json_out_end_object(&o);
	r = fd_replace_nosync(objectfd, "template.json", 0644, str_text(&o.text), o.text.len, err);
	json_out_clear(&o);
	return r;
}

int object_of_name(int storefd, const char *name, char out[SHA256_HEX_SIZE], struct error *err)
{
	char target[LINK_MAX + 1];
	ssize_t n = readlinkat(storefd, name, target, sizeof(target) - 1);

	if (n < 0 && (errno == ENOENT || errno == EINVAL))
		return error_set(err, ERR_NOT_FOUND, "no template \"%s\"", name);
	if (n < 0)
		return error_sys(err, "read the link of template '%s'", name);
	target[n] = '\0';
	if (!str_starts(target, OBJECTS_DIR "/") || !object_is_digest(target + sizeof(OBJECTS_DIR)))
		return error_set(err, ERR_NOT_FOUND, "no template \"%s\"", name);
	memcpy(out, target + sizeof(OBJECTS_DIR), SHA256_HEX_SIZE);
	return 0;
}

int object_lock(int storefd, const char *digest, enum lock_mode mode, int wait_ms,
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
