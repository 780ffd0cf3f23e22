/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the nft table does to the packets of zones that behave: real ones, between namespaces. */
#include "tests/unit/net_fixture.h"

#include <netinet/in.h>
#include <sys/wait.h>

#include "netns/table.h"
#include "tests/unit/frame_socket.h"

enum { NEVER_MS = 300 };	/* what a packet is waited for that must not come */

static const char *const own4[] = { "10.5.0.1", "10.5.0.2", "203.0.113.7" };
static const char *const own6[] = { "fd05::1", "fd05::2", "2001:db8:7::7" };
static const char *const names[] = { "one", "two", "public" };

#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8:1::1"
#define WORLD4 "192.0.2.254"
#define WORLD6 "2001:db8:1::254"

/* A zone to be, with all that its plan points to. */
struct guest {
	struct net_addr addrs[2];
	struct nic nic;
	struct net_publish publish[8];
	struct net_plan plan;
};

static void guest_init(struct guest *g, size_t zone)
{
	*g = (struct guest){ .addrs = { addr(own4[zone], 32), addr(own6[zone], 128) } };
	g->nic = routed("", (uint8_t)zone, g->addrs, N_ROWS(g->addrs));
	g->plan = plan_of(names[zone], &g->nic, 1);
	g->plan.publish = g->publish;
}

static struct net_publish *publish(struct guest *g, uint8_t protocol, uint16_t host_port,
				   uint16_t zone_port, uint16_t count)
{
	struct net_publish *p = &g->publish[g->plan.n_publish++];

	*p = (struct net_publish){
		.protocol = protocol, .host_port = host_port, .zone_port = zone_port,
		.count = count,
	};
	return p;
}

static void boot(struct fixture *f, struct guest *g, size_t zone)
{
	guest_init(g, zone);
	good(up(f, &g->plan, zone), &f->err);
}

/*
 * Who reaches whom
 */

static int server(struct place *p, int type, int family, uint16_t port)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, family == AF_INET ? "0.0.0.0" : "::", port);
	int fd, on = 1;

	enter(p);
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* A client of one place, whose first packet is on its way to an address and port. */
static int client(struct place *p, int type, const char *address, uint16_t port, int *out_why,
		  int wait_ms)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, address, port);
	int fd;

	enter(p);
	fd = socket(name.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	*out_why = connected(fd, &name, len, wait_ms);
	if (type == SOCK_DGRAM && *out_why == 0 && send(fd, "hello", 5, 0) != 5)
		*out_why = errno;
	return fd;
}

/* True if what a client sends to address and port comes to that port of the place to; *from gets
 * who it says it is from. Ends in the host. */
static bool reaches(struct fixture *f, struct place *from_place, const char *address, uint16_t port,
		    struct place *to, uint16_t to_port, int type, int wait_ms,
		    char from[INET6_ADDRSTRLEN])
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	AUTO_CLOSE int serverfd = server(to, type, family, to_port);
	int why;
	AUTO_CLOSE int clientfd = client(from_place, type, address, port, &why, wait_ms);
	struct pollfd ready = { .fd = serverfd, .events = POLLIN };
	struct sockaddr_storage peer = { 0 };
	const void *address_at = &((struct sockaddr_in6 *)&peer)->sin6_addr;
	socklen_t len = sizeof(peer);
	char word[8];
	int n;

	enter(&f->host);
	if (why != 0 || poll(&ready, 1, wait_ms) != 1)
		return false;
	if (type == SOCK_STREAM)
		n = accept4(serverfd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
	else
		n = (int)recvfrom(serverfd, word, sizeof(word), 0, (struct sockaddr *)&peer, &len);
	if (n < 0)
		return false;
	if (type == SOCK_STREAM)
		close(n);
	if (family == AF_INET)
		address_at = &((struct sockaddr_in *)&peer)->sin_addr;
	inet_ntop(family, address_at, from, INET6_ADDRSTRLEN);
	return true;
}

struct way {
	struct place *from;
	const char *address;
	uint16_t port;
	struct place *to;
	uint16_t to_port;
	const char *seen_as;		/* NULL: whoever */
};

#define WAY(...) &(struct way){ __VA_ARGS__ }

static void assert_way(struct fixture *f, const struct way *w, int type)
{
	char from[INET6_ADDRSTRLEN] = "";

	if (!reaches(f, w->from, w->address, w->port, w->to, w->to_port, type, WAIT_MS, from))
		fail_msg("%s port %d is not reached", w->address, w->port);
	if (w->seen_as)
		assert_string_equal(from, w->seen_as);
}

static void assert_no_way(struct fixture *f, const struct way *w, int type)
{
	char from[INET6_ADDRSTRLEN];

	if (reaches(f, w->from, w->address, w->port, w->to, w->to_port, type, NEVER_MS, from))
		fail_msg("%s port %d is reached", w->address, w->port);
}

