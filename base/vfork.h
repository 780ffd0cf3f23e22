/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_VFORK_H
#define BASE_VFORK_H

/*
 * A process that shares the caller's memory and descriptors while the caller is
 * stopped, for what has to be done in namespaces that the caller must not enter
 * itself. It costs no copy of page tables, and what it opens is the caller's.
 */

#include "base/error.h"

/* Runs main(arg) in such a process on a stack of its own, with the clone(2) flags given beside
 * CLONE_VM, CLONE_VFORK and CLONE_FILES, and reaps it. Every signal is blocked meanwhile, as a
 * handler would run in the caller's memory. main sets *err and returns -1 when it fails; so does
 * this. */
int vfork_run(int (*main)(void *arg, struct error *err), void *arg, int flags, struct error *err);

#endif
