/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum {
	ELEMENT_ROOM = 1024,		/* the longest element with all its attributes */
	NEW = NLM_F_CREATE | NLM_F_EXCL,
};

/*
 * Notes: a list of type, length, value, as libnftnl writes and nft(8) reads them
 */

size_t nft_note(uint8_t type, const void *value, size_t len, uint8_t out[NFT_NOTE_MAX])
{
	if (len > NFT_NOTE_MAX - 2)
		len = NFT_NOTE_MAX - 2;
	out[0] = type;
	out[1] = (uint8_t)len;
	memcpy(out + 2, value, len);
	return len + 2;
}

const uint8_t *nft_note_find(const uint8_t *notes, size_t len, uint8_t type, size_t *out_len)
{
	while (len >= 2 && len - 2 >= notes[1]) {
		size_t whole = 2 + (size_t)notes[1];

		if (notes[0] == type) {
			*out_len = notes[1];
			return notes + 2;
		}
		notes += whole;
		len -= whole;
	}
	return NULL;
}

static void put_comment(struct nlmsghdr *req, uint16_t attr, uint8_t type, const char *text)
{
	uint8_t note[NFT_NOTE_MAX];

	if (text)
		nl_put(req, attr, note, nft_note(type, text, strlen(text) + 1, note));
}

static void put_be32(struct nlmsghdr *req, uint16_t type, uint32_t value)
{
	nl_put_u32(req, type, htonl(value));
}

/*
 * Socket and transaction
 */

int nft_fail(struct error *err)
{
	/* Without nfnetlink, without nf_tables (nfnetlink_rcv_batch(), nfnetlink_rcv_msg()),
	 * without a family of it. */
	if (err->sys != EPROTONOSUPPORT && err->sys != EOPNOTSUPP && err->sys != EINVAL &&
	    err->sys != EAFNOSUPPORT)
		return -1;
	err->kind = ERR_UNSUPPORTED;
	return error_hint(err, "the kernel lacks nf_tables: modprobe nf_tables");
}

int nft_open(struct nft *nft, const char *table, struct error *err)
{
	nft->table = table;
	nl_batch_init(&nft->batch, &nft->nl);
	if (nl_open(&nft->nl, NETLINK_NETFILTER, err) < 0)
		return nft_fail(err);
	return 0;
}

void nft_close(struct nft *nft)
{
	nl_batch_clear(&nft->batch);
	nl_close(&nft->nl);
}

