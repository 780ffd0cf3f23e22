/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_FRAME_SOCKET_H
#define TESTS_UNIT_FRAME_SOCKET_H

/* Frames that are sent and caught as they are. */

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/frame.h"

/* A raw socket on an interface of the namespace that the caller is in. */
static inline int frame_socket(const char *interface)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (fd >= 0 && bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline bool frame_send(int fd, const struct frame *f)
{
	return send(fd, f->data, f->len, 0) == (ssize_t)f->len;
}

/* The next one that comes in within wait_ms; false if none does. What the namespace itself sends is
 * passed over. */
static inline bool frame_catch(int fd, struct frame *f, int wait_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from;

	while (poll(&ready, 1, wait_ms) == 1) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, f->data, sizeof(f->data), 0, (struct sockaddr *)&from,
				     &len);

		if (n > 0 && from.sll_pkttype != PACKET_OUTGOING) {
			f->len = (size_t)n;
			return true;
		}
	}
	return false;
}

static inline bool frame_says(const struct frame *f, const char *word)
{
	return memmem(f->data, f->len, word, FRAME_WORD);
}

#endif
