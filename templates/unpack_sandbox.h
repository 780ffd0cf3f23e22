/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_SANDBOX_H
#define TEMPLATES_UNPACK_SANDBOX_H

/* Where zone-unpack locks itself in; see unpack_sandbox.c for what holds it. */

#include "base/error.h"
#include "templates/unpack.h"

struct sandbox {
	int rootfd;			/* the tree, borrowed */
	int reportfd, donefd;		/* kept open inside, as 0 is; donefd may be 0; borrowed */
	const struct unpack_limits *limits;	/* borrowed */
	int (*run)(void *arg, int rootfd);
	void (*fail)(void *arg, const struct error *err);
	void *arg;			/* for both */
};

/* Runs s->run in a child that has those descriptors, the root as it sees it, and nothing else.
 * Returns the child's wait status, or -1. The child exits with what run returns; failures on its
 * way in go to fail first. After limits->seconds it is killed: ERR_USAGE. */
int sandbox_run(const struct sandbox *s, struct error *err);

#endif
