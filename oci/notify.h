/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_NOTIFY_H
#define OCI_NOTIFY_H

/*
 * NOTIFY_SOCKET (sd_notify(3)): a container that is a service of systemd's says by
 * itself that it is ready. As runc has it: the container gets a socket of its own
 * in /run/notify, and of what it says there the line READY= is passed on, with the
 * process that systemd shall watch. It never speaks with the host's socket.
 */

#include <sys/types.h>

#include "base/error.h"
#include "oci/container.h"

/* Where the caller was given a socket: the mount and the variable are added to the configuration,
 * which has been read, and their directory is made. */
int notify_offer(struct container *c, struct error *err);
/* Binds the socket of a container that was offered one and is not started yet. *out is the
 * caller's, or -1 where there is none, or this caller was given none. */
int notify_listen(const struct container *c, int *out, struct error *err);
/* Takes one message; of one that says READY= that line goes on, and MAINPID=. Returns 1 then, else
 * 0. */
int notify_pass(int fd, pid_t main_pid, struct error *err);
/* Until that one came or the process has ended. */
int notify_wait(int fd, int pidfd, pid_t main_pid, struct error *err);

#endif
