/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_KEEPER_H
#define RUNTIME_KEEPER_H

/*
 * The one process that a running zone owns outside itself. It holds the
 * console's master, writes console.log, passes the console on to whoever
 * attaches, waits for init, tells reboot from halt, boots again, cleans up.
 */

#include "base/error.h"
#include "runtime/compile.h"
#include "runtime/zone.h"

/* Forks the keeper, which boots the zone; returns once init runs. z is locked alone by the caller.
 */
int keeper_boot(struct zone *z, const struct boot_options *options, struct error *err);
/* Forks a keeper for a zone that runs without one: its console is a new terminal. */
int keeper_adopt(struct zone *z, struct error *err);

/* Has the keeper answer the notices of a filter (mknod.h) from now on. */
int keeper_answer(struct zone *z, int noticefd, struct error *err);
/* Connects to the console of a running zone: returns a stream socket. What is written is typed at
 * the console, what the console says is read. *out_ptyfd is the console's master, for window size
 * only. Both are the caller's. ERR_STATE when the zone has no keeper. */
int keeper_console_open(struct zone *z, int *out_ptyfd, struct error *err);

#endif
