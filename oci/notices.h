/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_NOTICES_H
#define OCI_NOTICES_H

/*
 * Notices of a system call filter (SCMP_ACT_NOTIFY) go to a supervisor that
 * listens at linux.seccomp.listenerPath: it gets the filter's descriptor with the
 * state of the process, as the specification has it ("The Container Process
 * State").
 */

#include <sys/types.h>

#include "base/error.h"
#include "oci/container.h"

/* Connects to the supervisor. The caller owns the socket. */
int notices_connect(const char *path, struct error *err);
/* The number of the caller in the pid namespace of the proc at /proc, the host's. Child-safe. */
pid_t notices_own_pid(void);

struct notices_process {
	const struct container *container;
	const char *status;		/* of the container */
	pid_t pid;			/* of the process, as the host sees it */
	pid_t init;			/* of the container's first one */
};
/* Passes the descriptor on. */
int notices_pass(int sock, int noticefd, const struct notices_process *p, struct error *err);

#endif
