/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_INITS_H
#define RUNTIME_INITS_H

/* How each init is asked to shut down, or to start in single-user mode: one table. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct inits_shutdown {
	int signal;			/* to send to pid 1, 0: none */
	const char *const *command;	/* to run inside instead, or NULL */
};

/* How a kind of init ("systemd", ..., "" unknown) is told to power off. */
struct inits_shutdown inits_shutdown(const char *kind);
/* True if pid handles, blocks or waits for sig: the first process of a pid namespace never sees one
 * that it does none of these with (pid_namespaces(7)), so asking it would only be waiting. */
bool inits_listens(pid_t pid, int sig);
/* Adds the argument that asks for single-user mode. ERR_UNSUPPORTED when that init has none. */
int inits_add_single(const char *kind, char ***argv, struct error *err);

#endif
