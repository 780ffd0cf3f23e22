/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_ADDRESSES_H
#define RUNTIME_ADDRESSES_H

/*
 * Which zone has which address, and which port of the host leads to which zone:
 * claims (claims.h) below addresses/ and ports/. Whoever changes what a zone
 * claims holds its lock alone, takes, writes zone.json, then gives back: killed
 * anywhere, nothing is had by two, and what nobody has any more is found free.
 */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/claims.h"
#include "runtime/config.h"
#include "runtime/net_config.h"
#include "runtime/site.h"

/* Takes for c what its network properties ask for: addresses as given, free ones of the pools for
 * ip=auto, which c->auto_ip then names, and published ports. What c has already stays the same.
 * On failure nothing new was taken and c is as it was. ERR_EXISTS naming the zone that has one,
 * ERR_RESOURCE when the pools are exhausted. */
int addresses_take(struct site *site, struct zone_config *c, struct error *err);
/* Gives back what the configuration from has claimed and kept, which may be NULL, has not. */
int addresses_give(struct site *site, const struct zone_config *from,
		   const struct zone_config *kept, struct error *err);
/* Gives back every claim of a zone but those that kept has, which may be NULL. Everybody's claims
 * are looked at: for when the zone's holdings can't tell. */
int addresses_give_all(struct site *site, const char *name, const struct zone_config *kept,
		       struct error *err);
/* The links that a configuration's claims are, below var/lib/zonectl: "addresses/10.0.0.5"; a strv
 * that the caller owns. */
char **addresses_claims(const struct zone_config *c);
/* A running zone's configuration becomes c: what the old one had is held until the zone is down. */
void addresses_hold(struct zone_config *c, const struct zone_config *old);
/* How many more interfaces as nic could take addresses as ip says; NULL: as by default. UINT64_MAX:
 * none is taken. What another takes meanwhile is not foreseen. */
int addresses_room(struct site *site, const struct net_nic_spec *nic, const struct net_ip_spec *ip,
		   uint64_t *out, struct error *err);
/* For a zone that is about to be booted: takes what is missing and gives back what was held. True
 * in *out_changed: zone.json has to be written. */
int addresses_settle(struct site *site, struct zone_config *c, bool *out_changed,
		     struct error *err);

/* The addresses that a zone has been given, with the prefix lengths of their interfaces, as a strv
 * that the caller owns: of all interfaces, the main one first. */
char **addresses_of(const struct site *site, const struct zone_config *c);
/* The addresses of one interface of n, with prefix lengths; at most max. Returns how many. */
size_t addresses_of_nic(const struct site *site, const struct zone_config *c,
			const struct net_nic_spec *nic, struct net_addr *out, size_t max);
/* Who has an address or a port's claim, or "". For what net info shows. */
int addresses_open(struct claims *out, struct site *site, struct error *err);

#endif
