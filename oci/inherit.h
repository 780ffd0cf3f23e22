/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_INHERIT_H
#define OCI_INHERIT_H

/* What a process of a container inherits of the caller beside its three streams: from descriptor 3
 * on the sockets that systemd gave the caller (sd_listen_fds(3)), then as many as --preserve-fds
 * says. */

#include "base/error.h"

struct inherit {
	unsigned int n_sockets;
	unsigned int n;			/* all of them */
};

/* preserve is the option's value or NULL. ERR_USAGE when one of them is not open: another would
 * stand in its place. */
int inherit_read(struct inherit *out, const char *preserve, struct error *err);
/* Adds LISTEN_FDS and LISTEN_PID, that of a container's first process, where there are sockets. */
void inherit_tell(const struct inherit *i, char ***env);

#endif