/*
 * Outward
 */

static void private_addresses_leave_as_the_hosts_own(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one;

	make_uplink(f, 1500);
	boot(f, &one, 0);
	assert_way(f, WAY(&f->zones[0], WORLD4, 80, &f->world, 80, HOST4), SOCK_STREAM);
	assert_way(f, WAY(&f->zones[0], WORLD6, 80, &f->world, 80, HOST6), SOCK_STREAM);
	assert_way(f, WAY(&f->zones[0], WORLD4, 80, &f->world, 80, HOST4), SOCK_DGRAM);
	assert_way(f, WAY(&f->zones[0], HOST4, 80, &f->host, 80, own4[0]), SOCK_STREAM);
}

static void zones_see_each_others_own_addresses(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot(f, &one, 0);
	boot(f, &two, 1);
	assert_way(f, WAY(&f->zones[0], own4[1], 80, &f->zones[1], 80, own4[0]),
		   SOCK_STREAM);
	assert_way(f, WAY(&f->zones[0], own6[1], 80, &f->zones[1], 80, own6[0]),
		   SOCK_STREAM);
}

/* The source address of the next IPv4 packet that says HONEST, as the world gets it. */
static void seen_by_world(struct fixture *f, size_t zone, char out[INET_ADDRSTRLEN])
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, WORLD4, 9);
	AUTO_CLOSE int worldfd = -1;
	AUTO_CLOSE int fd = -1;
	struct frame frame;

	enter(&f->world);
	worldfd = frame_socket("wan");
	enter(&f->zones[zone]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(sendto(fd, "HONEST", 6, 0, (struct sockaddr *)&name, len), 6);
	enter(&f->host);
	do
		assert_true(frame_catch(worldfd, &frame, WAIT_MS));
	while (!frame_says(&frame, "HONEST"));
	inet_ntop(AF_INET, frame.data + ETH_HLEN + 12, out, INET_ADDRSTRLEN);
}

static void public_addresses_leave_as_they_are(void **state)
{
	struct fixture *f = as_root(state);
	char seen[INET_ADDRSTRLEN];
	struct guest public;

	make_uplink(f, 1500);
	boot(f, &public, 2);
	seen_by_world(f, 2, seen);
	assert_string_equal(seen, own4[2]);
}

static void private_addresses_leave_as_they_are_where_that_is_asked_for(void **state)
{
	struct fixture *f = as_root(state);
	char seen[INET_ADDRSTRLEN];
	struct guest one;

	make_uplink(f, 1500);
	guest_init(&one, 0);
	one.nic.is_unmasked = true;
	good(up(f, &one.plan, 0), &f->err);
	seen_by_world(f, 0, seen);
	assert_string_equal(seen, own4[0]);
}

/*
 * Published ports
 */

static void boot_publisher(struct fixture *f, struct guest *one, struct guest *two)
{
	make_uplink(f, 1500);
	guest_init(one, 0);
	publish(one, IPPROTO_TCP, 8080, 80, 1);
	publish(one, IPPROTO_UDP, 5300, 53, 1);
	publish(one, IPPROTO_TCP, 9000, 7000, 10);
	publish(one, IPPROTO_TCP, 8443, 443, 1)->address = addr(HOST4, 32);
	good(up(f, &one->plan, 0), &f->err);
	boot(f, two, 1);
}

static void a_published_port_is_reached_from_the_world(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->world, HOST4, 8080, &f->zones[0], 80, WORLD4), SOCK_STREAM);
	assert_way(f, WAY(&f->world, HOST6, 8080, &f->zones[0], 80, WORLD6), SOCK_STREAM);
	assert_way(f, WAY(&f->world, HOST4, 5300, &f->zones[0], 53, WORLD4), SOCK_DGRAM);
	assert_way(f, WAY(&f->world, HOST6, 5300, &f->zones[0], 53, WORLD6), SOCK_DGRAM);
	assert_no_way(f, WAY(&f->world, HOST4, 5300, &f->zones[0], 53, NULL), SOCK_STREAM);
}

static void a_range_leads_to_as_many_ports(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->world, HOST4, 9000, &f->zones[0], 7000, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->world, HOST6, 9009, &f->zones[0], 7009, NULL), SOCK_STREAM);
	assert_no_way(f, WAY(&f->world, HOST4, 9010, &f->zones[0], 7010, NULL),
		      SOCK_STREAM);
}

static void a_published_port_is_reached_from_the_host_itself(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->host, HOST4, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->host, HOST6, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->host, "127.0.0.1", 8080, &f->zones[0], 80, NULL),
		   SOCK_STREAM);
	assert_way(f, WAY(&f->host, "127.0.0.1", 5300, &f->zones[0], 53, NULL), SOCK_DGRAM);
	assert_way(f, WAY(&f->host, "::1", 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->host, "::1", 5300, &f->zones[0], 53, NULL), SOCK_DGRAM);
}

