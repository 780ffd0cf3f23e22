/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_ENTRY_H
#define OCI_ENTRY_H

/* A process that is brought into a running container: exec. */

#include "oci/container.h"
#include "oci/process.h"

struct entry_options {
	const struct oci_process *process;
	char *const *cgroups;		/* --cgroup: below the container's own; NULL: that one */
	unsigned int n_kept;		/* --preserve-fds */
};

struct entered_process {
	pid_t pid;			/* a child of the caller */
	int pidfd;			/* owned */
	int ptyfd;			/* the terminal's master, -1 without one; owned */
};

/* Starts it with the container's namespaces, groups and filter and with what the process asks. The
 * caller has read the container's configuration. On failure err->sys is ENOENT or EACCES when there
 * is no such program or it can't be executed. */
int entry_start(struct container *c, const struct entry_options *options,
		struct entered_process *out, struct error *err);

/* Closes its descriptors; the process goes on. */
void entered_close(struct entered_process *e);

#endif
