/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root of a zone sends by hand, and what catches it elsewhere: one static
 * program, as it runs in zones that have nothing but itself. Each word says at
 * its end what it did, in one line.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/hostile/forgery.h"
#include "tests/unit/frame_socket.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int die(const char *what)
{
	fprintf(stderr, "spoof: %s: %s\n", what, strerror(errno));
	return 1;
}

/* The MAC of an interface, and what EUI-64 makes of it. */
static int own_mac(int fd, const char *interface, uint8_t mac[ETH_ALEN], char local6[64])
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		return -1;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	snprintf(local6, 64, "fe80::%x:%xff:fe%02x:%02x%02x", (mac[0] ^ 2) << 8 | mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return 0;
}

static int read_mac(const char *text, uint8_t mac[ETH_ALEN])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == ETH_ALEN ? 0 : -1;
}

/* kinds ROUTED|BRIDGED: how many there are, and how many of them count. */
static int do_kinds(char **argv)
{
	bool is_bridged = strcmp(argv[0], "bridged") == 0;
	size_t counted = 0;

	for (size_t i = 0; i < n_forgery_kinds; i++)
		counted += is_bridged ? forgery_kinds[i].is_counted_bridged :
					forgery_kinds[i].is_counted_routed;
	printf("kinds %zu counted %zu\n", n_forgery_kinds, counted);
	return 0;
}

/* forge INTERFACE TO-MAC OWN4 OWN6 OTHER4 OTHER6 FAR4: one of each kind, then honest ones. */
static int do_forge(char **argv)
{
	struct forgery g = {
		.own4 = argv[2], .own6 = argv[3], .other4 = argv[4], .other6 = argv[5],
		.far4 = argv[6],
	};
	char local6[64];
	int fd = frame_socket(argv[0]);

	g.local6 = local6;
	if (fd < 0 || own_mac(fd, argv[0], g.mac, local6) < 0 || read_mac(argv[1], g.to) < 0)
		return die(argv[0]);
	for (size_t i = 0; i < n_forgery_kinds; i++) {
		forgery_kinds[i].forge(&g);
		if (!frame_send(fd, &g.f))
			return die(forgery_kinds[i].name);
	}
	/* The neighbour and the world wait no longer when they have these. */
	forgery_honest(&g);
	if (!frame_send(fd, &g.f))
		return die("honest");
	g.other4 = g.far4;
	forgery_honest(&g);
	if (!frame_send(fd, &g.f))
		return die("honest");
	printf("sent %zu\n", n_forgery_kinds + 2);
	return 0;
}

static volatile sig_atomic_t is_told;

static void tell(int sig)
{
	(void)sig;
	is_told = 1;
}

/* catch INTERFACE: until an honest frame comes, counting the others. Told to end, it takes what has
 * come by then. */
static int do_catch(char **argv)
{
	int fd = frame_socket(argv[0]), forged = 0, honest = 0;
	struct frame f;
	bool is_last = false;

	if (fd < 0 || signal(SIGTERM, tell) == SIG_ERR)
		return die(argv[0]);
	printf("ready\n");
	fflush(stdout);
	while (!honest && !is_last) {
		is_last = is_told;
		while (!honest && frame_catch(fd, &f, is_last ? 0 : 100)) {
			forged += frame_says(&f, FORGED);
			honest += frame_says(&f, HONEST);
		}
	}
	printf("forged %d honest %d\n", forged, honest);
	return 0;
}

/* flows ADDRESS N: datagrams to N ports, each a connection to track. */
static int do_flows(char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	long n = atol(argv[1]), sent = 0;
	int fd = -1;

	inet_pton(AF_INET, argv[0], &to.sin_addr);
	for (long i = 0; i < n; i++) {
		if (i % 60000 == 0) {
			close(fd);
			fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		}
		to.sin_port = htons((uint16_t)(1024 + i % 60000));
		sent += sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1;
	}
	printf("flows %ld\n", sent);
	return 0;
}

/* connect ADDRESS PORT N: TCP connections, one after the other; the slowest ones' times. */
static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int do_connect(char **argv)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
	};
	int n = atoi(argv[2]), failed = 0;
	double *took = calloc((size_t)n, sizeof(*took));

	inet_pton(AF_INET, argv[0], &to.sin_addr);
	for (int i = 0; i < n; i++) {
		double start = now();
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		failed += connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0;
		took[i] = now() - start;
		close(fd);
	}
	qsort(took, (size_t)n, sizeof(*took), compare);
	printf("failed %d p99us %.0f\n", failed, took[n * 99 / 100] * 1e6);
	free(took);
	return 0;
}

/* serve PORT: accepts TCP connections and closes them, until killed. */
static int do_serve(char **argv)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[0])),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1024) < 0)
		return die("serve");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		close(accept(fd, NULL, NULL));
}

/* claim INTERFACE TO-MAC N: ARP requests and neighbour solicitations of N different senders. */
static int do_claim(char **argv)
{
	struct forgery g = { .own4 = "0.0.0.0", .own6 = "::" };
	char local6[64], from4[32], from6[64];
	int fd = frame_socket(argv[0]), n = atoi(argv[2]);

	if (fd < 0 || own_mac(fd, argv[0], g.mac, local6) < 0 || read_mac(argv[1], g.to) < 0)
		return die(argv[0]);
	for (int i = 0; i < n; i++) {
		snprintf(from4, sizeof(from4), "10.200.%d.%d", i >> 8 & 255, i & 255);
		forgery_arp(&g, 1, g.mac, from4, "169.254.1.1");
		frame_send(fd, &g.f);
		snprintf(from6, sizeof(from6), "2001:db8:bad::%x", i);
		forgery_icmp6(&g, from6, "fe80::1", 135, "fe80::1");
		frame_send(fd, &g.f);
	}
	printf("claimed %d\n", n);
	return 0;
}

/* churn N: makes and leaves network namespaces, for as long as it is let. */
static int do_churn(char **argv)
{
	int n = atoi(argv[0]), made = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(unshare(CLONE_NEWNET) < 0);
		if (pid > 0) {
			int status = 1;

			waitpid(pid, &status, 0);
			made += status == 0;
		}
	}
	printf("done %d\n", made);
	return 0;
}

static const struct word {
	const char *name;
	int n_args;
	int (*run)(char **argv);
} words[] = {
	{ "kinds", 1, do_kinds },	{ "forge", 7, do_forge }, { "catch", 1, do_catch },
	{ "flows", 2, do_flows },	{ "claim", 3, do_claim }, { "churn", 1, do_churn },
	{ "connect", 3, do_connect },	{ "serve", 1, do_serve },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(argv[1], words[i].name) == 0 && argc - 2 >= words[i].n_args)
			return words[i].run(argv + 2);
	fprintf(stderr, "spoof: no such word\n");
	return 2;
}