static uint16_t message_type(uint16_t message)
{
	return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

static void put_head(struct nlmsghdr *req, uint8_t family, uint16_t resource)
{
	struct nfgenmsg *head = nl_put_header(req, sizeof(*head));

	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(resource);
}

static struct nlmsghdr *put(struct nft *nft, uint8_t family, uint16_t message, uint16_t flags,
			    const char *what)
{
	struct nlmsghdr *req = nl_batch_add(&nft->batch, message_type(message), flags, what);

	put_head(req, family, 0);
	return req;
}

void nft_begin(struct nft *nft, uint32_t generation)
{
	struct nlmsghdr *req = nl_batch_add_bound(&nft->batch, NFNL_MSG_BATCH_BEGIN, "commit");

	put_head(req, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (generation)
		put_be32(req, NFNL_BATCH_GENID, generation);
}

int nft_commit(struct nft *nft, size_t *out_failed, struct error *err)
{
	put_head(nl_batch_add_bound(&nft->batch, NFNL_MSG_BATCH_END, "commit"), AF_UNSPEC,
		 NFNL_SUBSYS_NFTABLES);
	if (nl_batch_talk(&nft->batch, NULL, out_failed, err) < 0)
		return nft_fail(err);
	return 0;
}

size_t nft_puts(const struct nft *nft)
{
	return nft->batch.n;
}

/*
 * Tables, chains, sets
 */

void nft_put_table(struct nft *nft, uint8_t family, const char *note)
{
	struct nlmsghdr *req = put(nft, family, NFT_MSG_NEWTABLE, NEW, "make table");

	nl_put_str(req, NFTA_TABLE_NAME, nft->table);
	put_be32(req, NFTA_TABLE_FLAGS, 0);
	put_comment(req, NFTA_TABLE_USERDATA, 0, note);	/* NFTNL_UDATA_TABLE_COMMENT */
}

void nft_put_no_table(struct nft *nft, uint8_t family)
{
	struct nlmsghdr *req = put(nft, family, NFT_MSG_DELTABLE, 0, "remove table");

	nl_put_str(req, NFTA_TABLE_NAME, nft->table);
}

void nft_put_chain(struct nft *nft, uint8_t family, const struct nft_chain *chain)
{
	struct nlmsghdr *req = put(nft, family, NFT_MSG_NEWCHAIN, NEW, chain->name);
	struct nlattr *hook;

	nl_put_str(req, NFTA_CHAIN_TABLE, nft->table);
	nl_put_str(req, NFTA_CHAIN_NAME, chain->name);
	if (!chain->type)
		return;
	hook = nl_nest(req, NFTA_CHAIN_HOOK);
	put_be32(req, NFTA_HOOK_HOOKNUM, chain->hook);
	put_be32(req, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	nl_nest_end(req, hook);
	nl_put_str(req, NFTA_CHAIN_TYPE, chain->type);
	put_be32(req, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

/* Byte orders and comment of a set: NFTNL_UDATA_SET_KEYBYTEORDER (0), _DATABYTEORDER (1) and
 * _COMMENT (7) of libnftnl; the values 1 and 2 are nft(8)'s host and network order. */
static void put_set_notes(struct nlmsghdr *req, const struct nft_set *set)
{
	uint32_t key_order = set->is_host_order ? 1 : 2, data_order = set->data_len ? 2 : 0;
	uint8_t notes[NFT_NOTE_MAX];
	size_t len = nft_note(0, &key_order, sizeof(key_order), notes);

	len += nft_note(1, &data_order, sizeof(data_order), notes + len);
	if (set->note)
		len += nft_note(7, set->note, strlen(set->note) + 1, notes + len);
	nl_put(req, NFTA_SET_USERDATA, notes, len);
}

/* The expression that elements have; limit is connlimit's. */
static void put_each(struct nlmsghdr *req, uint16_t attr, const char *each, uint32_t limit)
{
	struct nlattr *expr = nl_nest(req, attr);
	struct nlattr *data;

	nl_put_str(req, NFTA_EXPR_NAME, each);
	data = nl_nest(req, NFTA_EXPR_DATA);
	if (limit) {
		put_be32(req, NFTA_CONNLIMIT_COUNT, limit);
		put_be32(req, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);	/* "over" */
	}
	nl_nest_end(req, data);
	nl_nest_end(req, expr);
}

static void put_desc(struct nlmsghdr *req, uint32_t size)
{
	struct nlattr *desc = nl_nest(req, NFTA_SET_DESC);

	put_be32(req, NFTA_SET_DESC_SIZE, size);
	nl_nest_end(req, desc);
}

void nft_put_set(struct nft *nft, uint8_t family, const struct nft_set *set)
{
	struct nlmsghdr *req = put(nft, family, NFT_MSG_NEWSET, NEW, set->name);
	bool is_limit = set->each && strcmp(set->each, "connlimit") == 0;
	bool by_rules = set->each && strcmp(set->each, "rules") == 0;

	nl_put_str(req, NFTA_SET_TABLE, nft->table);
	nl_put_str(req, NFTA_SET_NAME, set->name);
	put_be32(req, NFTA_SET_FLAGS,
		 (set->data_len ? NFT_SET_MAP : 0) | (by_rules ? NFT_SET_EVAL : 0));
	put_be32(req, NFTA_SET_KEY_TYPE, set->key_type);
	put_be32(req, NFTA_SET_KEY_LEN, set->key_len);
	if (set->data_len) {
		put_be32(req, NFTA_SET_DATA_TYPE, set->data_type);
		put_be32(req, NFTA_SET_DATA_LEN, set->data_len);
	}
	if (by_rules)
		put_desc(req, NFT_FLOWS_MAX);
	/* Rules name their sets; the number is asked for all the same. */
	put_be32(req, NFTA_SET_ID, (uint32_t)nft_puts(nft));
	put_set_notes(req, set);
	if (set->each && !by_rules)
		put_each(req, NFTA_SET_EXPR, set->each, is_limit ? UINT32_MAX : 0);
}

/*
 * Elements
 */

static void put_value(struct nlmsghdr *req, uint16_t type, const void *value, size_t len)
{
	struct nlattr *nest = nl_nest(req, type);

	nl_put(req, NFTA_DATA_VALUE, value, len);
	nl_nest_end(req, nest);
}

static void put_element(struct nlmsghdr *req, const struct nft_element *e, bool is_whole)
{
	struct nlattr *nest = nl_nest(req, NFTA_LIST_ELEM);

	put_value(req, NFTA_SET_ELEM_KEY, e->key, e->key_len);
	if (is_whole && e->data_len > 0)
		put_value(req, NFTA_SET_ELEM_DATA, e->data, e->data_len);
	if (is_whole && e->limit > 0)
		put_each(req, NFTA_SET_ELEM_EXPR, "connlimit", e->limit);
	if (is_whole && e->note)
		nl_put(req, NFTA_SET_ELEM_USERDATA, e->note, e->note_len);
	nl_nest_end(req, nest);
}

/* One message with as many elements as it has room for; returns how many. */
static size_t put_some(struct nft *nft, struct nlmsghdr *req, const char *set,
		       const struct nft_element *list, size_t n)
{
	bool is_whole = req->nlmsg_type == message_type(NFT_MSG_NEWSETELEM);
	struct nlattr *nest;
	size_t i;

	nl_put_str(req, NFTA_SET_ELEM_LIST_TABLE, nft->table);
	nl_put_str(req, NFTA_SET_ELEM_LIST_SET, set);
	nest = nl_nest(req, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < n && req->nlmsg_len < NL_MESSAGE_MAX - ELEMENT_ROOM; i++)
		put_element(req, &list[i], is_whole);
	nl_nest_end(req, nest);
	return i;
}

void nft_put_elements(struct nft *nft, uint8_t family, const char *set,
		      const struct nft_element *list, size_t n, bool is_new)
{
	uint16_t flags = is_new ? NEW : NLM_F_CREATE;

	for (size_t i = 0; i < n;) {
		struct nlmsghdr *req = put(nft, family, NFT_MSG_NEWSETELEM, flags, set);

		i += put_some(nft, req, set, list + i, n - i);
	}
}

void nft_put_no_elements(struct nft *nft, uint8_t family, const char *set,
			 const struct nft_element *list, size_t n)
{
	for (size_t i = 0; i < n;) {
		struct nlmsghdr *req = put(nft, family, NFT_MSG_DELSETELEM, 0, set);

		i += put_some(nft, req, set, list + i, n - i);
	}
}
