/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/nft.h"

static void put_be32(struct nlmsghdr *req, uint16_t type, uint32_t value)
{
	nl_put_u32(req, type, htonl(value));
}

/* The kernel has 16 words, and old names for each fourth (enum nft_registers). Written as nft(8)
 * writes it, so that it finds concatenations again when it lists them. */
static void put_reg(struct nlmsghdr *req, uint16_t type, uint8_t word)
{
	put_be32(req, type, word % 4 == 0 ? NFT_REG_1 + word / 4 : NFT_REG32_00 + word);
}

static void put_bytes(struct nlmsghdr *req, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nest = nl_nest(req, type);

	nl_put(req, NFTA_DATA_VALUE, data, len);
	nl_nest_end(req, nest);
}

/* The s->len bytes of NFT_AND and NFT_IS. */
static void step_bytes(const struct nft_step *s, char out[NFT_ARG_MAX])
{
	uint32_t word = s->key;
	uint16_t half = s->key;

	memcpy(out, s->arg, NFT_ARG_MAX);
	if (s->is_number && s->len == sizeof(half))
		memcpy(out, &half, sizeof(half));
	else if (s->is_number)
		memcpy(out, &word, sizeof(word));
}

/*
 * One function a kind of step: the attributes of its expression
 */

static void put_meta(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_be32(req, NFTA_META_KEY, s->key);
	put_reg(req, NFTA_META_DREG, s->reg);
}

static void put_ct(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_be32(req, NFTA_CT_KEY, s->key);
	put_reg(req, NFTA_CT_DREG, s->reg);
}

static void put_load(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_reg(req, NFTA_PAYLOAD_DREG, s->reg);
	put_be32(req, NFTA_PAYLOAD_BASE, s->key);
	put_be32(req, NFTA_PAYLOAD_OFFSET, s->offset);
	put_be32(req, NFTA_PAYLOAD_LEN, s->len);
}

static void put_fragment(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_reg(req, NFTA_EXTHDR_DREG, s->reg);
	nl_put_u8(req, NFTA_EXTHDR_TYPE, IPPROTO_FRAGMENT);
	put_be32(req, NFTA_EXTHDR_OFFSET, 2);
	put_be32(req, NFTA_EXTHDR_LEN, 2);
}

