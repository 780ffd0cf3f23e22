/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_LABELS_H
#define OCI_LABELS_H

/*
 * AppArmor's profile and SELinux' label of a process. They are written to files
 * of the process itself in a proc that is the host's: that of a container may be
 * anything (CVE-2019-16884), so they are opened before its root is the caller's.
 */

#include "base/error.h"
#include "oci/spec.h"

struct labels {
	int apparmorfd, selinuxfd;	/* owned; -1: none is asked for */
};

/* ERR_UNSUPPORTED for a profile or a label where the kernel has no such module, or has it off. */
int labels_check(const struct oci_process *p, struct error *err);
/* The same for linux.mountLabel; "" is none. */
int labels_check_mounts(const char *label, struct error *err);
/* Opens the files of the caller, which alone can write to them then. Child-safe. */
int labels_open(struct labels *out, const struct oci_process *p, struct error *err);
/* Asks for the change, which the next execve(2) makes. Child-safe. */
int labels_apply(struct labels *labels, const struct oci_process *p, struct error *err);

#endif
