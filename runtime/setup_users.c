/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users that may log in, made once: a line in each of the four files, a home with what is in
 * /etc/skel, sudo. It is done as useradd(8) does it, without running it: its options differ from
 * one distribution to the next, and busybox has another program altogether.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"
#include "runtime/users.h"

enum {
	ID_FIRST = 1000, ID_LAST = 59999,	/* login.defs(5), UID_MIN and UID_MAX */
	FIELD_UID = 2, FIELD_GROUP = 3,	/* of passwd */
	FIELD_GID = 2, FIELD_MEMBERS = 3,	/* of group */
	SKEL_MAX = 64, SKEL_FILE_MAX = 64 << 10, DAY = 24 * 60 * 60,
};

struct login {
	const char *name;		/* borrowed */
	bool has_sudo;
	unsigned int id;		/* of the user and of a group of the same name */
	const char *shell;
};

/* True if some record's field is that number. */
static bool has_number(const char *text, size_t field, unsigned int id)
{
	struct line l;

	for (const char *at = text; line_next(&at, &l);) {
		AUTO_FREE char *record = xstrndup(l.text, l.len);
		AUTO_FREE char *key = xstrndup(record, strcspn(record, ":"));
		AUTO_FREE char *value = setup_text_get(record, key, field);

		if (value && strtoul(value, NULL, 10) == id)
			return true;
	}
	return false;
}

/* One that is free as a user's and as a group's; 0 when there is none. */
static unsigned int free_id(struct guest *g)
{
	bool is_there;
	AUTO_FREE char *passwd = guest_read(g, "etc/passwd", GUEST_FILE_MAX, &is_there);
	AUTO_FREE char *group = guest_read(g, "etc/group", GUEST_FILE_MAX, &is_there);

	for (unsigned int id = ID_FIRST; id <= ID_LAST; id++)
		if (!has_number(passwd, FIELD_UID, id) && !has_number(group, FIELD_GID, id))
			return id;
	return 0;
}

/* The record comes last, unless there is one. */
static char *add_record(const char *old, const char *name, const char *record)
{
	AUTO_FREE char *there = setup_text_get(old, name, 0);
	size_t len = strlen(old);

	if (there)
		return NULL;
	return xasprintf("%s%s%s\n", old, len > 0 && old[len - 1] != '\n' ? "\n" : "", record);
}

static char *change_passwd(const char *old, void *arg)
{
	const struct login *u = arg;
	AUTO_FREE char *record = xasprintf("%s:x:%u:%u::/home/%s:%s", u->name, u->id, u->id,
					   u->name, u->shell);

	return add_record(old, u->name, record);
}

static char *change_group(const char *old, void *arg)
{
	const struct login *u = arg;
	AUTO_FREE char *record = xasprintf("%s:x:%u:", u->name, u->id);

	return add_record(old, u->name, record);
}

/* No password: '*' lets keys in, where '!' would not with every PAM. */
static char *change_shadow(const char *old, void *arg)
{
	const struct login *u = arg;
	AUTO_FREE char *record = xasprintf("%s:*:%lld:0:99999:7:::", u->name,
					   (long long)time(NULL) / DAY);

	return add_record(old, u->name, record);
}

static char *change_gshadow(const char *old, void *arg)
{
	const struct login *u = arg;
	AUTO_FREE char *record = xasprintf("%s:!::", u->name);

	return add_record(old, u->name, record);
}

static bool is_member(const char *members, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = members; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == n && strncmp(at, name, n) == 0)
			return true;
	return false;
}

/* Debian's group for it is sudo, that of most others wheel. */
static char *change_members(const char *old, void *arg)
{
	static const char *const groups[] = { "sudo", "wheel" };
	const struct login *u = arg;

	for (size_t i = 0; i < N_ROWS(groups); i++) {
		AUTO_FREE char *members = setup_text_get(old, groups[i], FIELD_MEMBERS);
		AUTO_FREE char *more = NULL;

		if (!members)
			continue;
		if (is_member(members, u->name))
			return NULL;
		more = xasprintf("%s%s%s", members, *members ? "," : "", u->name);
		return setup_text_field(old, groups[i], FIELD_MEMBERS, more);
	}
	return NULL;
}

static bool give(struct guest *g, const char *path, uid_t uid, gid_t gid)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(g->rootfd, path, O_PATH | O_NOFOLLOW, true, &err);

	if (fd >= 0 && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0)
		return true;
	guest_warn(g, path, "can't be given to its user");
	return false;
}

