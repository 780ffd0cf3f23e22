/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

enum action {
	DROP,				/* the template's is not seen */
	MACHINE_ID, HOSTNAME, TIMEZONE_LINK, TIMEZONE_NAME,
	SSH_KEYS,			/* a drop-in that makes the host keys which were dropped */
};

/* Rows of one directory stand together. A directory that the template lacks, or has as a link, is
 * passed over with all its rows. */
/* clang-format off */
static const struct identity_row {
	const char *dir, *name;
	enum action action;
} rows[] = {
	{ "etc",             "hostname",                 HOSTNAME },
	{ "etc",             "machine-id",               MACHINE_ID },
	{ "etc",             "localtime",                TIMEZONE_LINK },
	{ "etc",             "timezone",                 TIMEZONE_NAME },
	{ "etc/systemd/system", "ssh.service.d",         SSH_KEYS },
	{ "etc/ssh",         "ssh_host_rsa_key",         DROP },
	{ "etc/ssh",         "ssh_host_rsa_key.pub",     DROP },
	{ "etc/ssh",         "ssh_host_dsa_key",         DROP },
	{ "etc/ssh",         "ssh_host_dsa_key.pub",     DROP },
	{ "etc/ssh",         "ssh_host_ecdsa_key",       DROP },
	{ "etc/ssh",         "ssh_host_ecdsa_key.pub",   DROP },
	{ "etc/ssh",         "ssh_host_ed25519_key",     DROP },
	{ "etc/ssh",         "ssh_host_ed25519_key.pub", DROP },
	{ "etc/dropbear",    "dropbear_rsa_host_key",    DROP },
	{ "etc/dropbear",    "dropbear_ecdsa_host_key",  DROP },
	{ "etc/dropbear",    "dropbear_ed25519_host_key", DROP },
	{ "var/lib/dbus",    "machine-id",               DROP },
	{ "var/lib/systemd", "random-seed",              DROP },
	{ "var/lib/systemd", "credential.secret",        DROP },	/* systemd-creds(1) */
	{ "var/lib/urandom", "random-seed",              DROP },	/* sysvinit */
	{ "var/lib/seedrng", "seed.credit",              DROP },	/* busybox, OpenRC */
	{ "var/lib/seedrng", "seed.no-credit",           DROP },
};
/* clang-format on */

/* The host's id of one that a file of the template has. Larger ones appear as nobody, whom no
 * zone lacks. */
