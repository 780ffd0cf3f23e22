/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/zone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"

enum { RENAME_RETRIES = 16 };

static const char *const unfinished[] = {
	ZONE_NEW_PREFIX, ZONE_OLD_PREFIX, ZONE_REINSTALL_PREFIX,
};

static bool is_same(int dirfd, int zonesfd, const char *dir)
{
	struct stat held, named;

	return fstat(dirfd, &held) == 0 &&
	       fstatat(zonesfd, dir, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int zone_dir_lock(struct site *site, const char *dir, enum lock_mode lock, int wait_ms,
		  struct error *err)
{
	/* While we waited for the lock its holder may have renamed or removed what the name meant.
	 */
	for (int i = 0; i < RENAME_RETRIES; i++) {
		AUTO_CLOSE int fd = openat(site->zonesfd, dir,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT) {
			error_set(err, ERR_NOT_FOUND, "no zone \"%s\"", dir);
			err->sys = ENOENT;
			return -1;
		}
		if (fd < 0)
			return error_sys(err, "open 'zones/%s'", dir);
		if (!lock)
			return TAKE_FD(fd);
		if (lock_take(fd, lock, wait_ms, err) < 0)
			return -1;
		if (is_same(fd, site->zonesfd, dir))
			return TAKE_FD(fd);
	}
	return error_set(err, ERR_BUSY, "made and removed again and again by other commands");
}

static bool dir_exists(struct site *site, const char *dir)
{
	return faccessat(site->zonesfd, dir, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Says why there is no zones/NAME. */
static int not_there(struct site *site, const char *name, struct error *err)
{
	char dir[ZONE_DIR_MAX + 1];

	for (size_t i = 0; i < N_ROWS(unfinished); i++) {
		AUTO_CLOSE int fd = -1;
		struct error why = { 0 };

		snprintf(dir, sizeof(dir), "%s%s", unfinished[i], name);
		fd = zone_dir_lock(site, dir, LOCK_SHARED, 0, &why);
		if (fd < 0 && why.kind == ERR_NOT_FOUND)
			continue;
		if (fd < 0) {
			*err = why;
			return -1;
		}
		error_set(err, ERR_STATE, "is incomplete");
		return error_hint(err, "try: zonectl repair %s", name);
	}
	error_set(err, ERR_NOT_FOUND, "no zone \"%s\"", name);
	return error_hint(err, "try: zonectl list -a");
}

int zone_open_unread(struct zone *z, struct site *site, const char *name, enum lock_mode lock,
		     struct error *err)
{
	struct error why = { 0 };
	int fd;

	*z = (struct zone){ .site = site, .dirfd = -1 };
	zone_config_init(&z->config);
	if (zone_name_check(name, err) < 0)
		return -1;
	fd = zone_dir_lock(site, name, lock, ZONE_LOCK_WAIT_MS, &why);
	if (fd < 0 && why.kind == ERR_NOT_FOUND)
		return not_there(site, name, err);
	if (fd < 0) {
		*err = why;
		return -1;
	}
	z->dirfd = fd;
	strcpy(z->name, name);
	strcpy(z->config.name, name);
	return 0;
}

/* What a person wrote only a person can mend. */
static int hint_at_config(const struct zone *z, struct error *err)
{
	const char *path = z->site->path;

	return error_hint(err, "mend or restore %s/var/lib/zonectl/zones/%s/zone.json",
			  strcmp(path, "/") == 0 ? "" : path, z->name);
}

static int read_config(struct zone *z, struct error *err)
{
	struct zone_config c;

	if (zone_config_read(&c, z->dirfd, err) < 0)
		return hint_at_config(z, err);
	zone_config_clear(&z->config);
	z->config = c;
	/* A directory that was copied by hand would share uids and identity with its original. */
	if (strcmp(c.name, z->name) == 0)
		return 0;
	error_set(err, ERR_USAGE, "zone.json: name: \"%s\" is not its directory's", c.name);
	return hint_at_config(z, err);
}

int zone_open(struct zone *z, struct site *site, const char *name, enum lock_mode lock,
	      struct error *err)
{
	if (zone_open_unread(z, site, name, lock, err) < 0)
		return -1;
	if (read_config(z, err) < 0) {
		zone_close(z);
		return -1;
	}
	return 0;
}

void zone_close(struct zone *z)
{
	cleanup_close(&z->dirfd);
	z->dirfd = -1;
	zone_config_clear(&z->config);
	strv_clear(&z->warnings);
	nl_rest_close(&z->net_rest);
}

/* The zone that an entry of zones/ is of, or NULL; anything that is no zone is passed over. */
static const char *zone_of_entry(const char *entry)
{
	struct error ignored;

	for (size_t i = 0; i < N_ROWS(unfinished); i++)
		if (str_starts(entry, unfinished[i])) {
			entry += strlen(unfinished[i]);
			break;
		}
	return zone_name_check(entry, &ignored) < 0 ? NULL : entry;
}

int zone_names(struct site *site, char ***out, struct error *err)
{
	/* A descriptor of its own: the site's keeps its place at the start. */
	AUTO_CLOSE int fd = openat(site->zonesfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	AUTO_STRV char **names = NULL;
	struct dirent *entry;
	size_t n = 0;

	if (!dir)
		return error_sys(err, "read 'zones'");
	(void)TAKE_FD(fd);	/* it is the stream's now */
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		const char *name = zone_of_entry(entry->d_name);

		if (name)
			strv_add_nth(&names, &n, name);
	}
	if (errno)
		return error_sys(err, "read 'zones'");
	strv_sort_unique(names);
	*out = TAKE_PTR(names);
	return 0;
}

bool zone_is_incomplete(struct site *site, const char *name)
{
	char dir[ZONE_DIR_MAX + 1];

	if (dir_exists(site, name))
		return false;
	for (size_t i = 0; i < N_ROWS(unfinished); i++) {
		snprintf(dir, sizeof(dir), "%s%s", unfinished[i], name);
		if (dir_exists(site, dir))
			return true;
	}
	return false;
}

bool zone_exists(struct site *site, const char *name)
{
	/* In the order that a zone is renamed in, so that none slips by. */
	static const char *const prefixes[] = {
		ZONE_NEW_PREFIX, "", ZONE_OLD_PREFIX, ZONE_REINSTALL_PREFIX,
	};
	char dir[ZONE_DIR_MAX + 1];

	for (size_t i = 0; i < N_ROWS(prefixes); i++) {
		snprintf(dir, sizeof(dir), "%s%s", prefixes[i], name);
		if (dir_exists(site, dir))
			return true;
	}
	return false;
}
