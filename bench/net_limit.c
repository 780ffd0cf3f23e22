/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network of a zone costs: net_up() beside the bare limit, in turn, in one process.
 *
 *   net_limit time N		the Nth and the 10th zone of each; tab-separated milliseconds
 *   net_limit hold N [limit]	makes N networks in this namespace, prints where the first two
 *				are, and keeps them until its input ends
 *   net_limit packet FROM TO ADDRESS
 *				ns of CPU that a datagram takes from one namespace to another
 *   net_limit record DIR N	tapes for bench/limit: what zones 0 to N - 1 add to the table and
 *				remove, as NUMBER.add and NUMBER.del; alone-NUMBER.* has the table
 *				itself in it, open.add is of a zone that stays
 *   net_limit play FILE	plays a tape here
 *
 * The limit is limit_net.c, and makes the same kernel objects as net_up() for a zone with an
 * address of each family (net.sh compares them). Its elements of the nft table are the bytes that
 * table_add() sent for the same zone in another namespace.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
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
#include "bench/limit_net.h"
#include "netns/link.h"
#include "netns/net.h"
#include "netns/table.h"

enum {
	TENTH = 10, WINDOW = 20, ZONES_MAX = 4000,
	STANDING = 65535,		/* the number of the zone that stays */
};

/* A zone to be: its namespace, and a socket there. */
struct room {
	int netns_fd;
	int routefd;			/* for the limit */
	struct nl nl;			/* for net_up() */
};

struct who {
	struct limit_nic nic;
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
	limit_nic_init(&w->nic, number);
	w->addrs[0] = (struct net_addr){ .family = AF_INET, .prefix = 32 };
	memcpy(w->addrs[0].ip, w->nic.ip4, sizeof(w->nic.ip4));
	w->addrs[1] = (struct net_addr){ .family = AF_INET6, .prefix = 128 };
	memcpy(w->addrs[1].ip, w->nic.ip6, sizeof(w->nic.ip6));
}

/*
 * Elements of the table, without table_add()'s questions
 */

static struct limit_tape tape;
static bool is_recording;

/* A removal names the state of the tables that it is about: another state fails it (nf_tables(7)
 * of the kernel, NFNL_BATCH_GENID). Played elsewhere it is about any. */
static void drop_generation(void)
{
	struct nlmsghdr *first = (struct nlmsghdr *)tape.data;
	size_t bare = NLMSG_LENGTH(sizeof(struct nfgenmsg)), more = first->nlmsg_len - bare;

	memmove(tape.data + bare, tape.data + bare + more, tape.len - bare - more);
	first->nlmsg_len = (uint32_t)bare;
	tape.len -= more;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	const struct nlmsghdr *first = data;

	if (is_recording && first->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		check(len <= sizeof(tape.data), "a longer tape");
		memcpy(tape.data, data, len);
		tape.len = len;
		drop_generation();
	}
	return sendto(fd, data, len, flags, NULL, 0);
}

static struct net_plan plan_of(const struct who *w, struct nic *nic)
{
	*nic = (struct nic){ .kind = NIC_ROUTED, .name = "eth0", .addrs = w->addrs, .n_addrs = 2 };
	memcpy(nic->mac, w->nic.mac, NET_MAC_LEN);
	memcpy(nic->host, w->nic.host, IFNAMSIZ);
	return (struct net_plan){ .site = "", .zone = w->nic.name, .nics = nic, .n_nics = 1 };
}

static void table_of(const struct who *w)
{
	struct error err = { 0 };
	struct nic nic;
	struct net_plan plan = plan_of(w, &nic);

	check(table_add(&plan, &err) == 0, err.text);
}

static void untable(const struct who *w)
{
	struct error err = { 0 };

	check(table_remove("", w->nic.name, NULL, &err) == 0, err.text);
}

static void record(const struct who *w, void (*change)(const struct who *w))
{
	tape.len = 0;
	is_recording = true;
	change(w);
	is_recording = false;
	check(tape.len > 0, "nothing was sent");
}

/*
 * The limit
 */

static void limit_up(int hostfd, int tablefd, const struct who *w, struct room *zone)
{
	check(limit_net_play(tablefd, &tape), "elements refused");
	check(limit_net_up(&w->nic, hostfd, zone->routefd, zone->netns_fd), "refused");
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
	r->routefd = limit_net_socket(NETLINK_ROUTE);
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
	open_room(&h->scratch);
	open_table();
	check(setns(h->room.netns_fd, CLONE_NEWNET) == 0, "setns");
	h->room.routefd = limit_net_socket(NETLINK_ROUTE);
	h->tablefd = limit_net_socket(NETLINK_NETFILTER);
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
		record(&w, table_of);
	}
	check(setns(host->room.netns_fd, CLONE_NEWNET) == 0, "setns");
	used = now(CLOCK_PROCESS_CPUTIME_ID);
	start = now(CLOCK_MONOTONIC);
	if (side == LIMIT)
		limit_up(host->room.routefd, host->tablefd, &w, zone);
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
 * Tapes
 */

static void save(const char *dir, const char *name, const char *kind)
{
	AUTO_FREE char *path = xasprintf("%s/%s.%s", dir, name, kind);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, tape.data, tape.len) == (ssize_t)tape.len, path);
}

static void record_both(unsigned int number, const char *dir, const char *prefix)
{
	AUTO_FREE char *name = xasprintf("%s%u", prefix, number);
	struct who w;

	name_who(&w, number);
	record(&w, table_of);
	save(dir, name, "add");
	record(&w, untable);
	save(dir, name, "del");
}

static void record_all(const char *dir, unsigned int n)
{
	struct room scratch;
	struct who standing;

	check(n <= ZONES_MAX, "at most 4000 zones");
	open_room(&scratch);
	for (unsigned int i = 0; i < LIMIT_ALONE; i++)
		record_both(i, dir, "alone-");
	name_who(&standing, STANDING);
	record(&standing, table_of);
	save(dir, "open", "add");
	for (unsigned int i = 0; i < n; i++)
		record_both(i, dir, "");
}

static void play(const char *path)
{
	AUTO_CLOSE int tablefd = limit_net_socket(NETLINK_NETFILTER);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, tape.data, sizeof(tape.data));

	check(n > 0, path);
	tape.len = (size_t)n;
	check(limit_net_play(tablefd, &tape), "elements refused");
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
	else if (argc > 3 && strcmp(argv[1], "record") == 0)
		record_all(argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	else if (argc > 2 && strcmp(argv[1], "play") == 0)
		play(argv[2]);
	else
		check(false, "usage: net_limit time|hold N [limit], packet FROM TO ADDRESS, "
		      "record DIR N, or play FILE");
	return 0;
}