static void a_published_port_is_reached_from_other_zones(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->zones[1], HOST4, 8080, &f->zones[0], 80, own4[1]),
		   SOCK_STREAM);
	assert_way(f, WAY(&f->zones[1], HOST6, 8080, &f->zones[0], 80, own6[1]),
		   SOCK_STREAM);
	assert_way(f, WAY(&f->zones[1], "169.254.1.1", 8080, &f->zones[0], 80, own4[1]),
		   SOCK_STREAM);
}

static void a_zone_reaches_its_own_published_port(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->zones[0], HOST4, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->zones[0], HOST6, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
}

static void a_port_of_one_address_is_published_there_alone(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	assert_way(f, WAY(&f->world, HOST4, 8443, &f->zones[0], 443, NULL), SOCK_STREAM);
	assert_no_way(f, WAY(&f->host, "127.0.0.1", 8443, &f->zones[0], 443, NULL),
		      SOCK_STREAM);
	assert_no_way(f, WAY(&f->world, HOST6, 8443, &f->zones[0], 443, NULL),
		      SOCK_STREAM);
}

static void ports_come_and_go_while_the_zone_runs(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	boot_publisher(f, &one, &two);
	one.publish[0].host_port = 8081;
	good(table_publish(&one.plan, &f->err), &f->err);
	assert_way(f, WAY(&f->world, HOST4, 8081, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_no_way(f, WAY(&f->world, HOST4, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
}

static void ports_that_come_later_are_reached_by_localhost(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one;

	make_uplink(f, 1500);
	boot(f, &one, 0);
	publish(&one, IPPROTO_TCP, 8080, 80, 1);
	good(net_change(&one.plan, &f->err), &f->err);
	assert_way(f, WAY(&f->host, "::1", 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->host, "127.0.0.1", 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
}

/*
 * Shares
 */

static void isolated_zones_meet_by_published_ports_alone(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	make_uplink(f, 1500);
	guest_init(&one, 0);
	one.plan.is_isolated = true;
	publish(&one, IPPROTO_TCP, 8080, 80, 1);
	good(up(f, &one.plan, 0), &f->err);
	boot(f, &two, 1);
	assert_no_way(f, WAY(&f->zones[0], own4[1], 80, &f->zones[1], 80, NULL),
		      SOCK_STREAM);
	assert_no_way(f, WAY(&f->zones[1], own4[0], 80, &f->zones[0], 80, NULL),
		      SOCK_STREAM);
	assert_no_way(f, WAY(&f->zones[1], own6[0], 80, &f->zones[0], 80, NULL),
		      SOCK_DGRAM);
	assert_way(f, WAY(&f->zones[1], HOST4, 8080, &f->zones[0], 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->zones[0], WORLD4, 80, &f->world, 80, NULL), SOCK_STREAM);
	assert_way(f, WAY(&f->host, own4[0], 80, &f->zones[0], 80, NULL), SOCK_STREAM);
}

/* Sends n datagrams to the world from as many ports; returns how many get there. */
static int flows(struct fixture *f, size_t zone, int n)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, WORLD4, 9);
	AUTO_CLOSE int worldfd = -1;
	struct frame frame;
	int came = 0;

	enter(&f->world);
	worldfd = frame_socket("wan");
	enter(&f->zones[zone]);
	for (int i = 0; i < n; i++) {
		AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		assert_int_equal(sendto(fd, "HONEST", 6, 0, (struct sockaddr *)&name, len), 6);
	}
	enter(&f->host);
	while (came < n && frame_catch(worldfd, &frame, NEVER_MS))
		came += frame_says(&frame, "HONEST");
	return came;
}

static void a_zone_has_its_share_of_connections(void **state)
{
	struct fixture *f = as_root(state);
	struct guest one, two;

	make_uplink(f, 1500);
	guest_init(&one, 0);
	one.plan.connections = 20;
	good(up(f, &one.plan, 0), &f->err);
	boot(f, &two, 1);
	assert_int_equal(flows(f, 0, 15), 15);
	assert_int_equal(flows(f, 0, 15), 5);
	assert_int_equal(flows(f, 1, 50), 50);
}

/* Of the namespace that the caller is in. */
static int tracked(void)
{
	FILE *file = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "re");
	int n = -1;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &n), 1);
	fclose(file);
	return n;
}

/* Many are counted in places apart, which do not all fill up at once. */
static void a_share_of_thousands_is_held_as_well(void **state)
{
	struct fixture *f = as_root(state);
	struct sockaddr_storage name;
	AUTO_CLOSE int fd = -1;
	struct guest one;

	make_uplink(f, 1500);
	guest_init(&one, 0);
	one.plan.connections = 5000;
	good(up(f, &one.plan, 0), &f->err);
	enter(&f->zones[0]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (uint16_t port = 10000; port < 18000; port++) {
		socklen_t len = fill(&name, WORLD4, port);

		/* What is refused is refused on its way, not here. */
		assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&name, len), 1);
	}
	enter(&f->host);
	assert_in_range(tracked(), 3600, 4096);
}

