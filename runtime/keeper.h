/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_KEEPER_H
#define RUNTIME_KEEPER_H

/*
 * The one process that a running zone owns outside itself. It holds the
 * console's master, writes console.log, passes the console on to whoever
 * attaches, waits for init, tells reboot from halt, boots again, cleans up.
 */

#include "base/error.h"
#include "runtime/zone.h"

enum { KEEPER_LOG_MAX = 1 << 20 };	/* bytes of console.log before it is rotated */

/* Connects to the console of a running zone: returns a stream socket. What is written is typed at the
 * console; what the console says is read. A message of KEEPER_RESIZE, rows, columns is sent with
 * keeper_console_resize(). */
int keeper_console_open(struct zone *z, struct error *err);
int keeper_console_resize(int consolefd, unsigned short rows, unsigned short columns,
			  struct error *err);

#endif
