/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mount.h"
#include "base/path.h"
#include "base/sys.h"
#include "oci/spec_linux.h"
#include "oci/tree_parts.h"

/* A masked path whose name is a link is masked where it leads; what is not there needs no mask. */
static int open_covered(const struct tree *t, const char *path, struct error *err)
{
	struct error missing = { 0 };
	int fd = path_open(t->rootfd, path, O_PATH, &missing);

	if (fd >= 0)
		return fd;
	if (missing.sys == ENOENT || missing.sys == ENOTDIR || missing.sys == EACCES)
		return -2;
	*err = missing;
	return -1;
}

static int empty_directory(struct error *err)
{
	AUTO_CLOSE int fsfd = mount_new("tmpfs", "tmpfs", err);

	if (fsfd < 0 || mount_option(fsfd, "tmpfs", "size", "4k", err) < 0 ||
	    mount_option(fsfd, "tmpfs", "nr_inodes", "2", err) < 0)
		return -1;
	return mount_make(fsfd, "tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			  MOUNT_ATTR_NOEXEC, err);
}

/* nullfd is the host's /dev/null, which the container had no hand in. */
static int mask(const struct tree *t, const char *path, int nullfd, int *emptyfd, struct error *err)
{
	AUTO_CLOSE int targetfd = open_covered(t, path, err);
	AUTO_CLOSE int treefd = -1;
	struct stat st;

	if (targetfd < 0)
		return targetfd == -2 ? 0 : -1;
	if (fstat(targetfd, &st) < 0)
		return error_sys(err, "look at '%s'", path);
	if (!S_ISDIR(st.st_mode)) {
		treefd = mount_copy(nullfd, false, err);
	} else if (*emptyfd < 0) {
		*emptyfd = empty_directory(err);
		return *emptyfd < 0 ? -1 : mount_attach(*emptyfd, targetfd, err);
	} else {
		treefd = mount_copy(*emptyfd, false, err);
	}
	return treefd < 0 ? -1 : mount_attach(treefd, targetfd, err);
}

static int make_readonly(const struct tree *t, const char *path, struct error *err)
{
	AUTO_CLOSE int targetfd = open_covered(t, path, err);
	AUTO_CLOSE int treefd = -1;

	if (targetfd < 0)
		return targetfd == -2 ? 0 : -1;
	treefd = mount_copy(targetfd, true, err);
	if (treefd < 0 || mount_change(treefd, MOUNT_ATTR_RDONLY, 0, true, err) < 0)
		return -1;
	return mount_attach(treefd, targetfd, err);
}

int tree_covers(const struct tree *t, struct error *err)
{
	const struct oci_linux *l = t->spec->linux_;
	AUTO_CLOSE int nullfd = open("/dev/null", O_PATH | O_CLOEXEC); /* host path */
	AUTO_CLOSE int emptyfd = -1;

	if (nullfd < 0)
		return error_sys(err, "open '/dev/null'");
	for (size_t i = 0; i < l->n_readonly_paths; i++)
		if (make_readonly(t, l->readonly_paths[i], err) < 0)
			return error_wrap(err, "make '%s' read-only", l->readonly_paths[i]);
	for (size_t i = 0; i < l->n_masked_paths; i++)
		if (mask(t, l->masked_paths[i], nullfd, &emptyfd, err) < 0)
			return error_wrap(err, "mask '%s'", l->masked_paths[i]);
	return 0;
}
