/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_HOOKS_H
#define OCI_HOOKS_H

/*
 * Programs that a configuration names for moments of a container's life. Each
 * gets the container's state on standard input and is waited for, up to its
 * timeout; one that fails ends the list.
 */

#include "base/error.h"
#include "oci/spec.h"

struct hook_list {
	const char *name;		/* "prestart" */
	const struct oci_hook *hooks;
	size_t n;
	const char *state;		/* JSON */
	int dirfd;			/* working directory: the bundle */
};

/* Runs them in turn. The error tells which one, how it ended and what it said last on standard
 * error. */
int hooks_run(const struct hook_list *list, struct error *err);

#endif
