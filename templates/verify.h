/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_VERIFY_H
#define TEMPLATES_VERIFY_H

/* Whether what the store holds is still what it took in. */

#include "base/error.h"
#include "templates/store.h"

/* Reads all files of the template and compares them with its digest, and template.json with them.
 * *out_faults gets a line for each fault, of files that differ those that the manifest tells; a
 * strv that the caller owns, NULL when all is well. */
int template_verify(int storefd, const struct template *t, char ***out_faults, struct error *err);

#endif
