/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

/*
 * A zone's console as its keeper holds it: the terminal's master, console.log,
 * and the clients that are attached. A slow client loses output rather than
 * stop the zone; a zone that floods fills two files of bounded size.
 */

#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/mknod.h"
#include "runtime/ready.h"

#define CONSOLE_LOG "console.log"
#define CONSOLE_SOCKET "console"

enum {
	CONSOLE_LOG_MAX = 1 << 20,	/* bytes of console.log before it becomes console.log.1 */
	CONSOLE_CLIENTS = 4,
	CONSOLE_FDS = CONSOLE_CLIENTS + 2,	/* what console_poll_set() fills in at most */
	CONSOLE_TYPED = 256,		/* bytes typed that the zone has not read yet */
};

struct console {
	int zone_dirfd;			/* borrowed: where console.log is */
	int masterfd;			/* owned */
	int slavefd;			/* keeps the terminal from hanging up between programs */
	int listenfd;
	int logfd;
	off_t log_size;
	int clients[CONSOLE_CLIENTS];	/* -1: free */
	char typed[CONSOLE_TYPED];
	size_t n_typed;
	struct ready *ready;		/* borrowed */
	struct notices *notices;	/* borrowed: takes descriptors that clients send */
};

void console_init(struct console *c, int zone_dirfd, struct ready *ready,
		  struct notices *notices);
/* Takes masterfd over and listens at run/NAME/console; after console_init(), or after
 * console_hang_up() for the terminal of the next boot. */
int console_open(struct console *c, int rundirfd, int masterfd, struct error *err);
/* Lets go of the terminal, not of the clients and the log: a reboot goes on before their eyes. */
void console_hang_up(struct console *c);
void console_close(struct console *c);
/* Fills in what to poll for; returns how many. */
size_t console_poll_set(const struct console *c, struct pollfd fds[CONSOLE_FDS]);
/* Does what poll(2) said. */
void console_serve(struct console *c, const struct pollfd *fds, size_t n);
/* Takes what the console still holds after the zone's end. */
void console_drain(struct console *c);
/* A line of our own in console.log: why a reboot failed. */
void console_note(struct console *c, const char *text);

/* Another client's: sends a descriptor for notices_add(). */
int console_send_notices(int rundirfd, int noticefd, struct error *err);
/* The client's side: connects, and receives a duplicate of the master into *out_ptyfd. */
int console_connect(int rundirfd, int *out_ptyfd, struct error *err);

#endif
