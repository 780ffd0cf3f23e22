/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/carry.h"

#include <ctype.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "netns/addr.h"
#include "netns/link.h"

struct addresses {
	int index;
	struct net_addr *list;		/* owned */
	size_t n;
};

bool carry_is_name(const char *name)
{
	if (*name == '\0' || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

static int take_address(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct ifaddrmsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *attrs[IFA_FLAGS + 1];
	struct addresses *a = arg;
	struct net_addr addr = { 0 };
	const void *ip;

	(void)err;
	if (msg->nlmsg_type != RTM_NEWADDR || !header || (int)header->ifa_index != a->index ||
	    header->ifa_scope >= RT_SCOPE_LINK || addr_len(header->ifa_family) == 0)
		return 0;
	nl_attrs(msg, sizeof(*header), attrs, N_ROWS(attrs));
	/* IFA_ADDRESS is the other end of a link that has one, and the address itself else. */
	ip = nl_bytes(attrs[attrs[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS],
		      addr_len(header->ifa_family));
	if (!ip || !(nl_u32(attrs[IFA_FLAGS], header->ifa_flags) & IFA_F_PERMANENT))
		return 0;
	addr.family = header->ifa_family;
	addr.prefix = header->ifa_prefixlen;
	memcpy(addr.ip, ip, addr_len(addr.family));
	a->list = xreallocarray(a->list, a->n + 1, sizeof(*a->list));
	a->list[a->n++] = addr;
	return 0;
}

static void restart(void *arg)
{
	struct addresses *a = arg;

	a->n = 0;
}

static int read_addresses(struct nl *nl, struct addresses *a, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_GETADDR, 0);
	struct ifaddrmsg *header = nl_put_header(req, sizeof(*header));
	struct nl_sink sink = { take_address, restart, a };

	header->ifa_family = AF_UNSPEC;
	return nl_dump(nl, req, &sink, err);
}

static int move(struct nl *here, const struct carry *c, int index, struct error *err)
{
	AUTO_BATCH struct nl_batch batch;

	nl_batch_init(&batch, here);
	link_add_move(&batch, index, c->netnsfd, c->new_name, 0);
	return nl_batch_talk(&batch, NULL, NULL, err);
}

static int settle(const struct carry *c, const struct addresses *a, struct error *err)
{
	AUTO_BATCH struct nl_batch batch;
	struct link link;

	if (link_find(c->there, c->new_name, &link, err) < 0)
		return -1;
	nl_batch_init(&batch, c->there);
	for (size_t i = 0; i < a->n; i++)
		addr_add(&batch, link.index, &a->list[i], true);
	link_add_change(&batch, &(struct link_change){ .index = link.index, .is_up = true });
	return nl_batch_talk(&batch, NULL, NULL, err);
}

int carry_link(struct nl *here, const struct carry *c, struct error *err)
{
	struct addresses a = { .index = 0 };
	struct link link;
	int status;

	if (link_find(here, c->name, &link, err) < 0)
		return -1;
	a.index = link.index;
	status = read_addresses(here, &a, err);
	if (status == 0)
		status = move(here, c, link.index, err);
	if (status == 0)
		status = settle(c, &a, err);
	free(a.list);
	return status < 0 ? error_wrap(err, "interface '%s'", c->name) : 0;
}
