/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes into a container by copy in place of a mount: the files that a tmpfs
 * covers (tmpcopyup), a link (copy-symlink). Source and target are the image's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "oci/tree_parts.h"
#include "templates/clone.h"

int tree_copy_up(const struct tree *t, const char *path, int treefd, struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int fromfd = path_open(t->rootfd, path, O_RDONLY | O_DIRECTORY, &missing);
	AUTO_CLOSE int tofd = -1;
	struct stat st;

	if (fromfd < 0 && missing.sys == ENOENT)
		return 0;	/* nothing to copy */
	if (fromfd < 0) {
		*err = missing;
		return -1;
	}
	tofd = path_open(treefd, "/", O_RDONLY | O_DIRECTORY, err);
	if (tofd < 0 || clone_copy(fromfd, tofd, err) < 0)
		return error_wrap(err, "copy up");
	if (fstat(fromfd, &st) < 0 || fchown(tofd, st.st_uid, st.st_gid) < 0)
		return error_sys(err, "copy up the owner");
	return 0;
}

/* One that is there and leads to the same place is left. */
static int check_link(int dirfd, const char *name, const char *target, struct error *err)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text));

	if (n >= 0 && (size_t)n == strlen(target) && memcmp(text, target, (size_t)n) == 0)
		return 0;
	return error_set(err, ERR_EXISTS, "'%s' is there and is another file", name);
}

int tree_copy_link(const struct tree *t, const char *path, int linkfd, struct error *err)
{
	AUTO_CLOSE int dirfd = -1;
	const char *name = NULL;
	char target[PATH_MAX];
	ssize_t n = readlinkat(linkfd, "", target, sizeof(target) - 1);

	if (n < 0)
		return error_sys(err, "read the link");
	target[n] = '\0';
	dirfd = tree_parent(t, path, &name, err);
	if (dirfd < 0)
		return -1;
	if (symlinkat(target, dirfd, name) < 0)
		return errno == EEXIST ? check_link(dirfd, name, target, err)
				       : error_sys(err, "make the link");
	return 0;
}
