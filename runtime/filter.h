/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

/*
 * The system call filter of a zone: allow sets, ENOSYS for what the table does
 * not know, EPERM for what it refuses. Compiled once for each set
 * of features and kept in run/.filters/, so that no boot pays for compiling it.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/site.h"

struct filter {
	struct sock_filter *insns;	/* owned */
	unsigned short n;
	bool has_notices; /* some calls wait for an answer: see filter_apply_notices() */
};

/* Takes the compiled filter for these features (enum zone_feature bits) from the cache, or compiles
 * it and puts it there. A cache file that is not whole and host root's own is made anew. */
int filter_load(struct filter *out, struct site *site, uint64_t features, struct error *err);
void filter_clear(struct filter *f);
/* Confines the calling process and its children. Needs CAP_SYS_ADMIN in the own user namespace or
 * no_new_privs. Child-safe. */
int filter_apply(const struct filter *f, struct error *err);
/* The same for a filter with notices: returns the descriptor to answer them through
 * (seccomp_unotify(2)), which belongs to whoever answers. Child-safe. */
int filter_apply_notices(const struct filter *f, struct error *err);

#endif
