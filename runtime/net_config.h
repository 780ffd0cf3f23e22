/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_NET_CONFIG_H
#define RUNTIME_NET_CONFIG_H

/* All network properties of a zone, parsed; interfaces are alike, whether "net" and its friends
 * say what they are or a "nic" does. */

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/net_spec.h"

struct net_config {
	enum net_mode mode;		/* of the main interface, or NET_NONE or NET_HOST */
	struct net_nic_spec nics[NET_NICS_MAX];	/* the main one first, if there is one */
	size_t n_nics;
	struct net_publish *publish;	/* owned */
	size_t n_publish;
};

#define NET_MAIN_NAME "eth0"

/* ERR_USAGE only for what the properties' own checks refuse too. The caller clears *out. */
int net_config_read(struct net_config *out, const struct zone_config *c, struct error *err);
void net_config_clear(struct net_config *n);
/* The first routed interface, which published ports lead to, or NULL. Borrowed. */
const struct net_nic_spec *net_config_routed(const struct net_config *n);
/* The rules between the properties: ERR_USAGE names the one that is in the way. */
int net_config_check(const struct zone_config *c, struct error *err);

#endif
