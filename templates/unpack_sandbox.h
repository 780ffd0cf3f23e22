/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_SANDBOX_H
#define TEMPLATES_UNPACK_SANDBOX_H

/* Where zone-unpack locks itself in; see unpack_sandbox.c for what holds it. */

#include "base/error.h"
#include "templates/unpack.h"

/* Runs run(arg) in a child that has archivefd (as 0), reportfd, and *rootfd, the directory as it
 * sees it, and nothing else. Returns the child's wait status, or -1. The child exits with what run
 * returns; failures on its way in go to fail(arg, err) first. */
int sandbox_run(int rootfd, int reportfd, const struct unpack_limits *limits,
		int (*run)(void *arg, int rootfd), void (*fail)(void *arg, const struct error *err),
		void *arg, struct error *err);

#endif
