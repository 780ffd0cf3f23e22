/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/build.h"
#include "templates/osinfo.h"
#include "templates/units.h"

/*
 * From a system that was just installed to one that many zones start from: what
 * makes it this one machine goes, what cannot work in any container is masked,
 * and what a machine makes of itself once is made at the first boot instead.
 * Every row has its reason; a row for what is not there does nothing.
 */

enum {
	FOR_SYSTEMD = 1,
	FOR_SYSVINIT = 2,
	FOR_ALL = FOR_SYSTEMD | FOR_SYSVINIT,
	FOR_OLD_SYSTEMD = 4,		/* before it learnt to go on without mounts of its own */
};

/* clang-format off */
static const struct { int when; const char *path; } removed[] = {
	{ FOR_ALL,      "etc/hostname" },		/* the build host's; a zone has its own */
	{ FOR_ALL,      "etc/resolv.conf" },		/* the build host's */
	{ FOR_SYSVINIT, "etc/machine-id" },		/* dbus makes one where there is none */
	{ FOR_SYSVINIT, "var/lib/dbus/machine-id" },
	{ FOR_ALL,      "var/lib/systemd/random-seed" },	/* the same for all is no seed */
	{ FOR_ALL,      "var/lib/urandom/random-seed" },
	{ FOR_ALL,      "var/log/bootstrap.log" },	/* of the build, not of the zone */
	{ FOR_ALL,      "var/log/dpkg.log" },
	{ FOR_ALL,      "var/log/alternatives.log" },
	{ FOR_ALL,      "var/log/apt/history.log" },
	{ FOR_ALL,      "var/log/apt/term.log" },
	{ FOR_ALL,      "var/log/apt/eipp.log.xz" },
	{ FOR_ALL,      "var/cache/apt/pkgcache.bin" },	/* apt makes them again */
	{ FOR_ALL,      "var/cache/apt/srcpkgcache.bin" },
	{ FOR_ALL,      "var/cache/ldconfig/aux-cache" },
};

/* All in a directory that begins so. */
static const struct { const char *directory, *prefix; } removed_groups[] = {
	{ "etc/ssh",                "ssh_host_" },	/* a key that every zone has is no key */
	{ "var/cache/apt/archives", "" },		/* packages already unpacked */
	{ "var/lib/apt/lists",      "" },		/* stale by the first boot */
};

static const char hosts[] =
	"127.0.0.1\tlocalhost\n"
	"::1\tlocalhost ip6-localhost ip6-loopback\n"
	"ff02::1\tip6-allnodes\n"
	"ff02::2\tip6-allrouters\n";

static const char keys_script[] =
	"#!/bin/sh\n"
	"# Makes the SSH host keys of this system; /etc/inittab runs it at boot.\n"
	"[ -e /etc/ssh/ssh_host_ed25519_key ] || [ ! -x /usr/bin/ssh-keygen ] ||\n"
	"\tssh-keygen -A >/dev/null\n";

/* sysvinit's own inittab starts gettys on tty1..6, which a zone has not. */
static const char inittab[] =
	"id:2:initdefault:\n"
	"si::sysinit:/etc/init.d/rcS\n"
	"hk::bootwait:/etc/init.d/ssh-host-keys\n"
	"~~:S:wait:/sbin/sulogin --force\n"
	"l0:0:wait:/etc/init.d/rc 0\n"
	"l1:1:wait:/etc/init.d/rc 1\n"
	"l2:2:wait:/etc/init.d/rc 2\n"
	"l3:3:wait:/etc/init.d/rc 3\n"
	"l4:4:wait:/etc/init.d/rc 4\n"
	"l5:5:wait:/etc/init.d/rc 5\n"
	"l6:6:wait:/etc/init.d/rc 6\n"
	"ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now\n"
	"# The host asks for a clean end with SIGPWR.\n"
	"pf::powerwait:/sbin/shutdown -h now\n"
	"p0::powerfail:/sbin/shutdown -h now\n"
	"co:2345:respawn:/sbin/getty --noclear --keep-baud console 115200,38400,9600 linux\n";

static const struct { int when; const char *path; mode_t mode; const char *text; } written[] = {
	{ FOR_ALL,         "etc/hosts",        0644, hosts },	/* may name the build host */
	/* Empty: systemd takes the zone's uuid, without the questions of a first boot. */
	{ FOR_SYSTEMD,     "etc/machine-id",   0444, "" },
	/* sshd needs keys; the boot of a zone makes one before its init runs (setup_hostkeys.c). */
	{ FOR_SYSVINIT,    "etc/init.d/ssh-host-keys", 0755, keys_script },
	{ FOR_SYSVINIT,    "etc/inittab",      0644, inittab },
	{ FOR_OLD_SYSTEMD, "etc/systemd/system/service.d/zone-mounts.conf", 0644,
	  units_mounts_dropin },
};

