/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network of a zone costs: net_up() beside the bare limit, in turn, in one process.
 *
 *   net_limit time N		the Nth and the 10th zone of each; tab-separated milliseconds
 *   net_limit hold N [limit]	makes N networks in this namespace, prints where the first two
 *				are, and keeps them until its input ends
 *   net_limit packet FROM TO ADDRESS
 *				ns of CPU that a datagram takes from one namespace to another
 *
 * The limit makes the same kernel objects as net_up() for a zone with an address of each family
 * (net.sh compares them), with the fewest netlink messages: indexes are chosen, so that nothing is
 * asked; nothing is looked up, checked, or waited for. Its elements of the nft table are the bytes
 * that table_add() sent for the same zone in another namespace.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/link.h"
#include "netns/net.h"
#include "netns/table.h"

enum {
	INDEX_FIRST = 100000, ZONE_INDEX = 2,	/* nobody else's in a namespace of our own */
	TENTH = 10, WINDOW = 20, ZONES_MAX = 4000,
};

static const uint8_t near_mac[NET_MAC_LEN] = { 0x02, 0x00, 0xa9, 0xfe, 0x01, 0x01 };
static const uint8_t near4[4] = { 169, 254, 1, 1 };
static const uint8_t near6[16] = { 0xfe, 0x80, [15] = 1 };

/* A zone to be: its namespace, and a socket there. */
struct room {
	int netns_fd;
	struct nl nl;
};

struct who {
	unsigned int number;
	char name[16], host[IFNAMSIZ];
	uint8_t mac[NET_MAC_LEN];
	struct net_addr addrs[2];
};

static void check(bool claim, const char *what)
{
	if (claim)
		return;
	fprintf(stderr, "net_limit: %s\n", what);
	exit(1);
}

static void name_who(struct who *w, unsigned int number)
{
	uint8_t high = (uint8_t)(number >> 8), low = (uint8_t)number;

	*w = (struct who){
		.number = number, .mac = { 2, 0, 0, 1, high, low },
		.addrs = { { AF_INET, 32, { 10, 9, high, low } },
			   { AF_INET6, 128, { 0xfd, 0, 0, 9, [14] = high, [15] = low } } },
	};
	snprintf(w->name, sizeof(w->name), "zone%u", number);
	net_host_name("", number, 0, w->host);
}

/*
 * Elements of the table, without table_add()'s questions
 */

static struct {
	bool is_on;
	char data[65536];
	size_t len;
} tape;

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	const struct nlmsghdr *first = data;

	if (tape.is_on && first->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		check(len <= sizeof(tape.data), "a longer tape");
		memcpy(tape.data, data, len);
		tape.len = len;
	}
	return sendto(fd, data, len, flags, NULL, 0);
}

static struct net_plan plan_of(const struct who *w, struct nic *nic)
{
	*nic = (struct nic){ .kind = NIC_ROUTED, .name = "eth0", .addrs = w->addrs, .n_addrs = 2 };
	memcpy(nic->mac, w->mac, NET_MAC_LEN);
	memcpy(nic->host, w->host, IFNAMSIZ);
	return (struct net_plan){ .site = "", .zone = w->name, .nics = nic, .n_nics = 1 };
}

static void table_of(const struct who *w)
{
	struct error err = { 0 };
	struct nic nic;
	struct net_plan plan = plan_of(w, &nic);

	check(table_add(&plan, &err) == 0, err.text);
}

static void record(const struct who *w)
{
	tape.is_on = true;
	tape.len = 0;
	table_of(w);
	tape.is_on = false;
	check(tape.len > 0, "table_add() sent nothing");
}

static void play(int fd)
{
	char answer[8192];
	const struct nlmsghdr *msg = (struct nlmsghdr *)answer;

	check(sendto(fd, tape.data, tape.len, 0, NULL, 0) == (ssize_t)tape.len, "send");
	check(recv(fd, answer, sizeof(answer), 0) > 0, "receive");
	check(((const int *)mnl_nlmsg_get_payload(msg))[0] == 0, "elements refused");
}

