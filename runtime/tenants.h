/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_TENANTS_H
#define RUNTIME_TENANTS_H

/* Which zones stand on which template. */

#include <stddef.h>

#include "base/error.h"
#include "runtime/site.h"

struct tenants {
	struct tenant *list;		/* owned */
	size_t n;
};

#define AUTO_TENANTS __attribute__((cleanup(tenants_clear)))

/* Reads every zone. One that goes away meanwhile stands on nothing; one that can't be read may
 * stand on anything, which is an error that names it. */
int tenants_read(struct site *site, struct tenants *out, struct error *err);
void tenants_clear(struct tenants *t);
/* The zones that stand on the template of that digest, sorted: a strv that the caller owns. */
char **tenants_of(const struct tenants *t, const char *digest);

#endif
