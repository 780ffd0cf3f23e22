/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/nft_read.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/cleanup.h"

static uint16_t message_type(uint16_t message)
{
	return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

/* Begins a request outside of a transaction. */
static struct nlmsghdr *ask(struct nft *nft, uint8_t family, uint16_t message)
{
	struct nlmsghdr *req = nl_request(&nft->nl, message_type(message), 0);
	struct nfgenmsg *head = nl_put_header(req, sizeof(*head));

	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return req;
}

/*
 * Elements
 */

static uint64_t be64(const struct nlattr *attr)
{
	return be64toh(nl_u64(attr, 0));
}

static void take_counter(const struct nlattr *expr, struct nft_found *out)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *data[NFTA_COUNTER_MAX + 1];

	nl_nested(expr, attrs, N_ROWS(attrs));
	if (strcmp(nl_str(attrs[NFTA_EXPR_NAME]), "counter") != 0)
		return;
	nl_nested(attrs[NFTA_EXPR_DATA], data, N_ROWS(data));
	out->bytes = be64(data[NFTA_COUNTER_BYTES]);
	out->packets = be64(data[NFTA_COUNTER_PACKETS]);
}

static int take_element(const struct nlattr *element, const char *set,
			const struct nft_taker *taker, struct error *err)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1], *key[NFTA_DATA_MAX + 1];
	const struct nlattr *note;
	struct nft_found found = { .set = set };

	nl_nested(element, attrs, N_ROWS(attrs));
	nl_nested(attrs[NFTA_SET_ELEM_KEY], key, N_ROWS(key));
	if (!key[NFTA_DATA_VALUE])
		return error_set(err, ERR_FAILED, "nft set '%s': an element has no key", set);
	found.key = nl_value(key[NFTA_DATA_VALUE], &found.key_len);
	note = attrs[NFTA_SET_ELEM_USERDATA];
	if (note)
		found.note = nl_value(note, &found.note_len);
	take_counter(attrs[NFTA_SET_ELEM_EXPR], &found);
	return taker->take(&found, taker->arg, err);
}

static int take_elements(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1], *list, *element;

	if (msg->nlmsg_type != message_type(NFT_MSG_NEWSETELEM) ||
	    !nl_payload(msg, sizeof(struct nfgenmsg)))
		return 0;
	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, N_ROWS(attrs));
	list = attrs[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!list)
		return 0;
	for (element = nl_first(list); element; element = nl_next(list, element))
		if (take_element(element, nl_str(attrs[NFTA_SET_ELEM_LIST_SET]), arg, err) < 0)
			return -1;
	return 0;
}

static void put_key(struct nft *nft, struct nlmsghdr *req, const char *set,
		    const struct nft_element *key)
{
	struct nlattr *list, *element, *value;

	nl_put_str(req, NFTA_SET_ELEM_LIST_TABLE, nft->table);
	nl_put_str(req, NFTA_SET_ELEM_LIST_SET, set);
	if (!key)
		return;
	list = nl_nest(req, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = nl_nest(req, NFTA_LIST_ELEM);
	value = nl_nest(req, NFTA_SET_ELEM_KEY);
	nl_put(req, NFTA_DATA_VALUE, key->key, key->key_len);
	nl_nest_end(req, value);
	nl_nest_end(req, element);
	nl_nest_end(req, list);
}

int nft_find(struct nft *nft, uint8_t family, const char *set, const struct nft_element *key,
	     const struct nft_taker *taker, struct error *err)
{
	struct nl_sink sink = { .take = take_elements, .arg = (void *)taker };
	struct nlmsghdr *req = ask(nft, family, NFT_MSG_GETSETELEM);

	put_key(nft, req, set, key);
	return nl_ask(&nft->nl, req, &sink, err) < 0 ? nft_fail(err) : 0;
}

static void restart_list(void *arg)
{
	const struct nft_taker *taker = arg;

	if (taker->restart)
		taker->restart(taker->arg);
}

int nft_list(struct nft *nft, uint8_t family, const char *set, const struct nft_taker *taker,
	     struct error *err)
{
	struct nl_sink sink = { take_elements, restart_list, (void *)taker };
	struct nlmsghdr *req = ask(nft, family, NFT_MSG_GETSETELEM);

	put_key(nft, req, set, NULL);
	return nl_dump(&nft->nl, req, &sink, err) < 0 ? nft_fail(err) : 0;
}

int nft_list_some(struct nft *nft, uint8_t family, const char *set, const struct nft_taker *taker,
		  struct error *err)
{
	struct nl_sink sink = { .take = take_elements, .arg = (void *)taker };
	struct nlmsghdr *req = ask(nft, family, NFT_MSG_GETSETELEM);

	put_key(nft, req, set, NULL);
	return nl_dump_some(&nft->nl, req, &sink, err) < 0 ? nft_fail(err) : 0;
}

void nft_want(struct nft *nft, uint8_t family, const char *set, const struct nft_element *key)
{
	struct nlmsghdr *req = nl_batch_add(&nft->batch, message_type(NFT_MSG_GETSETELEM), 0, set);
	struct nfgenmsg *head = nl_put_header(req, sizeof(*head));

	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	put_key(nft, req, set, key);
}

int nft_read(struct nft *nft, const struct nft_taker *taker, struct error *err)
{
	struct nl_sink sink = { .take = take_elements, .arg = (void *)taker };

	return nl_batch_talk(&nft->batch, &sink, NULL, err);
}

/*
 * Tables and generations
 */

int nft_has_table(struct nft *nft, uint8_t family, bool *out, struct error *err)
{
	struct nlmsghdr *req = ask(nft, family, NFT_MSG_GETTABLE);
	struct error why = { 0 };

	nl_put_str(req, NFTA_TABLE_NAME, nft->table);
	*out = nl_talk(&nft->nl, req, &why) == 0;
	if (*out || why.sys == ENOENT)
		return 0;
	*err = why;
	return nft_fail(err);
}

static int take_generation(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1];

	(void)err;	/* a message of something else is passed over */
	if (!nl_payload(msg, sizeof(struct nfgenmsg)))
		return 0;
	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, N_ROWS(attrs));
	*(uint32_t *)arg = ntohl(nl_u32(attrs[NFTA_GEN_ID], 0));
	return 0;
}

int nft_generation(struct nft *nft, uint32_t *out, struct error *err)
{
	struct nl_sink sink = { .take = take_generation, .arg = out };

	*out = 0;
	return nl_ask(&nft->nl, ask(nft, AF_UNSPEC, NFT_MSG_GETGEN), &sink, err);
}
