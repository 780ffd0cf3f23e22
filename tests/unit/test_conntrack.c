/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "netns/conntrack.h"
#include "netns/nl.h"

#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

struct flow {
	uint8_t family;
	uint8_t from[16], to[16], answers[16];	/* answers: who is behind to */
	uint16_t port;
};

static void put_tuple(struct nlmsghdr *req, uint16_t type, uint8_t family, const uint8_t *from,
		      const uint8_t *to, const uint16_t ports[2])
{
	bool is4 = family == AF_INET;
	struct nlattr *tuple = nl_nest(req, type), *part = nl_nest(req, CTA_TUPLE_IP);

	nl_put(req, is4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, from, is4 ? 4 : 16);
	nl_put(req, is4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, to, is4 ? 4 : 16);
	nl_nest_end(req, part);
	part = nl_nest(req, CTA_TUPLE_PROTO);
	nl_put_u8(req, CTA_PROTO_NUM, IPPROTO_UDP);
	nl_put_u16(req, CTA_PROTO_SRC_PORT, htons(ports[0]));
	nl_put_u16(req, CTA_PROTO_DST_PORT, htons(ports[1]));
	nl_nest_end(req, part);
	nl_nest_end(req, tuple);
}

static void track(const struct flow *f)
{
	const uint16_t there[] = { f->port, 53 }, back[] = { 53, f->port };
	AUTO_NL struct nl nl = { .is_open = false };
	struct error err = { 0 };
	struct nfgenmsg *header;
	struct nlmsghdr *req;

	if (nl_open(&nl, NETLINK_NETFILTER, &err) < 0)
		fail_msg("%s", err.text);
	req = nl_request(&nl, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
			 NLM_F_CREATE | NLM_F_EXCL);
	header = nl_put_header(req, sizeof(*header));
	header->nfgen_family = f->family;
	put_tuple(req, CTA_TUPLE_ORIG, f->family, f->from, f->to, there);
	put_tuple(req, CTA_TUPLE_REPLY, f->family, f->answers, f->from, back);
	nl_put_u32(req, CTA_TIMEOUT, htonl(600));
	if (nl_talk(&nl, req, &err) < 0)
		fail_msg("%s", err.text);
}

static unsigned long tracked(void)
{
	struct error err = { 0 };
	char text[24] = "";

	(void)fd_read_control(AT_FDCWD, "/proc/sys/net/netfilter/nf_conntrack_count", text,
			      sizeof(text), &err);	/* not there: none */
	return strtoul(text, NULL, 10);
}

static void forget(uint8_t family, const uint8_t *ip)
{
	struct net_addr a = { .family = family };
	struct error err = { 0 };

	for (int i = 0; i < (family == AF_INET ? 4 : 16); i++)
		a.ip[i] = ip[i];
	if (conntrack_forget(&a, 1, &err) < 0)
		fail_msg("%s", err.text);
}

static int enter_namespace(void **state)
{
	(void)state;
	return geteuid() == 0 ? unshare(CLONE_NEWNET) : 0;
}

static const uint8_t zone4[16] = { 10, 1, 0, 5 }, other4[16] = { 10, 1, 0, 50 };
static const uint8_t host4[16] = { 192, 0, 2, 1 }, peer4[16] = { 192, 0, 2, 2 };
static const uint8_t zone6[16] = { 0xfd, 1, [15] = 5 }, peer6[16] = { 0xfd, 2, [15] = 9 };

static struct flow flow(uint8_t family, const uint8_t *from, const uint8_t *to,
			const uint8_t *answers, uint16_t port)
{
	struct flow f = { .family = family, .port = port };

	for (int i = 0; i < 16; i++) {
		f.from[i] = from[i];
		f.to[i] = to[i];
		f.answers[i] = answers[i];
	}
	return f;
}

static void put_flows(void)
{
	const struct flow flows[] = {
		flow(AF_INET, zone4, peer4, peer4, 1001),	/* the zone's own */
		flow(AF_INET, peer4, zone4, zone4, 1002),	/* to the zone */
		flow(AF_INET, peer4, host4, zone4, 1003),	/* to a published port of it */
		flow(AF_INET, other4, peer4, peer4, 1004),	/* of another zone */
		flow(AF_INET, peer4, host4, other4, 1005),
		flow(AF_INET6, zone6, peer6, peer6, 1006),
	};

	for (size_t i = 0; i < N_ROWS(flows); i++)
		track(&flows[i]);
	assert_int_equal(tracked(), N_ROWS(flows));
}

static void flows_of_an_address_go_whichever_side_it_is_and_others_stay(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put_flows();
	forget(AF_INET, zone4);
	assert_int_equal(tracked(), 3);
	forget(AF_INET, zone4);
	assert_int_equal(tracked(), 3);
	forget(AF_INET6, zone6);
	assert_int_equal(tracked(), 2);
	forget(AF_INET, other4);
	assert_int_equal(tracked(), 0);
}

static void where_nothing_is_tracked_there_is_nothing_to_do(void **state)
{
	(void)state;
	NEEDS_ROOT();
	assert_int_equal(tracked(), 0);
	forget(AF_INET, zone4);
	forget(AF_INET6, zone6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(where_nothing_is_tracked_there_is_nothing_to_do,
				       enter_namespace),
		cmocka_unit_test_setup(
			flows_of_an_address_go_whichever_side_it_is_and_others_stay,
			enter_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
