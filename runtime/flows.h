/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FLOWS_H
#define RUNTIME_FLOWS_H

/*
 * Tracked connections of an address that another zone had before
 * (netns/conntrack.h). To remove them the kernel walks all that it tracks, which a
 * boot can't pay for each time; so run/zonectl/.flows remembers in a fixed number
 * of places who was up with an address last, since the host was booted.
 */

#include "base/error.h"
#include "runtime/network.h"
#include "runtime/zone.h"

/* For a zone whose links are not up yet: removes the connections of those of its addresses that
 * somebody else may have had, and remembers that they are the zone's. */
int flows_forget(const struct zone *z, const struct network *n, struct error *err);

#endif