/*
 * Counters
 */

static void stats_of(struct net_stats *out)
{
	struct error err = { 0 };

	good(table_stats("", names[0], out, &err), &err);
}

/* n datagrams of size bytes from one place to another. */
static void send_some(struct place *from, const char *address, int n, size_t size)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, address, 9);
	char data[2048] = "";
	AUTO_CLOSE int fd = -1;

	enter(from);
	fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(sendto(fd, data, size, 0, (struct sockaddr *)&name, len), size);
}

/* Waits until n datagrams are there, and with them their counts. */
static void await(int fd, int n)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char data[2048];

	for (int i = 0; i < n; i++) {
		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		assert_true(recv(fd, data, sizeof(data), 0) > 0);
	}
}

static void every_packet_is_counted_by_family(void **state)
{
	struct fixture *f = as_root(state);
	struct net_stats before, after;
	AUTO_CLOSE int world4 = -1, world6 = -1, zone4 = -1, zone6 = -1;
	struct guest one;

	make_uplink(f, 1500);
	boot(f, &one, 0);
	/* Somebody listens, so that no refusals come back. */
	world4 = server(&f->world, SOCK_DGRAM, AF_INET, 9);
	world6 = server(&f->world, SOCK_DGRAM, AF_INET6, 9);
	zone4 = server(&f->zones[0], SOCK_DGRAM, AF_INET, 9);
	zone6 = server(&f->zones[0], SOCK_DGRAM, AF_INET6, 9);
	enter(&f->host);
	stats_of(&before);
	send_some(&f->zones[0], WORLD4, 7, 100);
	send_some(&f->zones[0], WORLD6, 5, 1000);
	send_some(&f->host, own4[0], 3, 200);
	send_some(&f->host, own6[0], 11, 1);
	await(world4, 7);
	await(world6, 5);
	await(zone4, 3);
	await(zone6, 11);
	enter(&f->host);
	stats_of(&after);
	assert_int_equal(after.out4.packets - before.out4.packets, 7);
	assert_int_equal(after.out4.bytes - before.out4.bytes, 7 * (20 + 8 + 100));
	assert_int_equal(after.out6.packets - before.out6.packets, 5);
	assert_int_equal(after.out6.bytes - before.out6.bytes, 5 * (40 + 8 + 1000));
	assert_int_equal(after.in4.packets - before.in4.packets, 3);
	assert_int_equal(after.in4.bytes - before.in4.bytes, 3 * (20 + 8 + 200));
	assert_int_equal(after.in6.packets - before.in6.packets, 11);
	assert_int_equal(after.in6.bytes - before.in6.bytes, 11 * (40 + 8 + 1));
	assert_int_equal(after.dropped, before.dropped);
}

static void what_was_counted_is_told_at_the_end(void **state)
{
	struct fixture *f = as_root(state);
	AUTO_CLOSE int worldfd = -1;
	struct net_stats last;
	struct guest one;

	make_uplink(f, 1500);
	boot(f, &one, 0);
	worldfd = server(&f->world, SOCK_DGRAM, AF_INET, 9);
	send_some(&f->zones[0], WORLD4, 7, 100);
	await(worldfd, 7);
	enter(&f->host);
	good(table_remove("", names[0], &last, &f->err), &f->err);
	assert_int_equal(last.out4.packets, 7);
	assert_int_equal(last.out4.bytes, 7 * (20 + 8 + 100));
	good(table_remove("", names[0], &last, &f->err), &f->err);
	assert_int_equal(last.out4.packets, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(private_addresses_leave_as_the_hosts_own),
		CASE(zones_see_each_others_own_addresses),
		CASE(public_addresses_leave_as_they_are),
		CASE(private_addresses_leave_as_they_are_where_that_is_asked_for),
		CASE(a_published_port_is_reached_from_the_world),
		CASE(a_range_leads_to_as_many_ports),
		CASE(a_published_port_is_reached_from_the_host_itself),
		CASE(a_published_port_is_reached_from_other_zones),
		CASE(a_zone_reaches_its_own_published_port),
		CASE(a_port_of_one_address_is_published_there_alone),
		CASE(ports_come_and_go_while_the_zone_runs),
		CASE(ports_that_come_later_are_reached_by_localhost),
		CASE(isolated_zones_meet_by_published_ports_alone),
		CASE(a_zone_has_its_share_of_connections),
		CASE(a_share_of_thousands_is_held_as_well),
		CASE(every_packet_is_counted_by_family),
		CASE(what_was_counted_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
