/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_UNSUPPORTED_H
#define OCI_UNSUPPORTED_H

#include "oci/spec.h"

/* What a configuration asks for and this runtime can't give fails, by name: nothing that was asked
 * for is left out in silence. ERR_UNSUPPORTED "linux.intelRdt is not supported". */
int unsupported_check(const struct oci_spec *spec, struct error *err);

#endif
