/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/users.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"

enum { LINE_MAX_LEN = 4096 };

static const char digits[] = "0123456789";

/* What a line is looked for by: its name, or its id when name is "". */
struct key {
	char name[USERS_TEXT_MAX];
	uint32_t id;
};

struct request {
	struct key user, group;
	bool has_group;
};

/* A file that is being read line by line; at is NULL when it is not there. */
struct lines {
	char *at;		/* borrowed, written to */
	size_t left;
};

/* A line cut at its colons; both files hold a name first and an id third. */
enum { NAME, PASSWORD, ID };
enum { USER_GID = 3, USER_GECOS, USER_HOME, USER_SHELL, USER_FIELDS };
enum { GROUP_MEMBERS = 3, GROUP_FIELDS };

static bool is_digits(const char *s)
{
	return s[0] && !s[strspn(s, digits)];
}

/* What may stand in an environment and as an operand of login(1): no option, no path, and none of
 * the NIS lines "+" and "-name". */
static bool name_is_usable(const char *s)
{
	return s[0] && !strchr("+-#", s[0]) && strlen(s) < USERS_TEXT_MAX &&
	       !s[strcspn(s, " /:,")] && str_is_clean(s);
}

/* "0x0" is neither a number nor a name: whoever writes it means an id, and must not get the one
 * that a line of the zone gives to such a name. */
static int key_parse(struct key *out, const char *text, const char *kind, struct error *err)
{
	struct key key = { .id = 0 };
	uint64_t id = 0;

	if (is_digits(text)) {
		if (num_u64(text, 0, USERS_ID_MAX, &id, err) < 0)
			return error_wrap(err, "id of the %s", kind);
		key.id = (uint32_t)id;
	} else if (name_is_usable(text) && !strchr(digits, text[0])) {
		strcpy(key.name, text);
	} else {
		return error_set(err, ERR_USAGE, "'%s' is no %s (give a name, or an id of 0 to %d)",
				 text, kind, USERS_ID_MAX);
	}
	*out = key;
	return 0;
}

static int request_parse(struct request *out, const char *spec, struct error *err)
{
	struct request request = { .has_group = false };
	char text[2 * USERS_TEXT_MAX];
	char *colon;

	if (strlen(spec) >= sizeof(text))
		return error_set(err, ERR_USAGE, "'%s' is no user (too long)", spec);
	strcpy(text, spec);
	colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		request.has_group = true;
		if (key_parse(&request.group, colon + 1, "group", err) < 0)
			return -1;
	}
	if (key_parse(&request.user, text, "user", err) < 0)
		return -1;
	*out = request;
	return 0;
}

/* The caller owns *out_text, which the lines stand in. A file that is missing has no lines; one
 * that is there and can't be read must not pass for that. */
static int lines_open(struct lines *out, char **out_text, int rootfd, const char *path,
		      struct error *err)
{
	struct error failure = { 0 };
	size_t len = 0;

	*out = (struct lines){ 0 };
	if (path_read(rootfd, path, USERS_FILE_MAX, out_text, &len, &failure) == 0) {
		*out = (struct lines){ .at = *out_text, .left = len };
		return 0;
	}
	if (failure.sys == ENOENT)
		return 0;
	*err = failure;
	return -1;
}

/* The next line without its end, NUL-ended; the text behind the last byte has room for that. NULL
 * at the end of the file. */
static char *lines_next(struct lines *lines)
{
	while (lines->left > 0) {
		char *line = lines->at, *end = memchr(line, '\n', lines->left);
		size_t len = end ? (size_t)(end - line) : lines->left;
		size_t used = end ? len + 1 : len;

		lines->at += used;
		lines->left -= used;
		line[len] = '\0';
		if (len <= LINE_MAX_LEN && strlen(line) == len)
			return line;
	}
	return NULL;
}

static bool split(char *line, char **fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fields[i] = line;
		line = strchr(line, ':');
		if (!line)
			return i == n - 1;
		*line++ = '\0';
	}
	return false;
}

static bool id_parse(const char *text, uint32_t *out)
{
	struct error ignored;	/* a line that can't be read is skipped */
	uint64_t id = 0;

	if (!is_digits(text) || num_u64(text, 0, USERS_ID_MAX, &id, &ignored) < 0)
		return false;
	*out = (uint32_t)id;
	return true;
}