bool setup_give(struct guest *g, const char *path, const char *user)
{
	bool is_there;
	AUTO_FREE char *passwd = guest_read(g, "etc/passwd", GUEST_FILE_MAX, &is_there);
	AUTO_FREE char *uid = setup_text_get(passwd, user, FIELD_UID);
	AUTO_FREE char *gid = setup_text_get(passwd, user, FIELD_GROUP);
	uint64_t u, n;
	struct error err = { 0 };

	if (!uid || !gid || num_u64(uid, 0, USERS_ID_MAX, &u, &err) < 0 ||
	    num_u64(gid, 0, USERS_ID_MAX, &n, &err) < 0) {
		guest_warn(g, "etc/passwd", "has no ids for %s", user);
		return false;
	}
	return give(g, path, (uid_t)u, (gid_t)n);
}

static void copy_skel(struct guest *g, const struct login *u, const char *home)
{
	struct error err = { 0 };
	int fd = path_open(g->rootfd, "etc/skel", O_RDONLY | O_DIRECTORY, &err);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	for (int n = 0; dir && n < SKEL_MAX && (e = readdir(dir)); n++) {
		AUTO_FREE char *from = xasprintf("etc/skel/%s", e->d_name);
		AUTO_FREE char *to = xasprintf("%s/%s", home, e->d_name);
		AUTO_FREE char *text = NULL;
		bool is_there;

		if (guest_look(g, from) != GUEST_FILE || guest_look(g, to) != GUEST_NONE)
			continue;
		text = guest_read(g, from, SKEL_FILE_MAX, &is_there);
		if (!is_there)
			continue;
		guest_write(g, to, 0644, text);
		(void)give(g, to, u->id, u->id); /* it has warned */
	}
}

/* Somebody who comes with a key has no password to type. */
static void allow_sudo(struct guest *g, struct login *u)
{
	AUTO_FREE char *path = xasprintf("etc/sudoers.d/%s", u->name);
	AUTO_FREE char *text = xasprintf("%s ALL=(ALL:ALL) NOPASSWD: ALL\n", u->name);

	guest_edit(g, "etc/group", 0644, change_members, u);
	if (guest_look(g, "etc/sudoers.d") == GUEST_DIRECTORY)
		guest_write(g, path, 0440, text);
	else
		guest_warn(g, "etc/sudoers.d", "is not there: install sudo for %s", u->name);
}

static void make(struct guest *g, struct login *u)
{
	static const struct {
		const char *path;
		char *(*change)(const char *old, void *arg);
		mode_t mode;
	} files[] = {
		{ "etc/group",   change_group,   0644 },
		{ "etc/gshadow", change_gshadow, 0640 },
		{ "etc/shadow",  change_shadow,  0640 },
		{ "etc/passwd",  change_passwd,  0644 },	/* last: from then on it is there */
	};
	AUTO_FREE char *home = xasprintf("home/%s", u->name);

	if (guest_look(g, home) == GUEST_NONE && guest_directory(g, home, 0700)) {
		copy_skel(g, u, home);
		(void)give(g, home, u->id, u->id); /* it has warned */
	}
	for (size_t i = 0; i < N_ROWS(files); i++)
		if (files[i].mode != 0640 || guest_look(g, files[i].path) != GUEST_NONE)
			guest_edit(g, files[i].path, files[i].mode, files[i].change, u);
}

static void make_one(struct guest *g, const char *spec)
{
	size_t n = strcspn(spec, ":");
	AUTO_FREE char *name = xstrndup(spec, n);
	struct login u = { .name = name, .has_sudo = spec[n] == ':' };
	bool is_there;
	AUTO_FREE char *passwd = guest_read(g, "etc/passwd", GUEST_FILE_MAX, &is_there);
	AUTO_FREE char *there = setup_text_get(passwd, name, 0);

	u.shell = guest_has(g, "bin/bash") ? "/bin/bash" : "/bin/sh";
	u.id = there ? 0 : free_id(g);
	if (!there && u.id == 0)
		guest_warn(g, "etc/passwd", "has no free id for %s", name);
	else if (!there)
		make(g, &u);
	if (u.has_sudo)
		allow_sudo(g, &u);
}

void setup_users(struct guest *g)
{
	for (char *const *u = g->setup->users; u && *u; u++)
		make_one(g, *u);
}
