/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_CARRY_H
#define NETNS_CARRY_H

/*
 * A link of this namespace goes into another one with its addresses. The kernel
 * keeps its MAC and MTU, and takes it down and its addresses away
 * (dev_change_net_namespace()).
 */

#include <stdbool.h>

#include "base/error.h"
#include "netns/nl.h"

struct carry {
	const char *name;		/* here */
	const char *new_name;		/* over there */
	int netnsfd;			/* of the other namespace */
	struct nl *there;		/* opened in it */
};

/* True if the kernel takes name for a link (dev_valid_name()). */
bool carry_is_name(const char *name);
/* Moves it, gives it those of its addresses that are for ever and of more than the link, and raises
 * it. ERR_NOT_FOUND: no such interface. What is moved and can't be given its addresses stays over
 * there. */
int carry_link(struct nl *here, const struct carry *c, struct error *err);

#endif
