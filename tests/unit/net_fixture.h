/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_NET_FIXTURE_H
#define TESTS_UNIT_NET_FIXTURE_H

/*
 * A host, up to three zones and a world behind the host's uplink, each a network
 * namespace of this process's own, so that the machine's is never touched. Needs
 * root; skipped with the reason elsewhere.
 */

#include "tests/unit/net_place.h"

#include "base/mem.h"
#include "netns/net.h"

enum { ZONES = 3, WAIT_MS = 3000 };

struct fixture {
	struct place host, world, zones[ZONES];
	struct str changed;
	struct error err;
};

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

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