static const struct { int when; const char *path, *target; } linked[] = {
	{ FOR_SYSVINIT, "etc/mtab", "../proc/self/mounts" },	/* its umount scripts read it */
};
/* clang-format on */

/* Removes the entries of a directory whose names are said to; one that is not there has none. */
static int remove_named(int rootfd, const char *directory,
			bool (*is_named)(const char *name, const char *prefix), const char *prefix,
			struct error *err)
{
	struct error lost = { 0 };
	AUTO_CLOSE int dirfd =
		path_open_nolink(rootfd, directory, O_RDONLY | O_DIRECTORY, true, &lost);
	AUTO_CLOSE int again =
		dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;

	if (!list)
		return 0;
	again = -1;	/* owned by list */
	while ((e = readdir(list))) {
		if (is_named(e->d_name, prefix) && path_remove(dirfd, e->d_name, err) < 0)
			return error_wrap(err, "'%s'", directory);
	}
	return 0;
}

/* Not what apt wants to find again. */
static bool is_of_group(const char *name, const char *prefix)
{
	return name[0] != '.' && strcmp(name, "lock") != 0 && strcmp(name, "partial") != 0 &&
	       strcmp(name, "auxfiles") != 0 && str_starts(name, prefix);
}

/* Only files: a link (systemd's to /etc/machine-id) is as it should be. */
static int file_remove(int rootfd, const char *path, struct error *err)
{
	struct error lost = { 0 };
	struct stat st;

	if (path_lstat(rootfd, path, &st, &lost) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return path_remove(rootfd, path, err);
}

static int all_remove(int rootfd, int when, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(removed); i++) {
		if ((removed[i].when & when) && file_remove(rootfd, removed[i].path, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_ROWS(removed_groups); i++) {
		if (remove_named(rootfd, removed_groups[i].directory, is_of_group,
				 removed_groups[i].prefix, err) < 0)
			return -1;
	}
	/* A link to a resolver's file below /run would stay dangling, and be written through. */
	return path_remove(rootfd, "etc/resolv.conf", err);
}

static bool has_unit(int rootfd, const char *unit)
{
	for (const char *const *dir = units_dirs; *dir; dir++) {
		AUTO_FREE char *path = xasprintf("%s/%s", *dir, unit);
		struct error lost = { 0 };
		struct stat st;

		if (path_lstat(rootfd, path, &st, &lost) == 0)
			return true;
	}
	return false;
}

static bool is_off(const char *link, const char *prefix)
{
	(void)prefix;	/* scripts are named in whole */
	return units_is_off(link);
}

static int all_disable(int rootfd, struct error *err)
{
	for (const char *const *dir = units_runlevel_dirs; *dir; dir++) {
		if (remove_named(rootfd, *dir, is_off, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int all_mask(int rootfd, struct error *err)
{
	for (const char *const *unit = units_masked; *unit; unit++) {
		AUTO_FREE char *path = xasprintf("etc/systemd/system/%s", *unit);

		if (has_unit(rootfd, *unit) && path_symlink(rootfd, path, "/dev/null", err) < 0)
			return -1;
	}
	return 0;
}

static int parent_make(int rootfd, const char *path, struct error *err)
{
	AUTO_FREE char *directory = xstrdup(path);
	AUTO_CLOSE int fd = -1;

	*strrchr(directory, '/') = '\0';
	fd = path_mkdirs(rootfd, directory, 0755, err);
	return fd < 0 ? -1 : 0;
}

static int all_write(int rootfd, int when, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(written); i++) {
		if (!(written[i].when & when))
			continue;
		if (parent_make(rootfd, written[i].path, err) < 0 ||
		    path_write(rootfd, written[i].path, written[i].mode, written[i].text,
			       strlen(written[i].text), err) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_ROWS(linked); i++) {
		if (!(linked[i].when & when))
			continue;
		if (parent_make(rootfd, linked[i].path, err) < 0 ||
		    path_symlink(rootfd, linked[i].path, linked[i].target, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_old_systemd(int rootfd)
{
	AUTO_OSINFO struct osinfo os;

	osinfo_read(rootfd, &os);
	return os.systemd_version > 0 && os.systemd_version < UNITS_OLD_SYSTEMD;
}

int build_adjust(int rootfd, bool is_sysvinit, struct error *err)
{
	int when = is_sysvinit ? FOR_SYSVINIT : FOR_SYSTEMD;

	if (has_old_systemd(rootfd))
		when |= FOR_OLD_SYSTEMD;
	if (all_remove(rootfd, when, err) < 0 || all_write(rootfd, when, err) < 0 ||
	    (is_sysvinit ? all_disable(rootfd, err) : all_mask(rootfd, err)) < 0)
		return error_wrap(err, "adjust");
	return 0;
}
