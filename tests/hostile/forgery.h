/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_HOSTILE_FORGERY_H
#define TESTS_HOSTILE_FORGERY_H

/*
 * Frames that a zone has no business to send, one function a kind. Each says
 * FORGED somewhere, so that whoever gets one knows it. For a routed link to is
 * the host's end, for a bridged one the neighbour who is to be fooled.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tests/unit/frame.h"

#define FORGED "FORGED"
#define HONEST "HONEST"

struct forgery {
	struct frame f;			/* the frame, made anew by each function */
	uint8_t to[ETH_ALEN];
	uint8_t mac[ETH_ALEN];		/* the forger's own */
	const char *own4, *own6, *local6;	/* his addresses; local6 is link-local */
	const char *other4, *other6;	/* a neighbour's */
	const char *far4;		/* behind the uplink */
};

void forgery_udp4(struct forgery *g, const char *from, const char *to, uint16_t sport,
		  uint16_t dport);
/* An ICMPv6 message with a target behind its first 8 bytes, and the word as an option. */
void forgery_icmp6(struct forgery *g, const char *from, const char *to, uint8_t type,
		   const char *target);
void forgery_arp(struct forgery *g, uint16_t op, const uint8_t *mac, const char *from,
		 const char *to);
/* No forgery: from the forger's own address to the neighbour's, and says HONEST. */
void forgery_honest(struct forgery *g);

struct forgery_kind {
	const char *name;
	void (*forge)(struct forgery *g);
	/* A routed link ends at the host, which has no use for other than its own frames: what is
	 * no IP or ARP for it falls down before any rule. A bridge does not hand on what it keeps
	 * for itself, and has no rules for that. */
	bool is_counted_routed, is_counted_bridged;
};

extern const struct forgery_kind forgery_kinds[];
extern const size_t n_forgery_kinds;

#endif
