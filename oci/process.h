/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_PROCESS_H
#define OCI_PROCESS_H

/*
 * What a process of a container becomes before it executes its program: the same
 * for the first one and for one that exec brings in.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/labels.h"
#include "oci/seccomp.h"
#include "oci/spec.h"
#include "oci/traits.h"
#include "runtime/caps.h"

enum { PROCESS_GROUPS_MAX = 65536 };	/* NGROUPS_MAX */

/* Numbers and bits of what the text names, found before there is a child. */
struct process {
	const struct oci_process *spec;
	const struct seccomp *seccomp;	/* NULL: no filter */
	struct caps_sets sets;
	struct traits traits;
	bool keeps_keyring;		/* --no-new-keyring */
};

/* ERR_USAGE for a limit, a flag or an affinity that no kernel knows. Capabilities that this one
 * does not know are left out, as the specification asks. l is the container's, or NULL. */
int process_compile(struct process *out, const struct oci_process *spec, const struct oci_linux *l,
		    struct error *err);
/* What the host's power is needed for, done to a process that is of the container's namespaces and
 * not yet of its user, or to the caller (0): limits that are raised, a lowered oom_score_adj.
 * Child-safe. */
int process_raise(const struct process *p, pid_t pid, struct error *err);
/* Likewise its scheduler, which a process does not always hand on to its children. Child-safe. */
int process_schedule(const struct process *p, pid_t pid, struct error *err);
/* All the rest, in the process itself, which has a session, its descriptors and its labels opened.
 * *out_noticefd is the filter's descriptor for notices, or -2. Child-safe. */
int process_become(const struct process *p, struct labels *labels, int *out_noticefd,
		   struct error *err);
/* The last step before it executes: the filter, where no_new_privs lets that be so late that it
 * filters none of our own calls. Else it was applied before. *out_noticefd is written when it is
 * applied. Child-safe. */
int process_seal(const struct process *p, int *out_noticefd, struct error *err);
/* Gives its terminal, of which fd is an end, the size that it asks for, if it asks. Child-safe. */
int process_size_terminal(const struct oci_process *p, int fd, struct error *err);
/* Enters the working directory. Child-safe. */
int process_enter_dir(const struct process *p, struct error *err);

#endif
