/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/listener.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "netns/nl.h"

struct search {
	const struct net_publish *p;
	struct listener *out;
	bool is_found;
};

/* True if the socket is bound to an address that packets for the published one come to. */
static bool is_at(const struct inet_diag_msg *m, const struct net_addr *a)
{
	static const uint8_t any[16];
	size_t len = m->idiag_family == AF_INET ? 4 : 16;
	const uint8_t *src = (const uint8_t *)m->id.idiag_src;

	if (a->family == 0 || memcmp(src, any, len) == 0)
		return a->family == 0 || m->idiag_family == a->family ||
		       m->idiag_family == AF_INET6;	/* "::" mostly means IPv4 too */
	return m->idiag_family == a->family && memcmp(src, a->ip, len) == 0;
}

/* The loopback's own are out of reach of what is published on every address but "localhost", which
 * they keep. */
static bool is_loopback(const struct inet_diag_msg *m)
{
	static const uint8_t one[16] = { [15] = 1 };
	const uint8_t *src = (const uint8_t *)m->id.idiag_src;

	return m->idiag_family == AF_INET ? src[0] == 127 : memcmp(src, one, 16) == 0;
}

static int take_socket(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct inet_diag_msg *m = nl_payload(msg, sizeof(*m));
	struct search *s = arg;
	unsigned int port;

	(void)err;
	if (!m || s->is_found)
		return 0;
	port = ntohs(m->id.idiag_sport);
	if (port < s->p->host_port || port >= (unsigned int)s->p->host_port + s->p->count ||
	    !is_at(m, &s->p->address) || (s->p->address.family == 0 && is_loopback(m)))
		return 0;
	*s->out = (struct listener){ .port = (uint16_t)port, .inode = m->idiag_inode };
	s->is_found = true;
	return 0;
}

static int search_family(struct nl *nl, struct search *s, uint8_t family, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	struct inet_diag_req_v2 *q = nl_put_header(req, sizeof(*q));
	const struct nl_sink sink = { take_socket, NULL, s };
	struct error why = { 0 };

	q->sdiag_family = family;
	q->sdiag_protocol = s->p->protocol;
	/* UDP has no state but this one while it is connected to nobody. */
	q->idiag_states = 1u << (s->p->protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE);
	if (nl_dump(nl, req, &sink, &why) == 0 || why.sys == ENOENT || why.sys == EOPNOTSUPP)
		return 0;
	*err = why;
	return error_wrap(err, "look for listening sockets");
}

static bool holds(const char *pid, uint64_t inode)
{
	char path[64], link[64], want[64];
	AUTO_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	snprintf(want, sizeof(want), "socket:[%llu]", (unsigned long long)inode);
	dir = opendir(path); /* host path */
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (n > 0 && (size_t)n == strlen(want) && memcmp(link, want, (size_t)n) == 0)
			return true;
	}
	return false;
}

/* Seldom asked: only when a port is taken. */
static void find_process(struct listener *l)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc"); /* host path */
	struct error ignored = { 0 };
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[64];

		if (strtol(entry->d_name, NULL, 10) <= 0 || !holds(entry->d_name, l->inode))
			continue;
		l->pid = (pid_t)strtol(entry->d_name, NULL, 10);
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)l->pid);
		(void)fd_read_control(AT_FDCWD, path, l->comm, sizeof(l->comm), &ignored);
		return;
	}
}

int listener_find(const struct net_publish *p, struct listener *out, struct error *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct search s = { .p = p, .out = out };
	AUTO_NL struct nl nl = { .is_open = false };

	if (nl_open(&nl, NETLINK_SOCK_DIAG, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(families) && !s.is_found; i++)
		if (search_family(&nl, &s, families[i], err) < 0)
			return -1;
	if (s.is_found)
		find_process(out);
	return s.is_found;
}