static void put_addrtype(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_reg(req, NFTA_FIB_DREG, s->reg);
	put_be32(req, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	put_be32(req, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
}

static void put_hash(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_reg(req, NFTA_HASH_SREG, s->reg + 1);
	put_reg(req, NFTA_HASH_DREG, s->reg);
	put_be32(req, NFTA_HASH_LEN, sizeof(uint32_t));
	put_be32(req, NFTA_HASH_MODULUS, 1U << s->key);
}

static void put_and(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	static const char nothing[NFT_ARG_MAX];
	char mask[NFT_ARG_MAX];

	(void)prefix;
	step_bytes(s, mask);
	put_reg(req, NFTA_BITWISE_SREG, s->reg);
	put_reg(req, NFTA_BITWISE_DREG, s->reg);
	put_be32(req, NFTA_BITWISE_LEN, s->len);
	put_bytes(req, NFTA_BITWISE_MASK, mask, s->len);
	put_bytes(req, NFTA_BITWISE_XOR, nothing, s->len);
}

static void put_compare(struct nlmsghdr *req, const struct nft_step *s, enum nft_cmp_ops op,
			const void *data, size_t len)
{
	put_reg(req, NFTA_CMP_SREG, s->reg);
	put_be32(req, NFTA_CMP_OP, op);
	put_bytes(req, NFTA_CMP_DATA, data, len);
}

static void put_is(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	char bytes[NFT_ARG_MAX];

	(void)prefix;
	step_bytes(s, bytes);
	put_compare(req, s, s->is_not ? NFT_CMP_NEQ : NFT_CMP_EQ, bytes, s->len);
}

static void put_any(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	/* True of each byte; a rule ends at a load that finds nothing. */
	put_compare(req, s, NFT_CMP_GTE, "", 1);
}

static void put_is_site(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	put_compare(req, s, s->is_not ? NFT_CMP_NEQ : NFT_CMP_EQ, prefix, strlen(prefix));
}

static void put_in(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	nl_put_str(req, NFTA_LOOKUP_SET, s->arg);
	put_reg(req, NFTA_LOOKUP_SREG, 0);
	if (s->is_not)
		put_be32(req, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void put_map(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	put_in(req, s, prefix);
	put_reg(req, NFTA_LOOKUP_DREG, 0);
}

static void put_count(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	struct nlattr *expr, *data;

	(void)prefix;
	nl_put_str(req, NFTA_DYNSET_SET_NAME, s->arg);
	put_be32(req, NFTA_DYNSET_OP, NFT_DYNSET_OP_ADD);
	put_reg(req, NFTA_DYNSET_SREG_KEY, 0);
	expr = nl_nest(req, NFTA_DYNSET_EXPR);
	nl_put_str(req, NFTA_EXPR_NAME, "connlimit");
	data = nl_nest(req, NFTA_EXPR_DATA);
	put_be32(req, NFTA_CONNLIMIT_COUNT, 1U << s->key);
	put_be32(req, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	nl_nest_end(req, data);
	nl_nest_end(req, expr);
}

static void put_dnat(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)prefix;
	put_be32(req, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	put_be32(req, NFTA_NAT_FAMILY, s->key);
	put_reg(req, NFTA_NAT_REG_ADDR_MIN, 0);
	put_reg(req, NFTA_NAT_REG_PROTO_MIN, s->reg);
	put_be32(req, NFTA_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void put_nothing(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	(void)req;
	(void)s;
	(void)prefix;
}

static void put_verdict(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	struct nlattr *data, *verdict;
	/* Those of nf_tables itself are negative numbers (enum nft_verdicts). */
	bool is_ours = s->key > NF_ACCEPT;

	(void)prefix;
	put_be32(req, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nl_nest(req, NFTA_IMMEDIATE_DATA);
	verdict = nl_nest(req, NFTA_DATA_VERDICT);
	put_be32(req, NFTA_VERDICT_CODE, is_ours ? (uint32_t)-(int)s->key : s->key);
	if (s->arg[0])
		nl_put_str(req, NFTA_VERDICT_CHAIN, s->arg);
	nl_nest_end(req, verdict);
	nl_nest_end(req, data);
}

/* clang-format off */
static const struct {
	char expression[12];
	void (*put)(struct nlmsghdr *req, const struct nft_step *s, const char *prefix);
} ops[] = {
	[NFT_META]       = { "meta",      put_meta },
	[NFT_CT]         = { "ct",        put_ct },
	[NFT_LOAD]       = { "payload",   put_load },
	[NFT_FRAGMENT]   = { "exthdr",    put_fragment },
	[NFT_HASH]       = { "hash",      put_hash },
	[NFT_ADDRTYPE]   = { "fib",       put_addrtype },
	[NFT_AND]        = { "bitwise",   put_and },
	[NFT_IS]         = { "cmp",       put_is },
	[NFT_ANY]        = { "cmp",       put_any },
	[NFT_IS_SITE]    = { "cmp",       put_is_site },
	[NFT_IN]         = { "lookup",    put_in },
	[NFT_MAP]        = { "lookup",    put_map },
	[NFT_COUNT]      = { "dynset",    put_count },
	[NFT_DNAT]       = { "nat",       put_dnat },
	[NFT_MASQUERADE] = { "masq",      put_nothing },
	[NFT_VERDICT]    = { "immediate", put_verdict },
};
/* clang-format on */

static void put_step(struct nlmsghdr *req, const struct nft_step *s, const char *prefix)
{
	struct nlattr *expr = nl_nest(req, NFTA_LIST_ELEM);
	struct nlattr *data;

	nl_put_str(req, NFTA_EXPR_NAME, ops[s->op].expression);
	data = nl_nest(req, NFTA_EXPR_DATA);
	ops[s->op].put(req, s, prefix);
	nl_nest_end(req, data);
	nl_nest_end(req, expr);
}

void nft_put_rule(struct nft *nft, uint8_t family, const struct nft_rule *rule)
{
	struct nlmsghdr *req = nl_batch_add(&nft->batch,
					    (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE,
					    NLM_F_CREATE | NLM_F_APPEND, rule->chain);
	struct nfgenmsg *head = nl_put_header(req, sizeof(*head));
	uint8_t note[NFT_NOTE_MAX];
	struct nlattr *list;

	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	nl_put_str(req, NFTA_RULE_TABLE, nft->table);
	nl_put_str(req, NFTA_RULE_CHAIN, rule->chain);
	list = nl_nest(req, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < NFT_STEPS_MAX && rule->steps[i].op != NFT_STOP; i++)
		put_step(req, &rule->steps[i], rule->prefix);
	nl_nest_end(req, list);
	if (rule->note)
		nl_put(req, NFTA_RULE_USERDATA, note,
		       nft_note(0, rule->note, strlen(rule->note) + 1, note));
}
