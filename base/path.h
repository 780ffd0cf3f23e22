/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_PATH_H
#define BASE_PATH_H

/*
 * The one door for paths below a root that others can write (a zone's root, a
 * template, an unpacking directory); the only openat2(2) in the tree. A root is
 * a directory descriptor (not AT_FDCWD), and an absolute path begins there too.
 * Reads may follow links, which resolve inside the root; writes follow none and
 * refuse them. Magic links (/proc/PID/fd/N) are never followed. A rename that
 * races with a walk makes it fail, never leave the root (openat2(2),
 * RESOLVE_IN_ROOT, RESOLVE_BENEATH). All are child-safe.
 *
 * Unless said otherwise a function fails with ERR_FAILED and the errno in sys,
 * and the text is "open 'PATH': REASON" with the path made printable.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* Opens path for reading (flags as open(2), O_CLOEXEC is added), links resolving inside the
 * root. Never opens for writing: O_WRONLY, O_RDWR and O_CREAT are refused. A FIFO or device
 * does not block or act: O_NONBLOCK and O_NOCTTY are added unless O_PATH is given. */
int path_open(int rootfd, const char *path, int flags, struct error *err);
/* The same, but no link at all may be on the way or at the end, and no mount point be crossed
 * when one_mount is true. */
int path_open_nolink(int rootfd, const char *path, int flags, bool one_mount, struct error *err);
/* Reads a regular file of at most max bytes whole; ERR_USAGE for a larger one or another kind.
 * *out is NUL-ended and owned by the caller; *out_len may be NULL. */
int path_read(int rootfd, const char *path, size_t max, char **out, size_t *out_len,
	      struct error *err);
/* The target of a link that is the last component; not followed. The caller owns it. */
char *path_readlink(int rootfd, const char *path, struct error *err);
/* lstat(2): links before the last component resolve inside the root, that one is not followed. */
int path_lstat(int rootfd, const char *path, struct stat *out, struct error *err);

/* Makes all directories of path that are missing, with mode, refusing links; returns an O_PATH
 * descriptor of the last. path "" or "/" is the root itself. */
int path_mkdirs(int rootfd, const char *path, mode_t mode, struct error *err);
/* Opens (O_PATH) the directory that holds path's last component, which *out_name then points
 * to inside path. No link is followed. ERR_USAGE for "", ".", ".." or "/" as last component. */
int path_parent(int rootfd, const char *path, const char **out_name, struct error *err);
/* Makes a regular file that did not exist (O_EXCL) and opens it for writing. */
int path_create(int rootfd, const char *path, mode_t mode, struct error *err);
/* Writes a regular file whole: a temporary beside it, then rename(2). Whatever stood there, a
 * link too, is replaced, not followed. A directory there is an error. Not synced to disk. */
int path_write(int rootfd, const char *path, mode_t mode, const char *text, size_t len,
	       struct error *err);
/* Makes a symbolic link, replacing a file or link. */
int path_symlink(int rootfd, const char *path, const char *target, struct error *err);
/* Removes whatever is there, a directory with all below it, iteratively, in bounded memory,
 * never through a link nor into another mount (EXDEV). Nothing there is success. */
int path_remove(int rootfd, const char *path, struct error *err);

#endif
