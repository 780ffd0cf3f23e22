/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SSH_DEMAND_H
#define RUNTIME_SSH_DEMAND_H

/*
 * ssh=on-demand: the keeper holds the zone's port 22, and for a connection starts
 * the zone's own ssh server inside the zone, as inetd would. Until then nothing of
 * it runs. The keeper reads not a byte of what is sent.
 *
 * Whoever connects is a stranger, so connections are taken at a bounded pace, and so
 * many at a time: each has a process of the host's, which no limit of the zone counts.
 * The others wait in the socket's backlog, where the kernel bounds them.
 */

#include <poll.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/zone.h"

enum { SSH_DEMAND_MAX = 64 };		/* connections of a zone at a time */

struct ssh_demand {
	int listenfd;			/* owned, -1: the zone's port is its own */
	unsigned int tokens;		/* connections that may be taken now */
	int64_t counted_ms;		/* when tokens were last added */
	pid_t answering[SSH_DEMAND_MAX];	/* children that wait for a server */
	unsigned int n_answering;
};

/* Makes the listening socket in the caller's network namespace: of both IP versions, or of IPv4
 * where the kernel has no other. */
int ssh_demand_listen(struct error *err);
/* The same in the network namespace of another process. */
int ssh_demand_listen_in(int pidfd, struct error *err);

/* Takes over listenfd, which may be -1. Those who still answer for the one before are kept: *d
 * is all 0, or was closed. */
void ssh_demand_init(struct ssh_demand *d, int listenfd);
void ssh_demand_close(struct ssh_demand *d);
/* Fills in one row; returns how many milliseconds poll(2) may wait at most, -1 for ever. */
int ssh_demand_poll_set(struct ssh_demand *d, struct pollfd *out);
/* Answers what the row tells, in a child that this does not wait for. */
void ssh_demand_serve(struct ssh_demand *d, const struct pollfd *row, struct zone *z);

#endif
