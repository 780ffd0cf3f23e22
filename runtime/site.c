/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/site.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "templates/store.h"

enum { LOCK_WAIT_MS = 2000 };

/* Opens a directory below dirfd, component by component as the operator wrote them, making what
 * is missing: links of the host's own are followed. */
static int open_or_make(int dirfd, const char *path, mode_t last_mode, struct error *err)
{
	AUTO_FREE char *walk = xstrdup(path);
	AUTO_CLOSE int atfd =
		openat(dirfd, *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *save = NULL, *part = strtok_r(walk, "/", &save);

	if (atfd < 0)
		return error_sys(err, "open '%s'", path);
	while (part) {
		char *next = strtok_r(NULL, "/", &save);
		int fd;

		if (mkdirat(atfd, part, next ? 0755 : last_mode) < 0 && errno != EEXIST)
			return error_sys(err, "make directory '%s'", path);
		fd = openat(atfd, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, "open '%s'", path);
		close(atfd);
		atfd = fd;
		part = next;
	}
	return TAKE_FD(atfd);
}

/* One call where everything is there already, which is every time but the first. */
static int open_dir(int dirfd, const char *path, int flags, mode_t mode, struct error *err)
{
	AUTO_CLOSE int madefd = -1;
	int fd = openat(dirfd, path, flags | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_sys(err, "open '%s'", path);
	madefd = open_or_make(dirfd, path, mode, err);
	if (madefd < 0)
		return -1;
	fd = openat(madefd, ".", flags | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open '%s'", path) : fd;
}

/* Others must neither enter (setuid files of zones lie below) nor write there. */
static int check_dir(const struct site *s, int dirfd, const char *path, mode_t forbidden,
		     struct error *err)
{
	const char *root = strcmp(s->path, "/") == 0 ? "" : s->path;
	const char *slash = *path ? "/" : "";
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return error_sys(err, "look at '%s%s%s'", root, slash, path);
	if (st.st_uid != 0) {
		error_set(err, ERR_FAILED, "'%s%s%s' belongs to user %u, not to root", root, slash,
			  path, st.st_uid);
		return error_hint(err, "try: chown root '%s%s%s'", root, slash, path);
	}
	if (st.st_mode & forbidden) {
		error_set(err, ERR_FAILED, "'%s%s%s' is open to other users (mode %04o)", root,
			  slash, path, st.st_mode & 07777);
		return error_hint(err, "try: chmod %s '%s%s%s'", forbidden & 055 ? "0700" : "go-w",
				  root, slash, path);
	}
	return 0;
}

/* The canonical path tells sites apart, however --root spelled them. */
static int set_path(struct site *s, int rootfd, const char *root, struct error *err)
{
	char link[32], path[PATH_MAX], hex[SHA256_HEX_SIZE];
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;
	ssize_t n;

	if (strcmp(root, "/") == 0) {
		s->path = xstrdup("/");
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", rootfd);
	n = readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
	if (n < 0)
		return error_sys(err, "read '%s'", link);
	path[n] = '\0';
	s->path = xstrdup(path);
	if (strcmp(path, "/") == 0)
		return 0;
	sha256_init(&sum);
	sha256_add(&sum, path, (size_t)n);
	sha256_end(&sum, digest);
	memcpy(s->id, sha256_hex(digest, hex), SITE_ID_LEN);
	s->id[SITE_ID_LEN] = '\0';
	return check_dir(s, rootfd, "", 022, err);
}

/* What zones have is made before zones/, so that it is there wherever zones/ is. */
static int open_zones(struct site *s, struct error *err)
{
	static const char *const owned[] = { "uids", "addresses", "ports" };

	s->zonesfd = openat(s->varfd, "zones", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->zonesfd >= 0)
		return 0;
	if (errno != ENOENT)
		return error_sys(err, "open 'zones'");
	for (size_t i = 0; i < N_ROWS(owned); i++) {
		AUTO_CLOSE int fd = open_dir(s->varfd, owned[i], O_PATH, 0700, err);

		if (fd < 0)
			return -1;
	}
	s->zonesfd = open_dir(s->varfd, "zones", O_RDONLY, 0700, err);
	return s->zonesfd < 0 ? -1 : 0;
}

static int open_dirs(struct site *s, int rootfd, struct error *err)
{
	s->varfd = open_dir(rootfd, "var/lib/zonectl", O_RDONLY, 0700, err);
	if (s->varfd < 0 || check_dir(s, s->varfd, "var/lib/zonectl", 077, err) < 0)
		return -1;
	if (open_zones(s, err) < 0)
		return -1;
	s->runfd = open_dir(rootfd, "run/zonectl", O_RDONLY, 0700, err);
	if (s->runfd < 0 || check_dir(s, s->runfd, "run/zonectl", 077, err) < 0)
		return -1;
	s->etcfd = openat(rootfd, "etc/zonectl", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->etcfd < 0 && errno != ENOENT)
		return error_sys(err, "open 'etc/zonectl'");
	if (s->etcfd < 0)
		return 0;
	if (check_dir(s, s->etcfd, "etc/zonectl", 022, err) < 0)
		return -1;
	return site_config_read(&s->config, s->etcfd, err);
}

static int open_all(struct site *s, const char *root, struct error *err)
{
	AUTO_CLOSE int rootfd = -1;

	if (geteuid() != 0) {
		error_set(err, ERR_FAILED, "zonectl needs root");
		return error_hint(err, "try: sudo zonectl ...");
	}
	rootfd = open_dir(AT_FDCWD, root, O_PATH, 0755, err);
	if (rootfd < 0 || set_path(s, rootfd, root, err) < 0)
		return -1;
	if (open_dirs(s, rootfd, err) < 0)
		return -1;
	return proc_boot_id(s->boot_id, err);
}

int site_open(struct site *s, const char *root, struct error *err)
{
	*s = (struct site){
		.varfd = -1, .zonesfd = -1, .runfd = -1, .etcfd = -1, .lockfd = -1,
		.callerfds = { -1, -1 },
	};
	site_config_init(&s->config);
	if (open_all(s, root, err) < 0) {
		site_close(s);
		return -1;
	}
	if (!s->config.pools.is_set)
		pools_default(&s->config.pools, s->id);
	return 0;
}

static void close_fd(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

void site_cgroups_close(struct site *s)
{
	if (s->has_cgroups)
		cgroup_host_close(&s->cgroups);
	s->has_cgroups = false;
}

int site_lock(struct site *s, struct error *err)
{
	/* Nobody else locks the directory of all zones, and nothing is to be removed again. */
	AUTO_CLOSE int fd = openat(s->zonesfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open 'zones'");
	if (lock_take(fd, LOCK_ALONE, LOCK_WAIT_MS, err) < 0)
		return -1;
	s->lockfd = TAKE_FD(fd);
	return 0;
}

void site_unlock(struct site *s)
{
	close_fd(&s->lockfd);
}

void site_outlive(struct site *s)
{
	site_unlock(s);
	for (size_t i = 0; i < N_ROWS(s->callerfds); i++)
		close_fd(&s->callerfds[i]);
}

void site_close(struct site *s)
{
	site_unlock(s);
	close_fd(&s->varfd);
	close_fd(&s->zonesfd);
	close_fd(&s->runfd);
	close_fd(&s->etcfd);
	free(TAKE_PTR(s->path));
	site_config_clear(&s->config);
	site_cgroups_close(s);
}

int site_cgroups(struct site *s, struct error *err)
{
	if (s->has_cgroups)
		return 0;
	if (cgroup_host_open(&s->cgroups, s->id, err) < 0)
		return -1;
	s->has_cgroups = true;
	return 0;
}

int site_templates(struct site *s, struct error *err)
{
	return store_open(s->varfd, true, err);
}
