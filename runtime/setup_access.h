/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_ACCESS_H
#define RUNTIME_SETUP_ACCESS_H

#include "base/error.h"

/* In the zone, as its root: makes hash the password of user, who must be there (ERR_NOT_FOUND). It
 * is asked for by hand, so SETUP_KEEP does not keep it away. */
int setup_set_password(const char *user, const char *hash, struct error *err);
/* In the zone, as its root: makes host keys for each ssh server that has none. Costs a few system
 * calls where there is nothing to make. Child-safe. */
int setup_make_host_keys(struct error *err);

#endif
