/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "netns/nl.h"

enum {
	/* CTA_FILTER_F_CTA_IP_SRC of net/netfilter/nf_internals.h: of the tuple nothing but the
	 * source counts. No header for programs has it. */
	FILTER_SOURCE = 1 << 0,
};

/* Who answers or asks: a packet of the zone's has the zone's address as its source in the tuple of
 * its direction, whatever was translated. */
static const struct side {
	uint16_t tuple, flags;
} sides[] = {
	{ CTA_TUPLE_ORIG, CTA_FILTER_ORIG_FLAGS },
	{ CTA_TUPLE_REPLY, CTA_FILTER_REPLY_FLAGS },
};

static struct nlmsghdr *begin(struct nl *nl, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *req =
		nl_request(nl, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags);
	struct nfgenmsg *header = nl_put_header(req, sizeof(*header));

	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return req;
}

static void put_filter(struct nlmsghdr *req, const struct side *side, const struct net_addr *a)
{
	bool is4 = a->family == AF_INET;
	struct nlattr *tuple = nl_nest(req, side->tuple);
	struct nlattr *ip = nl_nest(req, CTA_TUPLE_IP);
	struct nlattr *filter;

	nl_put(req, is4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, a->ip, is4 ? 4 : 16);
	nl_nest_end(req, ip);
	nl_nest_end(req, tuple);
	filter = nl_nest(req, CTA_FILTER);
	nl_put_u32(req, side->flags, FILTER_SOURCE);
	nl_nest_end(req, filter);
}

/*
 * One by one, for kernels before 6.11: these say EINVAL to a filter that is to remove, as the tuple
 * is not whole, and EOPNOTSUPP in between
 */

struct found {
	struct str tuples;		/* a length, its bytes, and so on */
	uint8_t family;
};

static int take(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	struct found *f = arg;
	const char *tuple;
	uint16_t kept;
	size_t len;

	(void)err;
	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, N_ROWS(attrs));
	if (!attrs[CTA_TUPLE_ORIG])
		return 0;
	tuple = nl_value(attrs[CTA_TUPLE_ORIG], &len);
	kept = (uint16_t)len;	/* an attribute has no more than that */
	str_addn(&f->tuples, (const char *)&kept, sizeof(kept));
	str_addn(&f->tuples, tuple, len);
	return 0;
}

static void restart(void *arg)
{
	struct found *f = arg;

	str_clear(&f->tuples);
}

static int remove_found(struct nl *nl, const struct found *f, struct error *err)
{
	for (size_t at = 0; at + sizeof(uint16_t) <= f->tuples.len;) {
		struct nlmsghdr *req = begin(nl, IPCTNL_MSG_CT_DELETE, 0, f->family);
		struct error gone = { 0 };
		uint16_t len;

		memcpy(&len, f->tuples.data + at, sizeof(len));
		nl_put(req, CTA_TUPLE_ORIG | NLA_F_NESTED, f->tuples.data + at + sizeof(len), len);
		at += sizeof(len) + len;
		/* One that has ended meanwhile is what is wanted. */
		if (nl_talk(nl, req, &gone) == 0 || gone.sys == ENOENT)
			continue;
		*err = gone;
		return -1;
	}
	return 0;
}

static int list_and_remove(struct nl *nl, const struct side *side, const struct net_addr *a,
			   struct error *err)
{
	struct found f = { .family = a->family };
	const struct nl_sink sink = { take, restart, &f };
	struct nlmsghdr *req = begin(nl, IPCTNL_MSG_CT_GET, NLM_F_DUMP, a->family);
	int ret;

	put_filter(req, side, a);
	ret = nl_dump(nl, req, &sink, err);
	if (ret == 0)
		ret = remove_found(nl, &f, err);
	str_clear(&f.tuples);
	return ret;
}

/*
 * All at once
 */

static int forget_side(struct nl *nl, const struct side *side, const struct net_addr *a,
		       struct error *err)
{
	struct nlmsghdr *req = begin(nl, IPCTNL_MSG_CT_DELETE, 0, a->family);
	struct error why = { 0 };

	put_filter(req, side, a);
	if (nl_talk(nl, req, &why) == 0)
		return 0;
	if (why.sys == EINVAL || why.sys == EOPNOTSUPP)
		return list_and_remove(nl, side, a, err);
	*err = why;
	return -1;
}

/* False without connection tracking, too: its module makes the file. */
static bool is_anything_tracked(void)
{
	struct error ignored = { 0 };
	char text[24] = "";

	(void)fd_read_control(AT_FDCWD, "/proc/sys/net/netfilter/nf_conntrack_count", text,
			      sizeof(text), &ignored);
	return strtoul(text, NULL, 10) > 0;
}

int conntrack_forget(const struct net_addr *addrs, size_t n, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };

	if (n == 0 || !is_anything_tracked())
		return 0;
	if (nl_open(&nl, NETLINK_NETFILTER, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < N_ROWS(sides); k++)
			if (forget_side(&nl, &sides[k], &addrs[i], err) < 0)
				return error_wrap(err, "forget tracked connections");
	return 0;
}
