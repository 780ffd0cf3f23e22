/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_LISTENER_H
#define NETNS_LISTENER_H

/* Programs of the caller's namespace that wait at a port (sock_diag(7)). */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "netns/plan.h"

struct listener {
	uint16_t port;
	uint64_t inode;			/* of the socket */
	pid_t pid;			/* of a process that holds it, 0 if none was found */
	char comm[16];			/* its name, "" likewise */
};

/* Looks for one at the host's side of p: 1 and *out, or 0. A kernel that can't tell has none. */
int listener_find(const struct net_publish *p, struct listener *out, struct error *err);

#endif
