/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CHILD_H
#define RUNTIME_CHILD_H

/* What runs between clone and exec in the first process of a zone. */

#include "runtime/launch.h"

/* The child's ends of what connects it with the builder. */
struct child {
	const struct launch *l;		/* borrowed */
	int stubfd;
	int gatefd;			/* a byte: the mounts are done; a second: go */
	int readyfd;			/* it says that its cgroup namespace is its own */
	int reportfd;
};

/* Never returns. A failure goes up the report pipe as a struct error. */
void child_run(const struct child *c) __attribute__((noreturn));

#endif