/* The next line that counts, cut into n fields, and its id. */
static bool lines_next_entry(struct lines *lines, char **fields, size_t n, uint32_t *out_id)
{
	for (char *line = lines_next(lines); line; line = lines_next(lines))
		if (split(line, fields, n) && name_is_usable(fields[NAME]) &&
		    id_parse(fields[ID], out_id))
			return true;
	return false;
}

static bool key_matches(const struct key *key, const char *name, uint32_t id)
{
	return key->name[0] ? strcmp(key->name, name) == 0 : key->id == id;
}

static void put_path(char out[USERS_TEXT_MAX], const char *path, const char *otherwise)
{
	bool is_good = path[0] == '/' && strlen(path) < USERS_TEXT_MAX && str_is_clean(path);

	strcpy(out, is_good ? path : otherwise);
}

static void put_user(struct user *out, const char *name, uint32_t uid, uint32_t gid)
{
	*out = (struct user){ .ids = { .uid = uid, .gid = gid } };
	strcpy(out->name, name);
	put_path(out->home, "", "/");
	put_path(out->shell, "", "/bin/sh");
}

/* The user that key names, who has no line. */
static int put_unknown(struct user *out, const struct key *key, bool has_passwd, struct error *err)
{
	bool is_root = key->name[0] ? !has_passwd && strcmp(key->name, "root") == 0 : key->id == 0;

	if (key->name[0] && !is_root)
		return error_set(err, ERR_NOT_FOUND, "no user '%s'", key->name);
	put_user(out, is_root ? "root" : "", key->id, key->id);
	return 0;
}

static int passwd_find(int rootfd, const struct key *key, struct user *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	char *fields[USER_FIELDS];
	struct lines lines;
	uint32_t uid, gid;

	if (lines_open(&lines, &text, rootfd, "/etc/passwd", err) < 0)
		return -1;
	while (lines_next_entry(&lines, fields, USER_FIELDS, &uid)) {
		if (!key_matches(key, fields[NAME], uid) || !id_parse(fields[USER_GID], &gid))
			continue;
		put_user(out, fields[NAME], uid, gid);
		put_path(out->home, fields[USER_HOME], "/");
		put_path(out->shell, fields[USER_SHELL], "/bin/sh");
		return 0;
	}
	return put_unknown(out, key, text, err);
}

static int group_find(int rootfd, const struct key *key, gid_t *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	char *fields[GROUP_FIELDS];
	struct lines lines;
	uint32_t gid;

	if (!key->name[0]) {
		*out = key->id;
		return 0;
	}
	if (lines_open(&lines, &text, rootfd, "/etc/group", err) < 0)
		return -1;
	while (lines_next_entry(&lines, fields, GROUP_FIELDS, &gid)) {
		if (!key_matches(key, fields[NAME], gid))
			continue;
		*out = gid;
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "no group '%s'", key->name);
}

static bool members_have(const char *members, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		size_t n = strcspn(members, ",");

		if (n == len && memcmp(members, name, n) == 0)
			return true;
		if (!members[n])
			return false;
		members += n + 1;
	}
}

static void groups_add(struct confine_user *ids, gid_t gid)
{
	for (size_t i = 0; i < ids->n_groups; i++)
		if (ids->groups[i] == gid)
			return;
	ids->groups[ids->n_groups++] = gid;
}

static int groups_add_of(int rootfd, struct user *user, struct error *err)
{
	AUTO_FREE char *text = NULL;
	char *fields[GROUP_FIELDS];
	struct lines lines;
	uint32_t gid;

	if (!user->name[0])
		return 0;	/* membership is by name */
	if (lines_open(&lines, &text, rootfd, "/etc/group", err) < 0)
		return -1;
	while (user->ids.n_groups < CONFINE_GROUPS_MAX &&
	       lines_next_entry(&lines, fields, GROUP_FIELDS, &gid))
		if (members_have(fields[GROUP_MEMBERS], user->name))
			groups_add(&user->ids, gid);
	return 0;
}

int users_find(int rootfd, const char *spec, struct user *out, struct error *err)
{
	struct request request;
	struct user user;

	if (request_parse(&request, spec ? spec : "0", err) < 0)
		return -1;
	if (passwd_find(rootfd, &request.user, &user, err) < 0)
		return -1;
	if (request.has_group && group_find(rootfd, &request.group, &user.ids.gid, err) < 0)
		return -1;
	groups_add(&user.ids, user.ids.gid);
	if (!request.has_group && groups_add_of(rootfd, &user, err) < 0)
		return -1;
	*out = user;
	return 0;
}
