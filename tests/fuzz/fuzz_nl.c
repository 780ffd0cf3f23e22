/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a netlink socket may hand over, in one piece: whatever it holds, an answer
 * is taken within its bounds, links come out of it with texts that end, and a
 * name of a zone is one that could be.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "netns/link.h"
#include "netns/net_name.h"
#include "netns/nl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PORT = 1, FIRST = 1, LAST = 3 };

struct bounds {
	const char *start, *end;
};

static void check(bool claim)
{
	if (!claim)
		abort();
}

static void check_attr(const struct nlattr *attr, const struct bounds *in)
{
	const char *text = nl_str(attr);

	if (!attr)
		return;
	check((const char *)attr >= in->start &&
	      (const char *)attr + attr->nla_len <= in->end);
	check(*text == '\0' || text + strlen(text) < in->end);
	(void)nl_u8(attr, 0);
	(void)nl_u16(attr, 0);
	(void)nl_u32(attr, 0);
	(void)nl_u64(attr, 0);
}

static void check_attrs(const struct nlmsghdr *msg, size_t header, const struct bounds *in)
{
	const struct nlattr *attrs[64], *inner[64];

	nl_attrs(msg, header, attrs, N_ROWS(attrs));
	for (size_t i = 0; i < N_ROWS(attrs); i++) {
		check_attr(attrs[i], in);
		nl_nested(attrs[i], inner, N_ROWS(inner));
		for (size_t k = 0; k < N_ROWS(inner); k++)
			check_attr(inner[k], in);
	}
}

static void check_link(const struct link *link)
{
	char zone[LINK_ALIAS_MAX], device[IFNAMSIZ];

	check(memchr(link->name, '\0', sizeof(link->name)));
	check(memchr(link->kind, '\0', sizeof(link->kind)));
	check(memchr(link->alias, '\0', sizeof(link->alias)));
	if (net_alias_parse(link->alias, "", zone, device))
		check(zone[0] && str_is_clean(zone) && strlen(device) < IFNAMSIZ);
	check(net_name_nic(link->name) < NET_NICS_MAX);
}

static int take(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	struct link link;

	check((const char *)msg >= ((struct bounds *)arg)->start);
	check((const char *)msg + msg->nlmsg_len <= ((struct bounds *)arg)->end);
	check(msg->nlmsg_pid == PORT && msg->nlmsg_seq - FIRST <= LAST - FIRST);
	for (size_t header = 0; header <= 24; header += 4)
		check_attrs(msg, header, arg);
	if (!link_parse(msg, &link))
		return error_set(err, ERR_FAILED, "no link");
	check_link(&link);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As large as it is, for the sanitizer, and aligned as the socket's buffer. */
	AUTO_FREE char *copy = malloc(size ? size : 1);
	struct bounds in = { copy, copy + size };
	struct nl_sink sink = { take, NULL, &in };
	struct nl_window w = {
		.port = PORT, .first = FIRST, .last = LAST, .is_bounded = size % 2 == 1,
		.sink = &sink,
	};
	struct error err = { 0 };

	if (size > 0)
		memcpy(copy, data, size);
	switch (nl_take(&w, copy, size, &err)) {
	case -1:
		check(err.kind != ERR_NONE && err.text[0] && str_is_clean(err.text));
		break;
	case 0:
	case 1:
		check(w.has_failed ? w.failed - FIRST <= LAST - FIRST : err.kind == ERR_NONE);
		break;
	default:
		check(false);
	}
	return 0;
}
