/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FD_H
#define BASE_FD_H

/* Descriptors: whole reads and writes, files replaced atomically, descriptors passed on. */

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Reads to the end of file, at most max bytes (ERR_USAGE if there is more). *out is NUL-ended
 * and owned by the caller; *out_len may be NULL. */
int fd_read_all(int fd, size_t max, char **out, size_t *out_len, struct error *err);
/* Writes all of it, over short writes and EINTR. */
int fd_write_all(int fd, const void *data, size_t len, struct error *err);
/* The same at an offset. */
int fd_write_at(int fd, const void *data, size_t len, off_t offset, struct error *err);
/* Fills buf with exactly len bytes; returns 0, or -1 with sys 0 if the end came first. */
int fd_read_exact(int fd, void *buf, size_t len, struct error *err);

/* Writes text to an existing control file (cgroup, /proc) below dirfd in one write(2). */
int fd_write_control(int dirfd, const char *name, const char *text, struct error *err);
/* Reads a small control file whole into buf, NUL-ended, one trailing newline dropped; returns
 * its length. */
ssize_t fd_read_control(int dirfd, const char *name, char *buf, size_t size, struct error *err);

/* Replaces the file name below dirfd: a temporary beside it, written, fsynced, renamed, and the
 * directory fsynced. A crash leaves the old or the new text, whole. Only where no zone writes. */
int fd_replace(int dirfd, const char *name, mode_t mode, const char *text, size_t len,
	       struct error *err);
/* The same without waiting for the disk; for directories on tmpfs and ephemeral zones. */
int fd_replace_nosync(int dirfd, const char *name, mode_t mode, const char *text, size_t len,
		      struct error *err);

enum { FD_TEMPORARY_SIZE = 24 };
/* A random name for what is renamed at once: ".zonectl-" and eight digits. Returns out. */
char *fd_temporary_name(char out[FD_TEMPORARY_SIZE]);

/* Sends up to 8 descriptors with len bytes (at least 1) over a unix socket. */
int fd_send(int sock, const int *fds, size_t n, const void *data, size_t len, struct error *err);
/* Receives them close-on-exec; *n_fds holds the room and then the number. Returns the bytes, 0 at
 * the end. Descriptors beyond the room are closed and make it fail. */
ssize_t fd_receive(int sock, int *fds, size_t *n_fds, void *data, size_t len, struct error *err);
/* Moves fd to the lowest number that is at least min, close-on-exec; the old number is closed. */
int fd_move_up(int fd, int min, struct error *err);

#endif
