/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_RESOLVER_H
#define RUNTIME_RESOLVER_H

/* Which name servers a zone asks: those of its properties, else those that the host asks. */

#include <stdbool.h>

#include "runtime/config.h"

/* Both are strvs that the caller owns. Where the properties are silent they are the host's, with
 * has_addresses; of those, what only the host can reach (its loopback, a link's own addresses) is
 * left out, but with is_host, for a zone in the host's network. None is left: empty. */
void resolver_compile(const struct zone_config *c, bool has_addresses, bool is_host,
		      char ***out_nameservers, char ***out_search);
/* The same of the text of a resolv.conf(5), for tests. */
void resolver_parse(const char *text, bool is_host, char ***nameservers, char ***search);

#endif
