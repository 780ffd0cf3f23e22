/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_VFORK_H
#define BASE_VFORK_H

/*
 * A process that shares the caller's memory and descriptors while the caller is
 * stopped, for what has to be done in namespaces that the caller must not enter
 * itself. It costs no copy of page tables, and what it opens is the caller's.
 */

#include <sys/types.h>

#include "base/error.h"

/* Runs main(arg) in such a process on a stack of its own, with the clone(2) flags given beside
 * CLONE_VM, CLONE_VFORK and CLONE_FILES, and reaps it. Every signal is blocked meanwhile, as a
 * handler would run in the caller's memory. main sets *err and returns -1 when it fails; so does
 * this. */
int vfork_run(int (*main)(void *arg, struct error *err), void *arg, int flags, struct error *err);
/* The same, but returns when it has done its work and let go of the caller's memory; the rest of
 * its end, a mount namespace of its own above all, goes on beside the caller, who reaps it with
 * vfork_reap(), also when this fails. *out_pid is 0 when there is nothing to reap. */
int vfork_begin(int (*main)(void *arg, struct error *err), void *arg, int flags, pid_t *out_pid,
		struct error *err);
/* Waits for the end of *pid, of vfork_begin(), and sets it to 0; nothing if it is 0. */
void vfork_reap(pid_t *pid);

#endif
