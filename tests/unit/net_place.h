/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_NET_PLACE_H
#define TESTS_UNIT_NET_PLACE_H

/* A network namespace of a test's own, and what can be looked at from inside it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "netns/addr.h"
#include "netns/link.h"

struct place {
	int netns_fd;
	struct nl nl;
};

/* A failure shows the error's text. */
static inline void good(int rc, const struct error *err)
{
	if (rc < 0)
		print_error("%s\n", err->text);
	assert_true(rc >= 0);
}

static inline void enter(const struct place *p)
{
	assert_int_equal(setns(p->netns_fd, CLONE_NEWNET), 0);
}

static inline void open_place(struct place *p, struct error *err)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	p->netns_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(p->netns_fd >= 0);
	good(nl_open(&p->nl, NETLINK_ROUTE, err), err);
	good(link_set_up(&p->nl, LINK_LOOPBACK, err), err);
}

/* Ends the namespace, as nothing else is in it. */
static inline void close_place(struct place *p)
{
	nl_close(&p->nl);
	if (p->netns_fd >= 0)
		close(p->netns_fd);
	p->netns_fd = -1;
}

static inline struct net_addr addr(const char *text, uint8_t prefix)
{
	struct net_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET, .prefix = prefix };

	assert_int_equal(inet_pton(a.family, text, a.ip), 1);
	return a;
}

static inline void give(struct place *p, int index, const char *text, uint8_t prefix,
			struct error *err)
{
	AUTO_BATCH struct nl_batch b = { .nl = &p->nl };
	struct net_addr a = addr(text, prefix);

	link_add_change(&b, &(struct link_change){ .index = index, .is_up = true });
	addr_add(&b, index, &a, true);
	good(nl_batch_talk(&b, NULL, NULL, err), err);
}

static inline socklen_t fill(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct net_addr a = addr(text, 0);
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (a.family == AF_INET) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a.ip, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a.ip, 16);
	return sizeof(*v6);
}

/* Begins to connect from one place, waits at most WAIT_MS; 0 when it is connected. */
static inline int connected(int fd, const struct sockaddr_storage *to, socklen_t len, int wait_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int number = 0;
	socklen_t size = sizeof(number);

	if (connect(fd, (const struct sockaddr *)to, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&ready, 1, wait_ms) != 1)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size);
	return number;
}

static inline bool has_link(struct place *p, const char *name)
{
	struct error ignored = { 0 };
	struct link link;

	return link_find(&p->nl, name, &link, &ignored) == 0;
}

static inline struct link link_named(struct place *p, const char *name)
{
	struct error err = { 0 };
	struct link link = { .index = 0 };

	good(link_find(&p->nl, name, &link, &err), &err);
	return link;
}

#endif
