/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_GUEST_H
#define RUNTIME_GUEST_H

/*
 * The few files of a zone that follow its properties at each boot. Of the builder,
 * before any process of the zone runs; every path refuses links.
 */

#include "runtime/launch.h"

/* Writes what is set. A root filesystem where that can't be done, because the zone's root made a
 * link of /etc, say, boots all the same: the files are the zone's own business. */
void guest_write(int rootfd, const struct launch *l);

#endif
