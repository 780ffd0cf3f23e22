/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CHECK_H
#define RUNTIME_CHECK_H

/* Is a zone as it should be? A table of questions; every fault is told, none is mended. */

#include "base/error.h"
#include "runtime/site.h"

/* *out_faults is a strv of lines, the caller's; NULL: none was found. Fails when there is no such
 * zone or it can't be looked at. */
int zone_check(struct site *site, const char *name, char ***out_faults, struct error *err);

#endif
