/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_SHAPE_H
#define NETNS_SHAPE_H

/*
 * Rates of the host's end of a pair. Towards the zone a token bucket (tbf) paces
 * what leaves that end. From the zone there is nothing to pace on, as packets
 * arrive; so they are led through an ifb, a link that only they pass, and its
 * token bucket. Both are the host's: root of the zone does not even see them.
 * Requests go into a batch, on links by index.
 */

#include <stdbool.h>
#include <stdint.h>

#include "netns/nl.h"

/* The least rate: slower ones keep a packet longer than TCP waits for it. */
enum { SHAPE_RATE_MIN = 8192 };		/* bytes a second */

/* What leaves the link leaves at rate bytes a second, in packets of up to mtu; takes the place of
 * an older rate. */
void shape_add_rate(struct nl_batch *b, int index, uint64_t rate, uint32_t mtu);
/* It leaves as fast as it can; fails with ENOENT when it did. */
void shape_add_no_rate(struct nl_batch *b, int index);
/* What arrives on the link passes the funnel (link_add_funnel()) first. */
void shape_add_funnel(struct nl_batch *b, int index, int funnel);
/* Takes the way through the funnel away; fails with ENOENT or EINVAL when there is none. */
void shape_add_no_funnel(struct nl_batch *b, int index);

/* Packets that the rate of the link had no room for. */
int shape_drops(struct nl *nl, int index, uint64_t *out, struct error *err);
/* The same of a message of a list (RTM_GETQDISC); false when it is not about a rate. */
bool shape_parse(const struct nlmsghdr *msg, int *out_index, uint64_t *out_drops);

#endif
