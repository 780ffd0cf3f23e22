/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/foreign.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "netns/nl.h"

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV4 ? "ip" : "ip6";
}

static int take_chain(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nfgenmsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *chain[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	char ***list = arg;

	(void)err;
	if (!header || (header->nfgen_family != NFPROTO_INET &&
			header->nfgen_family != NFPROTO_IPV4 &&
			header->nfgen_family != NFPROTO_IPV6))
		return 0;
	nl_attrs(msg, sizeof(*header), chain, N_ROWS(chain));
	if (!chain[NFTA_CHAIN_HOOK])
		return 0;
	nl_nested(chain[NFTA_CHAIN_HOOK], hook, N_ROWS(hook));
	if (ntohl(nl_u32(hook[NFTA_HOOK_HOOKNUM], htonl(UINT32_MAX))) != NF_INET_FORWARD ||
	    ntohl(nl_u32(chain[NFTA_CHAIN_POLICY], htonl(NF_ACCEPT))) != NF_DROP)
		return 0;
	strv_addf(list, "%s %s %s", family_name(header->nfgen_family),
		  nl_str(chain[NFTA_CHAIN_TABLE]), nl_str(chain[NFTA_CHAIN_NAME]));
	return 0;
}

static void forget(void *arg)
{
	strv_clear(arg);
}

int foreign_forward_drops(char ***out, struct error *err)
{
	AUTO_NL struct nl nl = { .is_open = false };
	AUTO_STRV char **list = NULL;
	const struct nl_sink sink = { take_chain, forget, &list };
	struct nfgenmsg *header;
	struct error why = { 0 };
	struct nlmsghdr *req;

	if (nl_open(&nl, NETLINK_NETFILTER, &why) < 0)
		return error_set(err, ERR_UNSUPPORTED, "this kernel has no nfnetlink");
	req = nl_request(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_DUMP);
	header = nl_put_header(req, sizeof(*header));
	header->nfgen_family = NFPROTO_UNSPEC;
	if (nl_dump(&nl, req, &sink, &why) < 0 && why.sys != ENOENT) {
		*err = why;
		if (why.sys == EOPNOTSUPP || why.sys == EPROTONOSUPPORT || why.sys == EINVAL)
			return error_set(err, ERR_UNSUPPORTED, "this kernel has no nf_tables");
		return error_wrap(err, "list nft chains");
	}
	*out = TAKE_PTR(list);
	return 0;
}
