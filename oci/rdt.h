/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_RDT_H
#define OCI_RDT_H

/*
 * linux.intelRdt: which part of the caches and of the memory's bandwidth the
 * processes of a container may use, by the kernel's resctrl filesystem
 * (Documentation/filesystems/resctrl.rst). A class is a directory; one that the
 * configuration names is shared with whoever else names it and stays, one that
 * it does not name is the container's, under its id.
 */

#include <sys/types.h>

#include "base/error.h"
#include "oci/spec.h"
#include "oci/spec_linux.h"

/* Opens the filesystem. ERR_UNSUPPORTED where there is none. */
int rdt_open(struct error *err);
/* Makes the class where it is missing, writes its schemata and moves a process into it; with
 * enableMonitoring also into a monitoring group of the container's own. Child-safe. */
int rdt_place(int rootfd, const struct oci_intel_rdt *rdt, const char *id, pid_t pid,
	      struct error *err);
/* Removes what rdt_place() made for this container alone; nothing there is success. */
int rdt_remove(int rootfd, const struct oci_intel_rdt *rdt, const char *id, struct error *err);

#endif
