/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NL_H
#define NETNS_NL_H

/*
 * The one door for netlink: a request is begun, filled and talked over libmnl.
 * One struct nl is one socket in the network namespace it was opened in.
 */

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "base/error.h"

enum { NL_BUFFER = 8192 };		/* at least MNL_SOCKET_BUFFER_SIZE on 4 KiB pages */

struct nl {
	struct mnl_socket *sock;	/* owned */
	uint32_t seq;
	_Alignas(struct nlmsghdr) char buf[NL_BUFFER];	/* the request, then its answer */
};

/* Opens a socket of the netlink protocol bus (NETLINK_ROUTE, ...). */
int nl_open(struct nl *nl, int bus, struct error *err);
void nl_close(struct nl *nl);
/* Begins a request that asks for an acknowledgement; the header is in nl->buf. */
struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags);
/* Sends it and waits for the kernel's answer, whose errno ends up in err->sys. */
int nl_talk(struct nl *nl, struct nlmsghdr *req, struct error *err);

#endif
