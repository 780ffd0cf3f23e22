/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_NET_FIXTURE_H
#define TESTS_UNIT_NET_FIXTURE_H

/*
 * A host, up to three zones and a world behind the host's uplink, each a network
 * namespace of this process's own, so that the machine's is never touched. Needs
 * root; skipped with the reason elsewhere.
 */

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
#include "base/mem.h"
#include "base/strv.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/net.h"

enum { ZONES = 3, WAIT_MS = 3000 };

struct place {
	int netns_fd;
	struct nl nl;
};

struct fixture {
	struct place host, world, zones[ZONES];
	struct str changed;
	struct error err;
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

/* "up0" of the host, 192.0.2.1 and 2001:db8:1::1, leads to the world's 192.0.2.254. */
static inline void make_uplink(struct fixture *f, uint32_t mtu)
{
	static const uint8_t near_mac[NET_MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	static const uint8_t far_mac[NET_MAC_LEN] = { 2, 0, 0, 0, 0, 2 };
	struct link_pair pair = {
		.host = "up0", .zone = "wan", .host_mac = near_mac, .zone_mac = far_mac,
		.zone_netns_fd = f->world.netns_fd, .mtu = mtu,
	};
	struct net_addr way4 = addr("192.0.2.254", 24), way6 = addr("2001:db8:1::254", 64);
	AUTO_BATCH struct nl_batch b = { .nl = &f->host.nl };
	struct link up, wan;

	link_add_pair(&b, &pair);
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	good(link_find(&f->host.nl, "up0", &up, &f->err), &f->err);
	good(link_find(&f->world.nl, "wan", &wan, &f->err), &f->err);
	give(&f->world, wan.index, "192.0.2.254", 24, &f->err);
	give(&f->world, wan.index, "2001:db8:1::254", 64, &f->err);
	give(&f->host, up.index, "192.0.2.1", 24, &f->err);
	give(&f->host, up.index, "2001:db8:1::1", 64, &f->err);
	addr_add_default_route(&b, up.index, &way4, 0, NULL);
	addr_add_default_route(&b, up.index, &way6, 0, NULL);
	good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
}

static inline int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	f->host.netns_fd = f->world.netns_fd = -1;
	for (size_t i = 0; i < ZONES; i++)
		f->zones[i].netns_fd = -1;
	if (geteuid() != 0)
		return 0;
	open_place(&f->world, &f->err);
	for (size_t i = 0; i < ZONES; i++)
		open_place(&f->zones[i], &f->err);
	open_place(&f->host, &f->err);
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ZONES; i++)
		close_place(&f->zones[i]);
	close_place(&f->world);
	close_place(&f->host);
	str_clear(&f->changed);
	free(f);
	return 0;
}

static inline struct fixture *as_root(void **state)
{
	if (geteuid() == 0)
		return *state;
	print_message("# skip: needs root\n");
	skip();
	return NULL;
}

/* A routed interface of a zone, as runtime/ would compile it. */
static inline struct nic routed(const char *site, uint8_t number, const struct net_addr *addrs,
				size_t n)
{
	struct nic nic = {
		.kind = NIC_ROUTED, .name = "eth0", .mac = { 2, 0, 0, 1, 0, number },
		.addrs = addrs, .n_addrs = n,
	};

	net_host_name(site, number, 0, nic.host);
	return nic;
}

static inline struct net_plan plan_of(const char *zone, const struct nic *nics, size_t n)
{
	return (struct net_plan){ .site = "", .zone = zone, .nics = nics, .n_nics = n };
}

static inline int up(struct fixture *f, const struct net_plan *plan, size_t zone)
{
	return net_up(plan, &f->zones[zone].nl, f->zones[zone].netns_fd, &f->changed, &f->err);
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

/* TCP from one place to an address of another: 0, or why not. Ends in the host. */
static inline int tcp(struct fixture *f, struct place *from, struct place *to, const char *address,
		      int wait_ms)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, address, 8080);
	AUTO_CLOSE int serverfd = -1;
	AUTO_CLOSE int clientfd = -1;
	int on = 1, why;

	enter(to);
	serverfd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(serverfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(serverfd, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(serverfd, 8), 0);
	enter(from);
	clientfd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	why = connected(clientfd, &name, len, wait_ms);
	enter(&f->host);
	return why;
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