static uid_t shifted(const struct identity *id, uid_t own)
{
	enum { NOBODY = 65534 };

	return id->config->uid_base + (own < ZONE_IDS ? own : NOBODY);
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

/* The directory that a row's file is written to, removed from or covered in. */
static int open_dir(const struct identity *id, const char *path, struct error *err)
{
	if (id->is_upper)
		return open_upper(id, path, err);
	return path_open_nolink(id->rootfd, path, O_RDONLY | O_DIRECTORY, true, err);
}

static int drop(const struct identity *id, int dirfd, const char *name, struct error *err)
{
	if (!id->is_upper)
		return path_remove(dirfd, name, err);
	/* A whiteout (Documentation/filesystems/overlayfs.rst). */
	if (mknodat(dirfd, name, S_IFCHR, makedev(0, 0)) < 0)
		return error_sys(err, "hide '%s'", name);
	return 0;
}

static int give_to_root(const struct identity *id, int dirfd, const char *name, struct error *err)
{
	uid_t root = shifted(id, 0);

	if (id->is_upper && fchownat(dirfd, name, root, root, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "give '%s' to the zone", name);
	return 0;
}

static int sync_file(const struct identity *id, int dirfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (!id->is_synced)
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? error_sys(err, "sync '%s'", name) : 0;
}

static int write_file(const struct identity *id, int dirfd, const struct identity_row *row,
		      const char *text, struct error *err)
{
	mode_t mode = row->action == MACHINE_ID ? 0444 : 0644;

	/* In a copy of a hostile template a directory may have the name. */
	if (!id->is_upper && path_remove(dirfd, row->name, err) < 0)
		return -1;
	if (fd_replace_nosync(dirfd, row->name, mode, text, strlen(text), err) < 0)
		return -1;
	if (give_to_root(id, dirfd, row->name, err) < 0)
		return -1;
	return sync_file(id, dirfd, row->name, err);
}

static int write_link(const struct identity *id, int dirfd, const struct identity_row *row,
		      const char *target, struct error *err)
{
	if (!id->is_upper && path_remove(dirfd, row->name, err) < 0)
		return -1;
	if (path_symlink(dirfd, row->name, target, err) < 0)
		return -1;
	return give_to_root(id, dirfd, row->name, err);
}

/* machine-id(5): the UUID without dashes, and a newline. */
static void machine_id(const char *uuid, struct str *out)
{
	for (; *uuid; uuid++)
		if (*uuid != '-')
			str_addc(out, *uuid);
	str_addc(out, '\n');
}

/* Debian's unit takes for granted that installing the package made the keys; other distributions'
 * units make them. Its own first ExecStartPre fails without keys, so it comes again after. */
static const char ssh_keys[] =
	"[Service]\n"
	"ExecStartPre=\n"
	"ExecStartPre=/usr/bin/ssh-keygen -A\n"
	"ExecStartPre=/usr/sbin/sshd -t\n";

static bool has_ssh_unit(const struct identity *id)
{
	static const char *const units[] = {
		"usr/lib/systemd/system/ssh.service", "lib/systemd/system/ssh.service",
	};
	struct error none = { 0 };
	struct stat st;

	for (size_t i = 0; i < N_ROWS(units); i++)
		if (path_lstat(id->templatefd, units[i], &st, &none) == 0)
			return true;
	return false;
}

static int write_ssh_keys(const struct identity *id, int dirfd, const char *name,
			  struct error *err)
{
	static const struct identity_row row = { "", "zonectl.conf", SSH_KEYS };
	AUTO_CLOSE int dropfd = -1;

	if (mkdirat(dirfd, name, 0755) < 0)
		return error_sys(err, "make directory '%s'", name);
	dropfd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dropfd < 0 || fchmod(dropfd, 0755) < 0)
		return error_sys(err, "open directory '%s'", name);
	if (give_to_root(id, dirfd, name, err) < 0)
		return -1;
	return write_file(id, dropfd, &row, ssh_keys, err);
}

/* seen is what the template has under the name, NULL for nothing. */
static bool is_wanted(const struct identity *id, const struct identity_row *row,
		      const struct stat *seen)
{
	switch (row->action) {
	case DROP:
		/* A link holds no secret; Debian's to /etc/machine-id is meant to stay. */
		return seen && !S_ISLNK(seen->st_mode);
	case MACHINE_ID:
		return id->has_systemd || seen;
	case HOSTNAME:
		/* An init may set the host name from this file; a lone command does not, so for one
		 * only a wrong name is worth a directory in the upper layer. */
		return seen || !id->config->is_ephemeral;
	case TIMEZONE_LINK:
		return id->config->timezone;
	case TIMEZONE_NAME:
		return id->config->timezone && seen;
	case SSH_KEYS:
		return !seen && !id->config->is_ephemeral && has_ssh_unit(id);
	}
	return false;
}

static int apply(const struct identity *id, int dirfd, const struct identity_row *row,
		 struct error *err)
{
	const struct zone_config *c = id->config;
	AUTO_STR struct str text = { 0 };

	switch (row->action) {
	case DROP:
		return drop(id, dirfd, row->name, err);
	case MACHINE_ID:
		machine_id(c->uuid, &text);
		break;
	case HOSTNAME:
		str_addf(&text, "%s\n", c->hostname ? c->hostname : c->name);
		break;
	case TIMEZONE_LINK:
		str_addf(&text, "/usr/share/zoneinfo/%s", c->timezone);
		return write_link(id, dirfd, row, str_text(&text), err);
	case TIMEZONE_NAME:
		str_addf(&text, "%s\n", c->timezone);
		break;
	case SSH_KEYS:
		return write_ssh_keys(id, dirfd, row->name, err);
	}
	return write_file(id, dirfd, row, str_text(&text), err);
}

/* All rows of one directory; most templates have few of them, so what is written to is opened at
 * the first need. */
static int write_dir(const struct identity *id, const struct identity_row *row, size_t n,
		     struct error *err)
{
	struct error none = { 0 };
	AUTO_CLOSE int seenfd =
		path_open_nolink(id->templatefd, row->dir, O_PATH | O_DIRECTORY, true, &none);
	AUTO_CLOSE int dirfd = -1;

	if (seenfd < 0)
		return none.kind == ERR_RESOURCE ? (*err = none, -1) : 0;
	for (; n > 0; n--, row++) {
		struct stat st;
		bool is_there = fstatat(seenfd, row->name, &st, AT_SYMLINK_NOFOLLOW) == 0;

		if (!is_wanted(id, row, is_there ? &st : NULL))
			continue;
		if (dirfd < 0)
			dirfd = open_dir(id, row->dir, err);
		if (dirfd < 0)
			return -1;
		if (apply(id, dirfd, row, err) < 0)
			return error_wrap(err, "'%s'", row->dir);
	}
	return 0;
}

int identity_write(const struct identity *id, struct error *err)
{
	for (size_t first = 0, end; first < N_ROWS(rows); first = end) {
		end = first + 1;
		while (end < N_ROWS(rows) && strcmp(rows[end].dir, rows[first].dir) == 0)
			end++;
		if (write_dir(id, &rows[first], end - first, err) < 0)
			return -1;
	}
	return 0;
}
