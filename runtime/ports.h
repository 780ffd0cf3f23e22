/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PORTS_H
#define RUNTIME_PORTS_H

/* Which port of the host leads to which zone: claims (claims.h) ports/PROTOCOL:PORT@ADDRESS, where
 * ADDRESS is "any" for one of every address. Used by addresses.c, whose rules hold. */

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/net_config.h"
#include "runtime/site.h"

/* Takes what n publishes. ERR_EXISTS naming the holder, when another zone has one of the ports or a
 * process of the host listens there; then nothing new was taken. */
int ports_take(struct site *site, const char *zone, const struct net_config *n,
	       struct error *err);
/* Another zone that has a port which n publishes: 1, and its name in owner; 0: none has. One that
 * is_passed over counts as none. */
int ports_holder(struct site *site, const struct net_config *n,
		 bool (*is_passed)(const void *arg, const char *zone), const void *arg,
		 char owner[ZONE_NAME_MAX + 1], struct error *err);
/* Gives back what from publishes and kept, which may be NULL, does not. */
int ports_give(struct site *site, const struct zone_config *from, const struct zone_config *kept,
	       struct error *err);
/* Gives back all but what kept publishes, which may be NULL: all claims are looked at. */
int ports_give_all(struct site *site, const char *zone, const struct zone_config *kept,
		   struct error *err);
/* The claims of a configuration, as a strv that the caller owns. */
char **ports_claimed(const struct zone_config *c);

#endif
