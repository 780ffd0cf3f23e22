/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_CHECK_H
#define OCI_SPEC_CHECK_H

#include "oci/spec.h"

/* What the runtime specification, and runc after it, ask of a configuration beyond the type of each
 * value: what needs a namespace of the container's own, what stands in one of two lists, what
 * would name another's file. ERR_USAGE with the path of the fault. */
int spec_check(const struct oci_spec *spec, struct error *err);

/* True if the container shares no namespace of this type (enum oci_namespace_type) with whoever
 * starts it: it has a new one, or enters another by path. */
bool spec_has_namespace(const struct oci_spec *spec, int type);
/* True if the namespace is made with it. */
bool spec_makes_namespace(const struct oci_spec *spec, int type);

#endif
