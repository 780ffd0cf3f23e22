/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets in as root: a password, keys. */
#include "runtime/setup_access.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

enum { FIELD_HASH = 1, FIELD_CHANGED = 2, FIELD_HOME = 5, DAY = 24 * 60 * 60 };

struct password {
	const char *user, *hash;
	bool is_read, has_user;		/* the file; a line for user in it */
};

static char *change_passwd(const char *old, void *arg)
{
	struct password *p = arg;
	char *text = setup_text_field(old, p->user, FIELD_HASH, p->hash);

	p->is_read = true;
	p->has_user = text != NULL;
	return text;
}

/* The day of the change goes with it, as passwd(1) has it: 0 there asks for a new password. */
static char *change_shadow(const char *old, void *arg)
{
	AUTO_FREE char *today = xasprintf("%lld", (long long)time(NULL) / DAY);
	AUTO_FREE char *text = NULL;
	struct password *p = arg;
	char *dated;

	text = change_passwd(old, p);
	if (!text || strcmp(text, old) == 0)
		return NULL;
	dated = setup_text_field(text, p->user, FIELD_CHANGED, today);
	return dated ? dated : TAKE_PTR(text);
}

/* Where there is no shadow file the hash stands in passwd. Returns the path of the file. */
static const char *edit_password(struct guest *g, struct password *p)
{
	bool has_shadow = guest_look(g, "etc/shadow") != GUEST_NONE;
	const char *path = has_shadow ? "etc/shadow" : "etc/passwd";

	guest_edit(g, path, 0600, has_shadow ? change_shadow : change_passwd, p);
	return path;
}

void setup_password(struct guest *g)
{
	struct password p = { .user = "root", .hash = g->setup->password_hash };
	const char *path = edit_password(g, &p);

	if (p.is_read && !p.has_user)
		guest_warn(g, path, "has no line for root");
	if (g->setup->report->failed & 1u << SETUP_PASSWORD)
		guest_warn(g, path, "the password of root is NOT set");
}

int setup_set_password(const char *user, const char *hash, struct error *err)
{
	struct setup_report report = { 0 };
	const struct setup setup = { .init_kind = "", .report = &report };
	struct password p = { .user = user, .hash = hash };
	struct guest g;

	if (guest_open(&g, &setup, err) < 0)
		return -1;
	strv_clear(&g.kept);
	report = (struct setup_report){ 0 };
	(void)edit_password(&g, &p); /* its path is in the warning, if there is one */
	guest_close(&g);
	if (report.n_warnings > 0)
		return error_set(err, ERR_FAILED, "%s", report.warnings[0]);
	if (!p.has_user)
		return error_set(err, ERR_NOT_FOUND, "no user '%s'", user);
	return 0;
}

static void add_keys(const struct setup *s, struct str *out)
{
	for (char *const *k = s->ssh_keys; k && *k; k++)
		str_addf(out, "%s\n", *k);
}

static char *change_keys(const char *old, void *arg)
{
	return setup_text_block(old, arg);
}

/* Without its first slash. */
static char *home_of(struct guest *g, const char *user)
{
	bool is_there;
	AUTO_FREE char *passwd = guest_read(g, "etc/passwd", GUEST_FILE_MAX, &is_there);
	AUTO_FREE char *home = setup_text_get(passwd, user, FIELD_HOME);

	if (home && home[0] == '/' && home[1] && !str_ends(home, "/"))
		return xstrdup(home + 1);
	return NULL;
}

/* What is made is given to the user, whose home it is in; what is there stays whose it is. */
static void put_user_keys(struct guest *g, const char *spec, const struct str *keys)
{
	AUTO_FREE char *user = xstrndup(spec, strcspn(spec, ":"));
	AUTO_FREE char *home = home_of(g, user);
	AUTO_FREE char *dir = xasprintf("%s/.ssh", home ? home : "");
	AUTO_FREE char *file = xasprintf("%s/authorized_keys", dir);
	bool has_dir, has_file;

	if (!home || guest_look(g, home) != GUEST_DIRECTORY) {
		if (g->setup->ssh_key_user && keys->len > 0)
			guest_warn(g, "etc/passwd", "has no home of %s for the ssh keys", user);
		return;
	}
	has_dir = guest_look(g, dir) != GUEST_NONE;
	has_file = guest_look(g, file) != GUEST_NONE;
	if (keys->len == 0 && !has_file)
		return;
	if (!has_dir && (!guest_directory(g, dir, 0700) || !setup_give(g, dir, user)))
		return;
	guest_edit(g, file, 0600, change_keys, (void *)str_text(keys));
	if (!has_file && guest_look(g, file) == GUEST_FILE)
		(void)setup_give(g, file, user); /* it has warned */
}

/* The keys are said to be one user's alone, and he is another. */
static bool is_left_out(const struct guest *g, const char *spec)
{
	const char *only = g->setup->ssh_key_user;

	return only && (strncmp(spec, only, strlen(only)) != 0 ||
			(spec[strlen(only)] && spec[strlen(only)] != ':'));
}

/* Of those who are made, and of him who has them alone, whom somebody else may have made. */
static void put_users_keys(struct guest *g, const struct str *keys)
{
	const struct str none = { 0 };
	const char *only = g->setup->ssh_key_user;
	bool is_done = !only || strcmp(only, "root") == 0;

	for (char *const *u = g->setup->users; u && *u; u++) {
		put_user_keys(g, *u, is_left_out(g, *u) ? &none : keys);
		is_done |= !is_left_out(g, *u);
	}
	if (!is_done)
		put_user_keys(g, only, keys);
}

void setup_root_keys(struct guest *g)
{
	AUTO_FREE char *known = home_of(g, "root");
	const char *home = known ? known : "root";
	AUTO_FREE char *dir = xasprintf("%s/.ssh", home);
	AUTO_FREE char *file = xasprintf("%s/authorized_keys", dir);
	AUTO_STR struct str keys = { 0 };

	add_keys(g->setup, &keys);
	put_users_keys(g, &keys);
	if (is_left_out(g, "root"))
		str_clear(&keys);
	if (keys.len == 0 && guest_look(g, file) == GUEST_NONE)
		return;
	if (guest_directory(g, home, 0755) && guest_directory(g, dir, 0700))
		guest_edit(g, file, 0600, change_keys, (void *)str_text(&keys));
	/* OpenWrt's dropbear looks there alone. */
	if (guest_has(g, "etc/openwrt_release") && guest_has(g, "etc/dropbear"))
		guest_edit(g, "etc/dropbear/authorized_keys", 0600, change_keys,
			   (void *)str_text(&keys));
}
