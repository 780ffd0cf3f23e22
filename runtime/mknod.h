/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_MKNOD_H
#define RUNTIME_MKNOD_H

/*
 * features+=mknod: the kernel lets no user namespace make a device node, but
 * debootstrap(8) and others in a zone want to make the harmless ones. The filter
 * stops mknod(2) of a character device, and the keeper makes it, if it is one of
 * those that every zone has in /dev anyway and the caller has CAP_MKNOD; any
 * other call goes on to the kernel, which refuses it.
 */

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTICES_MAX = 16 };		/* logins at a time whose filter has notices */

/* The filters of one zone that have somebody to answer for. */
struct notices {
	int fds[NOTICES_MAX];		/* owned, -1: free */
	uint32_t uid_base;
};

void notices_init(struct notices *n, uint32_t uid_base);
void notices_close(struct notices *n);
/* Takes fd over. With no room left its calls fail with ENOSYS, which is said by closing it. */
void notices_add(struct notices *n, int fd);
/* Fills in what to poll for; returns how many. */
size_t notices_poll_set(const struct notices *n, struct pollfd fds[NOTICES_MAX]);
void notices_serve(struct notices *n, const struct pollfd *fds, size_t count);

/* Answers one call that waits at noticefd. uid_base is the zone's first id: a node is only made in
 * a directory that belongs to one of the zone's users. Returns -1 when nobody is left who could
 * ask. */
int mknod_answer(int noticefd, uint32_t uid_base);

#endif