/*
 * The limit
 */

struct batch {
	char data[8192];
	size_t len;
	struct nlmsghdr *last;
};

static void *add(struct batch *b, uint16_t type, uint16_t flags, size_t header)
{
	b->last = mnl_nlmsg_put_header(b->data + b->len);
	b->last->nlmsg_type = type;
	b->last->nlmsg_flags = NLM_F_REQUEST | flags;
	b->last->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(b->last, header);
}

static void end(struct batch *b)
{
	b->len += MNL_ALIGN(b->last->nlmsg_len);
}

/* The kernel is told to answer the last request only; a refusal of another comes before. */
static void send_batch(struct batch *b, int fd)
{
	char answer[8192];
	const struct nlmsghdr *msg = (struct nlmsghdr *)answer;

	b->last->nlmsg_flags |= NLM_F_ACK;
	check(send(fd, b->data, b->len, 0) == (ssize_t)b->len, "send");
	check(recv(fd, answer, sizeof(answer), 0) > 0, "receive");
	check(((const int *)mnl_nlmsg_get_payload(msg))[0] == 0, "refused");
	b->len = 0;
}

static void add_pair(struct batch *b, const struct who *w, int index, int netns_fd)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link));
	struct nlattr *info, *data, *peer;

	link->ifi_index = index;
	mnl_attr_put_strz(b->last, IFLA_IFNAME, w->host);
	mnl_attr_put_u32(b->last, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(b->last, IFLA_NUM_RX_QUEUES, 1);
	mnl_attr_put(b->last, IFLA_ADDRESS, NET_MAC_LEN, near_mac);
	info = mnl_attr_nest_start(b->last, IFLA_LINKINFO);
	mnl_attr_put_strz(b->last, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(b->last, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(b->last, VETH_INFO_PEER);
	link = mnl_nlmsg_put_extra_header(b->last, sizeof(*link));
	link->ifi_index = ZONE_INDEX;
	mnl_attr_put_strz(b->last, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(b->last, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(b->last, IFLA_NUM_RX_QUEUES, 1);
	mnl_attr_put(b->last, IFLA_ADDRESS, NET_MAC_LEN, w->mac);
	mnl_attr_put_u32(b->last, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	mnl_attr_nest_end(b->last, peer);
	mnl_attr_nest_end(b->last, data);
	mnl_attr_nest_end(b->last, info);
	end(b);
}

static void put_sysctls(struct batch *b)
{
	static const struct {
		uint16_t number;
		uint32_t value;
	} rows[] = {
		{ IPV4_DEVCONF_FORWARDING, 1 }, { IPV4_DEVCONF_RP_FILTER, 1 },
		{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 }, { IPV4_DEVCONF_SEND_REDIRECTS, 0 },
		{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 }, { IPV4_DEVCONF_ROUTE_LOCALNET, 1 },
	};
	struct nlattr *family = mnl_attr_nest_start(b->last, AF_INET), *conf;

	conf = mnl_attr_nest_start(b->last, IFLA_INET_CONF);
	for (size_t i = 0; i < N_ROWS(rows); i++)
		mnl_attr_put_u32(b->last, rows[i].number, rows[i].value);
	mnl_attr_nest_end(b->last, conf);
	mnl_attr_nest_end(b->last, family);
}

/* No address of the link's own making (IPv6); the host's end with alias and sysctls. */
static void add_settings(struct batch *b, int index, const struct who *host)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINK, 0, sizeof(*link));
	struct nlattr *spec, *family;
	char alias[32];

	link->ifi_index = index;
	if (host) {
		snprintf(alias, sizeof(alias), "zonectl %s", host->name);
		mnl_attr_put_str(b->last, IFLA_IFALIAS, alias);
	}
	spec = mnl_attr_nest_start(b->last, IFLA_AF_SPEC);
	if (host)
		put_sysctls(b);
	family = mnl_attr_nest_start(b->last, AF_INET6);
	mnl_attr_put_u8(b->last, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(b->last, family);
	mnl_attr_nest_end(b->last, spec);
	end(b);
}

static void add_further_name(struct batch *b, int index, const struct who *w)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND,
				     sizeof(*link));
	struct nlattr *list = mnl_attr_nest_start(b->last, IFLA_PROP_LIST);
	char name[64];

	link->ifi_index = index;
	snprintf(name, sizeof(name), "zonectl+%s+0", w->name);
	mnl_attr_put_strz(b->last, IFLA_ALT_IFNAME, name);
	mnl_attr_nest_end(b->last, list);
	end(b);
}

static void add_up(struct batch *b, int index)
{
	struct ifinfomsg *link = add(b, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	end(b);
}

static void add_address(struct batch *b, int index, uint8_t family, const void *ip)
{
	struct ifaddrmsg *header = add(b, RTM_NEWADDR, NLM_F_CREATE, sizeof(*header));
	size_t len = family == AF_INET ? 4 : 16;

	header->ifa_family = family;
	header->ifa_prefixlen = (uint8_t)(len * 8);
	header->ifa_index = (uint32_t)index;
	mnl_attr_put(b->last, IFA_LOCAL, len, ip);
	mnl_attr_put(b->last, IFA_ADDRESS, len, ip);
	mnl_attr_put_u32(b->last, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	end(b);
}

static void add_neighbour(struct batch *b, int index, uint8_t family, const void *ip,
			  const uint8_t *mac)
{
	struct ndmsg *header = add(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));

	header->ndm_family = family;
	header->ndm_ifindex = index;
	header->ndm_state = NUD_PERMANENT;
	mnl_attr_put(b->last, NDA_DST, family == AF_INET ? 4 : 16, ip);
	mnl_attr_put_u8(b->last, NDA_PROTOCOL, 122);
	mnl_attr_put(b->last, NDA_LLADDR, NET_MAC_LEN, mac);
	end(b);
}

/* To the address, or by default over near. */
static void add_route(struct batch *b, int index, uint8_t family, const void *to, const void *near,
		      const void *source)
{
	struct rtmsg *header = add(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));
	size_t len = family == AF_INET ? 4 : 16;

	header->rtm_family = family;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = 122;
	header->rtm_type = RTN_UNICAST;
	header->rtm_dst_len = to ? (uint8_t)(len * 8) : 0;
	header->rtm_scope = to ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	header->rtm_flags = to ? 0 : RTNH_F_ONLINK;
	mnl_attr_put_u32(b->last, RTA_OIF, (uint32_t)index);
	if (to)
		mnl_attr_put(b->last, RTA_DST, len, to);
	if (near)
		mnl_attr_put(b->last, RTA_GATEWAY, len, near);
	if (source)
		mnl_attr_put(b->last, RTA_PREFSRC, len, source);
	end(b);
}

static void limit_up(int hostfd, int tablefd, const struct who *w, struct room *zone)
{
	static struct batch b;
	int index = INDEX_FIRST + (int)w->number;

	play(tablefd);
	add_pair(&b, w, index, zone->netns_fd);
	add_settings(&b, index, w);
	add_further_name(&b, index, w);
	send_batch(&b, hostfd);
	add_settings(&b, ZONE_INDEX, NULL);
	add_up(&b, ZONE_INDEX);
	for (int i = 0; i < 2; i++) {
		const void *near = i == 0 ? near4 : near6;
		uint8_t family = w->addrs[i].family;

		add_address(&b, ZONE_INDEX, family, w->addrs[i].ip);
		add_neighbour(&b, ZONE_INDEX, family, near, near_mac);
		add_route(&b, ZONE_INDEX, family, NULL, near, w->addrs[i].ip);
	}
	send_batch(&b, nl_fd(&zone->nl));
	add_up(&b, index);
	for (int i = 0; i < 2; i++) {
		uint8_t family = w->addrs[i].family;

		add_address(&b, index, family, i == 0 ? near4 : near6);
		add_neighbour(&b, index, family, w->addrs[i].ip, w->mac);
		add_route(&b, index, family, w->addrs[i].ip, NULL, NULL);
	}
	send_batch(&b, hostfd);
}

/*
 * net_up()
 */

static void ours_up(const struct who *w, struct room *zone)
{
	AUTO_STR struct str changed = { 0 };
	struct error err = { 0 };
	struct nic nic;
	struct net_plan plan = plan_of(w, &nic);

	check(net_up(&plan, &zone->nl, zone->netns_fd, &changed, &err) == 0, err.text);
}

/*
 * Times
 */

static void open_room(struct room *r)
{
	struct error err = { 0 };

	check(unshare(CLONE_NEWNET) == 0, "unshare");
	r->netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	check(nl_open(&r->nl, NETLINK_ROUTE, &err) == 0, err.text);
	check(link_set_up(&r->nl, LINK_LOOPBACK, &err) == 0, err.text);
}

static void forward(void)
{
	AUTO_CLOSE int fd = open("/proc/sys/net/ipv6/conf/all/forwarding", O_WRONLY | O_CLOEXEC);

	check(fd >= 0 && write(fd, "1", 1) == 1, "switch IPv6 forwarding on");
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum side { LIMIT, OURS, SIDES };

struct times {
	double elapsed[SIDES][ZONES_MAX], used[SIDES][ZONES_MAX];
};

/* A host to be; net_up() switches forwarding on and makes the table with the first zone, so that is
 * done here, before all of either side. */
struct host {
	struct room room;
	struct room scratch;		/* where table_add() is recorded, for the limit */
	int tablefd;
};

static void open_table(void)
{
	struct who w;

	name_who(&w, ZONES_MAX);
	table_of(&w);
}

static void open_host(struct host *h)
{
	struct error err = { 0 };
	struct nl nl;

	open_room(&h->scratch);
	open_table();
	check(setns(h->room.netns_fd, CLONE_NEWNET) == 0, "setns");
	check(nl_open(&h->room.nl, NETLINK_ROUTE, &err) == 0, err.text);
	check(nl_open(&nl, NETLINK_NETFILTER, &err) == 0, err.text);
	h->tablefd = nl_fd(&nl);
	open_table();
	forward();
}

static void make_one(struct times *t, enum side side, const struct host *host, unsigned int number)
{
	struct room *zone = xcalloc(1, sizeof(*zone));	/* kept: it holds the namespace */
	struct who w;
	double start, used;

	name_who(&w, number);
	open_room(zone);
	if (side == LIMIT) {
		check(setns(host->scratch.netns_fd, CLONE_NEWNET) == 0, "setns");
		record(&w);
	}
	check(setns(host->room.netns_fd, CLONE_NEWNET) == 0, "setns");
	used = now(CLOCK_PROCESS_CPUTIME_ID);
	start = now(CLOCK_MONOTONIC);
	if (side == LIMIT)
		limit_up(nl_fd(&host->room.nl), host->tablefd, &w, zone);
	else
		ours_up(&w, zone);
	t->elapsed[side][number] = now(CLOCK_MONOTONIC) - start;
	t->used[side][number] = now(CLOCK_PROCESS_CPUTIME_ID) - used;
}

/* Of the zones around and up to the last one. */
static void print_median(const char *name, const double *all, unsigned int first)
{
	double window[WINDOW];

	memcpy(window, all + first, sizeof(window));
	qsort(window, WINDOW, sizeof(*window), by_value);
	printf("\t%s\t%.3f", name, window[WINDOW / 2]);
}

static void time_all(unsigned int n)
{
	static const char *const names[SIDES] = { "limit", "zonectl" };
	static struct times t;
	struct host hosts[SIDES];

	check(n >= TENTH + WINDOW && n <= ZONES_MAX, "30 to 4000 zones");
	for (enum side side = 0; side < SIDES; side++) {
		open_room(&hosts[side].room);
		nl_close(&hosts[side].room.nl);
		open_host(&hosts[side]);
	}
	for (unsigned int i = 0; i < n; i++) {
		make_one(&t, LIMIT, &hosts[LIMIT], i);
		make_one(&t, OURS, &hosts[OURS], i);
	}
	for (enum side side = 0; side < SIDES; side++) {
		printf("%s", names[side]);
		print_median("10th", t.elapsed[side], TENTH - WINDOW / 2);
		print_median("cpu", t.used[side], TENTH - WINDOW / 2);
		print_median("last", t.elapsed[side], n - WINDOW);
		print_median("cpu", t.used[side], n - WINDOW);
		printf("\n");
	}
}

static void hold(unsigned int n, enum side side)
{
	static struct times t;
	struct host host;
	int firsts[2] = { -1, -1 };

	check(n >= 1 && n <= ZONES_MAX, "1 to 4000 zones");
	host.room.netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	open_host(&host);
	for (unsigned int i = 0; i < n; i++) {
		int fd = dup(host.room.netns_fd);	/* the number that the zone's gets next */

		close(fd);
		make_one(&t, side, &host, i);
		if (i < N_ROWS(firsts))
			firsts[i] = fd;
	}
	for (size_t i = 0; i < N_ROWS(firsts) && firsts[i] >= 0; i++)
		printf("/proc/%d/fd/%d\n", getpid(), firsts[i]);
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

/*
 * One packet: all that is done for it is done on the sender's time, until it falls off the end of
 * the receiver's queue. Both have spoken before, as for most packets there are.
 */

enum { PORT = 9, DATAGRAM = 1000, TIMES = 9, IN_A_TIME = 10000 };

static int datagram_socket(const char *netns)
{
	AUTO_CLOSE int netnsfd = open(netns, O_RDONLY | O_CLOEXEC);
	int fd;

	check(netnsfd >= 0 && setns(netnsfd, CLONE_NEWNET) == 0, netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	check(fd >= 0, "socket");
	return fd;
}

static void greet(int clientfd, int serverfd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char word[8];

	check(send(clientfd, "hello", 5, 0) == 5, "send");
	check(recvfrom(serverfd, word, sizeof(word), 0, (void *)&from, &len) == 5, "greeting");
	check(sendto(serverfd, "hello", 5, 0, (void *)&from, len) == 5, "answer");
	check(recv(clientfd, word, sizeof(word), 0) == 5, "answer");
}

static void time_packet(const char *from, const char *to, const char *address)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	AUTO_CLOSE int serverfd = datagram_socket(to);
	static const char datagram[DATAGRAM];
	double each[TIMES];
	int small = 1, clientfd;

	setsockopt(serverfd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	check(bind(serverfd, (void *)&name, sizeof(name)) == 0, "bind");
	clientfd = datagram_socket(from);
	check(inet_pton(AF_INET, address, &name.sin_addr) == 1, "no address");
	check(connect(clientfd, (void *)&name, sizeof(name)) == 0, "connect");
	greet(clientfd, serverfd);
	for (size_t i = 0; i < TIMES; i++) {
		double start = now(CLOCK_PROCESS_CPUTIME_ID);

		for (size_t k = 0; k < IN_A_TIME; k++)
			(void)send(clientfd, datagram, DATAGRAM, 0);	/* lost, as it should */
		each[i] = (now(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e6 / IN_A_TIME;
	}
	qsort(each, TIMES, sizeof(*each), by_value);
	printf("%.0f\n", each[TIMES / 2]);
	close(clientfd);
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;

	if (argc > 2 && strcmp(argv[1], "time") == 0)
		time_all(n);
	else if (argc > 2 && strcmp(argv[1], "hold") == 0)
		hold(n, argc > 3 && strcmp(argv[3], "limit") == 0 ? LIMIT : OURS);
	else if (argc > 4 && strcmp(argv[1], "packet") == 0)
		time_packet(argv[2], argv[3], argv[4]);
	else
		check(false, "usage: net_limit time|hold N [limit], or packet FROM TO ADDRESS");
	return 0;
}
