/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_EXTERNAL_H
#define OCI_EXTERNAL_H

/*
 * What a container has of the host's, and its images leave out: bind mounts, its
 * groups, masks, namespaces by path. What is restored gets those of its own
 * configuration. criu knows each by a name, which is made of a digest of where it
 * stands: images choose among what is offered and name nothing of the host, and no
 * path is taken for criu's own syntax ("mnt[KEY]:VALUE").
 */

#include "cgroups/span.h"
#include "oci/container.h"
#include "oci/criu.h"

/* Refuses (ERR_UNSUPPORTED) what would not be as it was: user namespaces, mounts whose files are
 * mapped to other users, listeners of a filter, namespaces by path that can't be joined again. */
int external_check(const struct oci_spec *spec, struct error *err);
/* Adds to the options of a dump what is the host's in a container that runs, whose configuration
 * was read; span is its groups'. */
int external_leave_out(struct str *opts, const struct container *c, const struct span *span,
		       struct error *err);
/* Adds to a restore's options what stands there instead, and opens the namespaces, which it
 * keeps until the end. */
int external_bring_in(struct criu_request *r, const struct container *c, const struct span *span,
		      struct error *err);

#endif
