/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SSH_H
#define RUNTIME_SSH_H

/*
 * What the OpenSSH client needs to reach the ssh server of a zone without a prompt
 * and without blind trust: a connection, and the server's host keys, which are
 * read inside the zone itself (inside.h).
 */

#include "base/error.h"
#include "runtime/state.h"
#include "runtime/zone.h"

enum { SSH_PORT = 22 };

/* Lines of known_hosts (sshd(8)) for the host keys of a running zone, under the name host; the
 * caller owns them. ERR_UNSUPPORTED, with the remedy, when the zone has no ssh server, or one
 * that can't be given keys. */
char *ssh_known_hosts(struct zone *z, const char *host, struct error *err);
/* The address that the host reaches the zone by, without its prefix length, "" when there is none:
 * the caller owns it. */
char *ssh_address(const struct zone *z);
/* A connection to the port of the zone, owned by the caller: by its address where it has one, else
 * from inside its network namespace to the loopback address. */
int ssh_connect(struct zone *z, const struct zone_status *status, struct error *err);

#endif
