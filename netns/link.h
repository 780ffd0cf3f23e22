/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_LINK_H
#define NETNS_LINK_H

/* Links of the network namespace that a struct nl was opened in. */

#include "base/error.h"
#include "netns/nl.h"

enum { LINK_LOOPBACK = 1 };		/* the index that every namespace gives to lo */

/* Raises a link by its index. */
int link_set_up(struct nl *nl, int index, struct error *err);

#endif
