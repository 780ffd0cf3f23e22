/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/config.h"

/* What a zone does not see of its template. Rows of one directory stand together. A directory that
 * the template lacks, or has as a link, is passed over with all its rows. */
/* clang-format off */
static const struct identity_row {
	const char *dir, *name;
	bool is_emptied;	/* an empty file in its place asks for an id of the zone's own */
} rows[] = {
	{ "etc",             "machine-id", true },
	{ "etc/ssh",         "ssh_host_rsa_key", false },
	{ "etc/ssh",         "ssh_host_rsa_key.pub", false },
	{ "etc/ssh",         "ssh_host_dsa_key", false },
	{ "etc/ssh",         "ssh_host_dsa_key.pub", false },
	{ "etc/ssh",         "ssh_host_ecdsa_key", false },
	{ "etc/ssh",         "ssh_host_ecdsa_key.pub", false },
	{ "etc/ssh",         "ssh_host_ed25519_key", false },
	{ "etc/ssh",         "ssh_host_ed25519_key.pub", false },
	{ "etc/dropbear",    "dropbear_rsa_host_key", false },
	{ "etc/dropbear",    "dropbear_ecdsa_host_key", false },
	{ "etc/dropbear",    "dropbear_ed25519_host_key", false },
	{ "var/lib/dbus",    "machine-id", false },
	{ "var/lib/systemd", "random-seed", false },
	{ "var/lib/systemd", "credential.secret", false },	/* systemd-creds(1) */
	{ "var/lib/urandom", "random-seed", false },	/* sysvinit */
	{ "var/lib",         "random-seed", false },	/* RHEL 6, Void */
	{ "var/lib/misc",    "random-seed", false },	/* older OpenRC, SUSE */
	{ "var/lib/NetworkManager", "secret_key", false },
	{ "var/lib/seedrng", "seed.credit", false },	/* busybox, OpenRC */
	{ "var/lib/seedrng", "seed.no-credit", false },
};
/* clang-format on */

/* The host's id of one that a file of the template has. Larger ones appear as nobody, whom no
 * zone lacks. */
static uid_t shifted(const struct identity *id, uid_t own)
{
	enum { NOBODY = 65534 };

	return id->uid_base + (own < ZONE_IDS ? own : NOBODY);
}

/* Goes down by one name on both sides. In the upper layer the directory is made as the template
 * has it, because a merged directory shows the mode and owner of its upper part. */
static int enter_upper(const struct identity *id, int *templatefd, int *upperfd, const char *name)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(*templatefd, name, O_PATH | flags);
	bool is_new = fd >= 0 && mkdirat(*upperfd, name, 0700) == 0;
	struct stat st;

	if (fd < 0 || (!is_new && errno != EEXIST))
		return -1;
	close(*templatefd);
	*templatefd = fd;
	fd = openat(*upperfd, name, O_RDONLY | flags);
	if (fd < 0)
		return -1;
	close(*upperfd);
	*upperfd = fd;
	if (!is_new)
		return 0;
	if (fstat(*templatefd, &st) < 0 ||
	    fchown(fd, shifted(id, st.st_uid), shifted(id, st.st_gid)) < 0)
		return -1;
	return fchmod(fd, st.st_mode & 07777);
}

/* The directory of the upper layer; path was found in the template without a link. */
static int open_upper(const struct identity *id, const char *path, struct error *err)
{
	AUTO_CLOSE int templatefd = fcntl(id->templatefd, F_DUPFD_CLOEXEC, 0);
	AUTO_CLOSE int upperfd = fcntl(id->rootfd, F_DUPFD_CLOEXEC, 0);
	char walk[64], *save = NULL;

	snprintf(walk, sizeof(walk), "%s", path);
	if (templatefd < 0 || upperfd < 0)
		return error_sys(err, "open '%s'", path);
	for (char *name = strtok_r(walk, "/", &save); name; name = strtok_r(NULL, "/", &save))
		if (enter_upper(id, &templatefd, &upperfd, name) < 0)
			return error_sys(err, "make directory '%s'", path);
	return TAKE_FD(upperfd);
}

/* The directory that a row's file is removed from or covered in. */
static int open_dir(const struct identity *id, const char *path, struct error *err)
{
	if (id->is_upper)
		return open_upper(id, path, err);
	return path_open_nolink(id->rootfd, path, O_RDONLY | O_DIRECTORY, true, err);
}

static int make_empty(const struct identity *id, int dirfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = path_create(dirfd, name, 0444, err);
	uid_t root = shifted(id, 0);

	if (fd < 0)
		return -1;
	if (id->is_upper && fchown(fd, root, root) < 0)
		return error_sys(err, "give '%s' to the zone", name);
	return 0;
}

static int drop(const struct identity *id, int dirfd, const struct identity_row *row,
		struct error *err)
{
	const char *name = row->name;

	if (!id->is_upper && path_remove(dirfd, name, err) < 0)
		return -1;
	if (row->is_emptied)
		return make_empty(id, dirfd, name, err);
	if (!id->is_upper)
		return 0;
	/* A whiteout (Documentation/filesystems/overlayfs.rst). */
	if (mknodat(dirfd, name, S_IFCHR, makedev(0, 0)) < 0)
		return error_sys(err, "hide '%s'", name);
	return 0;
}

/* A link holds no secret; Debian's of dbus to /etc/machine-id is meant to stay. Nor does an empty
 * file, which tells systemd to take the zone's own id. */
static bool is_secret(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode) &&
	       !(S_ISREG(st.st_mode) && st.st_size == 0);
}

/* All rows of one directory; most templates have few of them, so what is changed is opened at
 * the first need. */
static int drop_dir(const struct identity *id, const struct identity_row *row, size_t n,
		     struct error *err)
{
	struct error none = { 0 };
	AUTO_CLOSE int seenfd =
		path_open_nolink(id->templatefd, row->dir, O_PATH | O_DIRECTORY, true, &none);
	AUTO_CLOSE int dirfd = -1;

	if (seenfd < 0)
		return none.kind == ERR_RESOURCE ? (*err = none, -1) : 0;
	for (; n > 0; n--, row++) {
		if (!is_secret(seenfd, row->name))
			continue;
		if (dirfd < 0)
			dirfd = open_dir(id, row->dir, err);
		if (dirfd < 0)
			return -1;
		if (drop(id, dirfd, row, err) < 0)
			return error_wrap(err, "'%s'", row->dir);
	}
	return 0;
}

int identity_drop(const struct identity *id, struct error *err)
{
	for (size_t first = 0, end; first < N_ROWS(rows); first = end) {
		end = first + 1;
		while (end < N_ROWS(rows) && strcmp(rows[end].dir, rows[first].dir) == 0)
			end++;
		if (drop_dir(id, &rows[first], end - first, err) < 0)
			return -1;
	}
	return 0;
}
