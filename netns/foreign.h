/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_FOREIGN_H
#define NETNS_FOREIGN_H

/* What others have in the caller's namespace that is in the way of zones. Only read. */

#include "base/error.h"

/* Chains of nft tables (those of iptables-nft too) that drop what is forwarded unless a rule says
 * otherwise, as "inet filter forward", a strv that the caller owns. ERR_UNSUPPORTED without
 * nf_tables. */
int foreign_forward_drops(char ***out, struct error *err);

#endif
