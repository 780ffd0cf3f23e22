/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/mounts_user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mount.h"
#include "base/path.h"
#include "base/strv.h"
#include "base/sys.h"
#include "runtime/config.h"

/* What the last part of a mount property may hold. Without any the mount is nosuid,nodev. */
static const struct option_row {
	const char *name;
	unsigned int set, clear;
	bool is_idmapped;
} option_rows[] = {
	{ "ro",     MOUNT_ATTR_RDONLY, 0, false },
	{ "rw",     0, MOUNT_ATTR_RDONLY, false },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0, false },
	{ "nodev",  MOUNT_ATTR_NODEV,  0, false },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0, false },
	{ "idmap",  0, 0, true },	/* the zone's root owns what root owns there */
};

struct user_mount {
	char *source, *target;		/* borrowed from the split list */
	unsigned int attrs;
	bool is_idmapped;
};

static int parse_options(struct user_mount *m, const char *text, struct error *err)
{
	AUTO_STRV char **options = strv_split(text, ",");

	for (size_t i = 0; options && options[i]; i++) {
		size_t row = 0;

		while (row < N_ROWS(option_rows) && strcmp(options[i], option_rows[row].name) != 0)
			row++;
		if (row == N_ROWS(option_rows))
			return error_set(err, ERR_USAGE, "no mount option '%s'", options[i]);
		m->attrs = (m->attrs | option_rows[row].set) & ~option_rows[row].clear;
		m->is_idmapped |= option_rows[row].is_idmapped;
	}
	return 0;
}

static int source_tree(const struct user_mount *m, int sourcefd, int usernsfd, struct error *err)
{
	struct mount_attr attr = { .attr_set = m->attrs };
	AUTO_CLOSE int treefd = mount_copy(sourcefd, false, err);

	if (treefd < 0)
		return error_wrap(err, "'%s'", m->source);
	if (m->is_idmapped) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)usernsfd;
	}
	if (sys_mount_setattr(treefd, "", AT_EMPTY_PATH, &attr) == 0)
		return TAKE_FD(treefd);
	if (m->is_idmapped && errno == EINVAL)
		return error_set(err, ERR_UNSUPPORTED,
				 "the filesystem of '%s' has no idmapped mounts", m->source);
	return error_sys(err, "set the mount options of '%s'", m->source);
}

/* The directory or, for anything else, the empty file to mount on; made if it is missing. */
static int target_open(int rootfd, const struct user_mount *m, bool is_dir, struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(rootfd, m->target, O_PATH, false, &missing);

	if (fd >= 0)
		return TAKE_FD(fd);
	if (missing.sys != ENOENT) {
		*err = missing;
		return error_hint(err, "name a target that no link leads to");
	}
	if (is_dir) {
		fd = path_mkdirs(rootfd, m->target, 0755, err);
	} else {
		AUTO_CLOSE int madefd = path_create(rootfd, m->target, 0644, err);

		if (madefd >= 0)
			fd = path_open_nolink(rootfd, m->target, O_PATH, false, err);
	}
	return fd < 0 ? -1 : TAKE_FD(fd);
}

static int attach_user(int rootfd, int usernsfd, const struct user_mount *m,
		       struct error *err)
{
	AUTO_CLOSE int sourcefd = open(m->source, O_PATH | O_CLOEXEC); /* host path */
	AUTO_CLOSE int treefd = -1, targetfd = -1;
	struct stat st;

	if (sourcefd < 0 || fstat(sourcefd, &st) < 0)
		return error_sys(err, "open '%s'", m->source);
	treefd = source_tree(m, sourcefd, usernsfd, err);
	if (treefd < 0)
		return -1;
	targetfd = target_open(rootfd, m, S_ISDIR(st.st_mode), err);
	if (targetfd < 0)
		return -1;
	return mount_attach(treefd, targetfd, err) < 0 ? error_wrap(err, "'%s'", m->target) : 0;
}

int mounts_user(int rootfd, int usernsfd, const char *text, struct error *err)
{
	AUTO_STRV char **parts = strv_split(text, ":");
	size_t n = strv_len(parts);
	struct user_mount m = { .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

	if (n < 2 || n > 3)
		return error_set(err, ERR_USAGE, "mount: '%s' is not SRC:DST[:OPTIONS]", text);
	m.source = parts[0];
	m.target = parts[1];
	if (n == 3 && parse_options(&m, parts[2], err) < 0)
		return error_wrap(err, "mount '%s'", text);
	if (attach_user(rootfd, usernsfd, &m, err) < 0)
		return error_wrap(err, "mount '%s'", text);
	return 0;
}
